"""The tab in which attacks are watched."""
