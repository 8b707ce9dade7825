"""The page under load: many visitors at once, and a long time of mixed use by a script with a seed."""
