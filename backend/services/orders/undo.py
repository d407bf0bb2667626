"""Takes recorded changes of orders back, with all totals. No automation hears of it, so nobody is emailed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from backend.domain.changes import ChangeEntry, Fields, field_word
from backend.domain.orders import Order
from backend.domain.team import Actor
from backend.errors import ConflictError
from backend.records.orders import fields_of, order_from, with_fields
from backend.services.changes.handler import Handler, check_unchanged
from backend.services.concurrency.retries import StaleReadError, settled
from backend.services.context import Shop
from backend.services.orders.changes import OrderRef, change_order, get_order, with_history
from backend.services.orders.recorded import NEEDED
from backend.services.orders.writes import OrderChangedError
from backend.services.unreadable.items import readable
from backend.store import schema
from backend.store.port import Key, Write

_WORDS = {
    "ship_to": "shipping address",
    "bill_to": "billing address",
    "gift_cards": "gift cards",
    "lines": "line items",
}


def current(shop: Shop, entries: Sequence[ChangeEntry]) -> list[Fields | None]:
    """The orders of these entries as they are now."""
    keys = [_key_of(entry) for entry in entries]
    found = shop.store.get_many(keys)
    rows = ((key, found[key]) for key in keys if key in found)
    fields = {schema.order_key(each.customer_id, each.id): fields_of(each) for each in readable(shop, rows, order_from)}
    return [fields.get(key) for key in keys]


@settled
def take_back(shop: Shop, actor: Actor, entry: ChangeEntry, also: Sequence[Write]) -> None:
    """Restores the fields of one order. Raises: as `change_order`, and `ChangedSinceError`."""
    actor.require(NEEDED)
    key = _key_of(entry)
    found = get_order(shop, schema.customer_id_of(key), schema.order_id_of(key))
    ref = OrderRef.of(found)
    names = ", ".join(map(field_word, entry.after or {}))

    def changed(order: Order) -> Order:
        return with_history(shop, actor, restored(entry, order), f"Undone: {names}")

    try:
        change_order(shop, ref, changed, record=lambda *_: also, notify=False)
    except OrderChangedError as error:
        raise StaleReadError(error.sentence) from error


def restored(entry: ChangeEntry, order: Order) -> Order:
    """The order as before the change.

    Raises: `ChangedSinceError`, `ConflictError` (more was refunded since).
    """
    fields = fields_of(order)
    check_unchanged(entry, fields)
    before = with_fields(order, entry.restored(fields))
    if before.refunded > before.total and before.total != order.total:
        raise ConflictError("More than the earlier total was refunded since.")
    return replace(before, version=order.version)


def _key_of(entry: ChangeEntry) -> Key:
    customer, _, order = entry.id.partition("-")
    return schema.order_key(customer, order)


HANDLER = Handler(current, take_back)
