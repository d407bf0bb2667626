"""Checks of a sender's domain, one module for each thing that receivers look at."""
