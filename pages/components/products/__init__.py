"""Components of the pages about products."""
