"""Components of the pages about campaigns."""
