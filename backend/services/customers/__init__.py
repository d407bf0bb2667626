"""Customers: profiles, search, lists, preferences and leaderboards. What scripts import from here is in `customers`."""

from __future__ import annotations

from backend.services.customers.customers import Profile, create_customer, get_customer

__all__ = ["Profile", "create_customer", "get_customer"]
