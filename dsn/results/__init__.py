"""Figures are data: where they are kept, and how they read."""
