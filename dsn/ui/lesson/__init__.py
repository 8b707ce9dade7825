"""A lesson around the comparison: its steps, its terms."""
