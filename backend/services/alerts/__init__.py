"""Alerts: what is read, when an alert opens and ends, and how people are notified."""
