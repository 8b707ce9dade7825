"""The tab in which students look for text on pages."""
