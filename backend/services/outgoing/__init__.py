"""Webhooks out: endpoints, the events, each written in the transaction of what it reports, and their delivery."""
