"""Components of the pages about recorded changes."""
