"""The first steps of a new shop."""
