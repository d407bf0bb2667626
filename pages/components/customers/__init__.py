"""Components of the pages about customers."""
