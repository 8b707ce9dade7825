"""The tab in which a visitor is an owner."""
