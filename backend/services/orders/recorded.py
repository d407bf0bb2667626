"""What a recorded change keeps of an order. Refunds and what was emailed are not among it: nothing takes those back."""

from __future__ import annotations

from backend.domain.changes import ChangeEntry, difference
from backend.domain.orders import Order
from backend.domain.team import Actor, Permission
from backend.records.orders import fields_of
from backend.services.changes.recording import Recording, single
from backend.services.context import Shop
from backend.services.orders.changes import Record

KIND = "order"
NEEDED = Permission.CHANGE_ORDERS


def alone(shop: Shop, actor: Actor, summary: str, *, audited: bool = False) -> Record:
    """Records the change of one order as a change of its own."""
    return lambda before, after: single(shop, actor, summary, NEEDED, _entry(before, after), audited=audited)


def one_of(recording: Recording) -> Record:
    """Records the change of an order as a part of a larger change."""
    return lambda before, after: [recording.entry_put(_entry(before, after))]


def _entry(before: Order, after: Order) -> ChangeEntry:
    old, new = difference(fields_of(before), fields_of(after))
    name, customer = before.number, before.customer_id
    return ChangeEntry("", KIND, f"{customer}-{before.id}", name=name, before=old, after=new, people=(customer,))
