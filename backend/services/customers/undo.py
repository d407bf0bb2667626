"""Takes recorded changes of customers' profiles back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from backend.domain.changes import ChangeEntry, Fields
from backend.domain.customers import MOST_TAGS, ActivityKind, Customer
from backend.domain.team import Actor
from backend.errors import ConflictError, EmailTakenError
from backend.records.customers import customer_at
from backend.services.changes.handler import Handler, check_unchanged
from backend.services.context import Shop
from backend.services.customers.customers import change_customer
from backend.services.customers.recorded import fields_of
from backend.services.unreadable.items import readable
from backend.store import schema
from backend.store.port import Write


def current(shop: Shop, entries: Sequence[ChangeEntry]) -> list[Fields | None]:
    """The profiles of the customers of these entries as they are now."""
    found = shop.store.get_many([schema.customer_key(entry.id) for entry in entries])
    fields = {each.id: fields_of(each) for each in readable(shop, found.items(), customer_at)}
    return [fields.get(entry.id) for entry in entries]


def take_back(shop: Shop, actor: Actor, entry: ChangeEntry, also: Sequence[Write]) -> None:
    """Restores the fields of one profile. Raises: as `change_customer`, and `ChangedSinceError`."""
    names = entry.after or {}
    kind = ActivityKind.TAGGED if set(names) == {"tags"} else ActivityKind.EDITED
    if set(names) == {"archived"}:
        kind = ActivityKind.RESTORED if names["archived"] else ActivityKind.ARCHIVED
    said = f"undone: {', '.join(names)}"
    try:
        change_customer(
            shop, actor, entry.id, None, lambda customer: restored(entry, customer), kind, said, also=lambda *_: also
        )
    except EmailTakenError as error:  # whose sentence has a name, which would be kept with the entry
        raise ConflictError("Another customer has the email address now.") from error


def restored(entry: ChangeEntry, customer: Customer) -> Customer:
    """The customer as before the change.

    Raises: `ChangedSinceError`, `ConflictError` (too many tags).
    """
    current = fields_of(customer)
    check_unchanged(entry, current)
    fields = dict(entry.restored(current))
    if "tags" in fields:
        fields["tags"] = tuple(fields["tags"])
        if len(fields["tags"]) > MOST_TAGS:
            raise ConflictError(f"A customer can have {MOST_TAGS} tags at most.")
    return replace(customer, **fields)


HANDLER = Handler(current, take_back)
