"""The tab with all recorded figures."""
