"""Customers: profiles, search, lists, preferences, leaderboards and the timeline."""
