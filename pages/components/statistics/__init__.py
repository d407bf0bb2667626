"""Components of the pages with figures."""
