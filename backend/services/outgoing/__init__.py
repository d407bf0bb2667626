"""Webhooks out: endpoints, the events written with what they tell of, and their delivery."""
