"""The demo as a folder that needs no server."""
