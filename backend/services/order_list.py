"""`find_order` under its former name, for scripts that import it from here; it is in `orders.lists`."""

from __future__ import annotations

from backend.services.orders.lists import find_order

__all__ = ["find_order"]
