"""What a new shop has to do once, and how far it is."""
