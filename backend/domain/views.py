"""Saved views: what was chosen on a list, under a name that somebody gave it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from backend.domain.team import Permission

MOST_VIEWS = 50
"""Of one person."""


class ListPage(StrEnum):
    """A list that can have views."""

    CUSTOMERS = "customers"
    ORDERS = "orders"
    PRODUCTS = "products"
    MESSAGES = "messages"

    @property
    def permission(self) -> Permission:
        """What somebody needs to see the list."""
        return _PERMISSIONS[self]


_PERMISSIONS = {
    ListPage.CUSTOMERS: Permission.VIEW_CUSTOMERS,
    ListPage.ORDERS: Permission.VIEW_ORDERS,
    ListPage.PRODUCTS: Permission.VIEW_ORDERS,
    ListPage.MESSAGES: Permission.VIEW_EMAIL,
}


@dataclass(frozen=True, slots=True)
class View:
    """`query` is the query string of the page's address, in which typed text is sealed; `owner` is a username."""

    page: ListPage
    name: str
    query: str
    owner: str
    saved_at: datetime
    shared: bool = False
