"""Saved views of the lists, own and shared ones."""
