"""How often a student is right, with which serial."""
