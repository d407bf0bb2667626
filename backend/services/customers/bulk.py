"""Many customers at once: tags, the archive. Each has its own line of activity, all of them one audit entry."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from backend.domain.customers import MOST_TAGS, ActivityKind, Customer
from backend.domain.team import Actor, Permission
from backend.domain.text import clean_tag
from backend.errors import InvalidInputError
from backend.records.customers import customer_at
from backend.services.bulk import Action, BulkResult, recorded_each_of
from backend.services.changes.recording import Recording
from backend.services.context import Shop
from backend.services.customers.customers import change_customer
from backend.services.customers.recorded import name_of, one_of
from backend.services.unreadable.items import readable
from backend.store import schema


def chosen(shop: Shop, ids: Sequence[str]) -> list[Customer]:
    """The customers with these ids that there are, in this order."""
    keys = [schema.customer_key(customer_id) for customer_id in ids]
    found = shop.store.get_many(keys)
    return [*readable(shop, ((key, found[key]) for key in keys if key in found), customer_at)]


def add_tag(shop: Shop, actor: Actor, ids: Sequence[str], tag: str) -> BulkResult:
    """Adds the tag to each that does not have it.

    Raises: `PermissionDeniedError`, `InvalidInputError` (no tag, or too many customers).
    """
    clean = clean_tag(tag)

    def tagged(customer: Customer) -> Customer:
        if clean in customer.tags:
            return customer
        if len(customer.tags) >= MOST_TAGS:
            raise InvalidInputError(f"A customer can have {MOST_TAGS} tags at most.", "tags")
        return replace(customer, tags=(*customer.tags, clean))

    return _each(shop, actor, ids, tagged, ActivityKind.TAGGED, _tag("added", clean))


def remove_tag(shop: Shop, actor: Actor, ids: Sequence[str], tag: str) -> BulkResult:
    """Takes the tag from each that has it. Raises as `add_tag`."""
    clean = clean_tag(tag)

    def untagged(customer: Customer) -> Customer:
        return replace(customer, tags=tuple(each for each in customer.tags if each != clean))

    return _each(shop, actor, ids, untagged, ActivityKind.TAGGED, _tag("removed", clean))


def archive(shop: Shop, actor: Actor, ids: Sequence[str]) -> BulkResult:
    """Removes them from lists and mailings; orders and figures stay. Raises as `add_tag`."""
    return _archive(shop, actor, ids, ActivityKind.ARCHIVED, archived=True)


def restore(shop: Shop, actor: Actor, ids: Sequence[str]) -> BulkResult:
    """Undoes archiving. Raises as `add_tag`."""
    return _archive(shop, actor, ids, ActivityKind.RESTORED, archived=False)


def _archive(shop: Shop, actor: Actor, ids: Sequence[str], kind: ActivityKind, *, archived: bool) -> BulkResult:
    action = Action(f"{kind} customers", Permission.EDIT_CUSTOMERS, f"{kind} customers", "customers")
    return _each(shop, actor, ids, lambda c: replace(c, archived=archived), kind, action)


def _tag(did: str, tag: str) -> Action:
    return Action(f"{did} the tag {tag}", Permission.EDIT_CUSTOMERS, f"{did} a tag", f"tag:{tag}")


def _each(
    shop: Shop,
    actor: Actor,
    ids: Sequence[str],
    changed: Callable[[Customer], Customer],
    kind: ActivityKind,
    action: Action,
) -> BulkResult:
    def change(recording: Recording, customer: Customer) -> bool:
        found = change_customer(shop, actor, customer.id, None, changed, kind, also=one_of(recording))
        return found.version != customer.version

    return recorded_each_of(shop, actor, action, chosen(shop, ids), change, lambda c: c.id, name_of)
