"""Components of the pages about templates, and the preview of an email."""
