"""The tab with the same picture under three serials."""
