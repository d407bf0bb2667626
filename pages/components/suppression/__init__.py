"""Components of the page about the suppression list."""
