"""The tab in which a leak is traced."""
