"""Removes what has served its time: items that carry a moment at which they expire."""

from __future__ import annotations

from backend.services.context import Shop

AT_ONCE = 1000
"""Items of each table that are removed in one transaction, so that nobody waits long for it."""


def remove_expired(shop: Shop) -> bool:
    """Removes a batch of expired items; returns whether there may be more."""
    return shop.store.sweep(int(shop.clock().timestamp()), AT_ONCE) >= AT_ONCE
