"""Ideas that were tried, and what they came to: nothing that ships depends on them."""
