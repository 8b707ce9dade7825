"""What a serial does to a network: stamping, and sweeping over many serials."""
