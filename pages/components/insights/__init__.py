"""Components of the page with insights."""
