"""Whose student is this? From a leaked network to the customer it was issued to."""
