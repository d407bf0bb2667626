"""Components of the pages about segments."""
