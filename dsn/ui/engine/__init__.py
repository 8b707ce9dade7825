"""The network in the visitor's own browser, tested against torch; nothing here imports it."""
