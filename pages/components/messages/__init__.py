"""Components of the pages about messages."""
