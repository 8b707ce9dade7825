"""What a visitor takes home from a comparison."""
