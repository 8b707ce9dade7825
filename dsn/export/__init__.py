"""What a visitor takes home: the comparison and its figures as files. Nothing here knows of the page."""
