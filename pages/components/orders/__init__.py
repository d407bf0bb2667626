"""Components of the pages about orders."""
