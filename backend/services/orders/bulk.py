"""Many orders at once. Each has its own line of history, all of them one audit entry."""

from __future__ import annotations

from collections.abc import Sequence

from backend.domain.orders import Order, OrderStatus
from backend.domain.team import Actor, Permission
from backend.records.orders import order_from
from backend.services.bulk import Action, BulkResult, recorded_each_of
from backend.services.changes.recording import Recording
from backend.services.context import Shop
from backend.services.orders.changes import OrderRef
from backend.services.orders.orders import change_status
from backend.services.unreadable.items import readable
from backend.store import schema


def chosen(shop: Shop, refs: Sequence[tuple[str, str]]) -> list[Order]:
    """The orders that there are of these (customer and order id), in this order."""
    keys = [schema.order_key(customer_id, order_id) for customer_id, order_id in refs]
    found = shop.store.get_many(keys)
    return [*readable(shop, ((key, found[key]) for key in keys if key in found), order_from)]


def mark_fulfilled(shop: Shop, actor: Actor, refs: Sequence[tuple[str, str]], *, notify: bool) -> BulkResult:
    """Marks each as fulfilled, without tracking; without `notify` no automation hears of it.

    Raises: `PermissionDeniedError`, `InvalidInputError` for too many orders.
    """

    def change(recording: Recording, order: Order) -> bool:
        ref = OrderRef.of(order)
        after = change_status(shop, actor, ref, OrderStatus.FULFILLED, notify=notify, within=recording)
        return after.version != order.version

    did = "marked orders as fulfilled"
    return recorded_each_of(
        shop,
        actor,
        Action(did, Permission.CHANGE_ORDERS, did, "orders"),
        chosen(shop, refs),
        change,
        lambda order: order.id,
        lambda order: order.number,
    )
