"""Pages of our own making: drawn with a seed, spoiled as scanners and telephones do, with boxes round their text."""
