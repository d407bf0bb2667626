"""Components for draft orders: the list, one draft, and what can be done with it."""
