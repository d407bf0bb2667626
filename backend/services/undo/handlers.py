"""The handler of each kind of thing that a recorded change touches, in the order in which kinds are taken back."""

from __future__ import annotations

from collections.abc import Mapping

from backend.services.changes.handler import Handler
from backend.services.customers import addresses, recorded
from backend.services.customers import undo as customers
from backend.services.orders import recorded as recorded_orders
from backend.services.orders import undo as orders
from backend.services.products import catalogue
from backend.services.products import undo as products
from backend.services.suppression import recorded as recorded_suppressions
from backend.services.suppression import undo as suppressions

HANDLERS: Mapping[str, Handler] = {
    recorded_orders.KIND: orders.HANDLER,
    addresses.KIND: addresses.HANDLER,
    recorded.KIND: customers.HANDLER,
    catalogue.KIND: products.HANDLER,
    recorded_suppressions.KIND: suppressions.HANDLER,
}
