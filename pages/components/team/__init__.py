"""Components of the page about the team."""
