"""An application from a folder of somebody's own pictures: what is in it, what is chosen, what is written."""
