"""Between the browser and the tabs: languages, limits, waiting lines, what is kept in a link, the endpoints."""
