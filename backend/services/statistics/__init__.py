"""Figures of the shop and of its emails, read from counters that are kept with each change."""
