"""Components of the page about alerts."""
