"""Segments: saved rules, how many customers they hold, and who these are."""
