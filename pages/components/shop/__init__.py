"""Components of the page with the shop's settings."""
