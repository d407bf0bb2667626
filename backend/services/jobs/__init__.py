"""Jobs: imports that a page requests and a worker does."""
