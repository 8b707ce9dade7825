"""Recorded figures as lines, for READMEs and for the page."""
