"""Finds what webhooks have not brought: every night a shop's orders that changed since are compared with those here.

The shop shows its orders in the order of their changes, a page at a time. Each page moves the cursor, so a worker that
dies goes on where it was. What is missing or older here becomes a delivery, which is applied as a webhook is: an older
one changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from enum import Enum

import orjson
from loguru import logger

from backend.domain.connections import Connection, Delivery, DeliveryState, OrderComparison, ShopKind
from backend.domain.time import to_text
from backend.errors import UnreadableItemError
from backend.records.connections import comparison_from, comparison_item
from backend.records.values import text
from backend.services.concurrency.leases import LeaseLostError, Leases
from backend.services.connections import shopify, woocommerce
from backend.services.connections.connections import all_connections, open_token
from backend.services.connections.intake import Received, store_delivery
from backend.services.connections.payloads import Payload, moment_in, said
from backend.services.connections.shop_orders import PAGE, Ask, Refusal, ask_publicly, orders_changed
from backend.services.context import Shop
from backend.services.unreadable.items import set_aside
from backend.store import schema
from backend.store.meter import access_pattern
from backend.store.port import Item, Key, Update

NIGHT = 3
"""The hour of the shop's day at which comparisons are due."""
SETTLED = timedelta(minutes=10)
"""What has changed less than so long ago may still be on its way."""
TRY_AGAIN = timedelta(minutes=10)
_LEASES = Leases(timedelta(minutes=2), "Another worker compares the orders of this shop.", version="version")
_TOPICS = {ShopKind.SHOPIFY: "orders/updated", ShopKind.WOOCOMMERCE: "order.updated"}
_CHANGED = {ShopKind.SHOPIFY: "updated_at", ShopKind.WOOCOMMERCE: "date_modified_gmt"}


class _Here(Enum):
    """How an order of the shop stands here."""

    SAME = "same"
    BEHIND = "behind"
    MISSED = "missed"


def compare_due(shop: Shop, key: bytes, ask: Ask = ask_publicly) -> bool:
    """Compares one page of one connection that is due; False when none is. `key` opens the tokens.

    Raises: as the store; what was taken is free again when its lease is over.
    """
    with access_pattern("compare orders"):
        return any(_compared(shop, key, each, ask) for each in all_connections(shop) if each.token is not None)


def _compared(shop: Shop, key: bytes, connection: Connection, ask: Ask) -> bool:
    place, now = schema.comparison_key(connection.id), shop.clock()
    item = shop.store.get(place)
    if item is None:
        return False
    try:
        seen, before = _LEASES.of(place, item), comparison_from(place, item)
        if before.due_at > now or not seen.is_free(now):
            return False
        shop.store.update(_LEASES.take(place, seen, now))
        mine = seen.taken(now, _LEASES.length)
        after = _page(shop, key, connection, before, ask)
        shop.store.update(_with(_LEASES.release(place, mine), after))
    except LeaseLostError:
        return False
    except UnreadableItemError as error:
        set_aside(shop, place, error.reason)
        return False
    return True


def _with(release: Update, after: OrderComparison) -> Update:
    kept = comparison_item(after)
    gone = [name for name in ("until", "seen", "missed", "behind", "trouble") if name not in kept]
    return replace(release, set={**release.set, **kept}, remove=[*release.remove, *gone])


def _page(shop: Shop, key: bytes, connection: Connection, before: OrderComparison, ask: Ask) -> OrderComparison:
    """The comparison after one more page."""
    now, token = shop.clock(), open_token(key, connection)
    begun = before if before.until else replace(before, until=now - SETTLED, seen=0, missed=0, behind=0)
    if token is None:
        return replace(before, due_at=_next_night(shop), trouble="Its API token cannot be read. Enter it again.")
    until = begun.until or now
    found = orders_changed(ask, connection, token, begun.since, until)
    if isinstance(found, Refusal):
        logger.warning("The orders of a connected shop cannot be compared: {}", found.sentence)
        due = _next_night(shop) if found.is_final else now + TRY_AGAIN
        return replace(before, due_at=due, trouble=found.sentence)
    here = _kept(shop, connection, found)
    missed, behind = begun.missed + here.count(_Here.MISSED), begun.behind + here.count(_Here.BEHIND)
    seen = begun.seen + sum(_is_after(connection, order, begun.since) for order in found)
    after = replace(begun, seen=max(seen, missed + behind), missed=missed, behind=behind, trouble="")
    if len(found) < PAGE:
        return replace(after, since=max(until, begun.since), until=None, finished_at=now, due_at=_next_night(shop))
    return replace(after, since=_cursor(connection, found, begun.since))


def _cursor(connection: Connection, found: Sequence[Payload], since: datetime) -> datetime:
    """The last change of a page; a second later where a whole page has changed in one."""
    last = max(filter(None, (_changed(connection, order) for order in found)), default=since)
    return last if last > since else since + timedelta(seconds=1)


def _kept(shop: Shop, connection: Connection, found: Sequence[Payload]) -> list[_Here]:
    """How each of the orders that are new to us stood here; those become deliveries."""
    numbers = {_number(connection, order) for order in found} - {""}
    references = shop.store.get_many([schema.reference_key(connection.source, number) for number in sorted(numbers)])
    stood = [(order, _standing(connection, order, references)) for order in found]
    return [
        standing
        for order, standing in stood
        if standing is not _Here.SAME and store_delivery(shop, _delivery(shop, connection, order)) is Received.KEPT
    ]


def _standing(connection: Connection, order: Payload, references: dict[Key, Item]) -> _Here:
    number = _number(connection, order)
    if connection.kind is ShopKind.WOOCOMMERCE and said(order, "status") in woocommerce.NO_ORDERS:
        return _Here.SAME
    reference = references.get(schema.reference_key(connection.source, number)) if number else None
    if reference is None:
        return _Here.MISSED
    known, changed = text(reference, "updated", ""), _changed(connection, order)
    return _Here.SAME if changed is not None and known >= to_text(changed) else _Here.BEHIND


def _delivery(shop: Shop, connection: Connection, order: Payload) -> Delivery:
    """The order as if the shop had sent it. The same version of it is one delivery, however often it is found."""
    return Delivery(
        connection=connection.id,
        id=f"compared-{said(order, 'id')}-{said(order, _CHANGED[connection.kind])}",
        topic=_TOPICS[connection.kind],
        received_at=shop.clock(),
        state=DeliveryState.WAITING,
        body=orjson.dumps(order),
    )


def _number(connection: Connection, order: Payload) -> str:
    return shopify.number_of(order) if connection.kind is ShopKind.SHOPIFY else woocommerce.number_of(order)


def _changed(connection: Connection, order: Payload) -> datetime | None:
    return moment_in(order, _CHANGED[connection.kind])


def _is_after(connection: Connection, order: Payload, since: datetime) -> bool:
    """Whether the page before did not show it: pages meet at a moment that both have."""
    changed = _changed(connection, order)
    return changed is None or changed > since


def _next_night(shop: Shop) -> datetime:
    here = shop.clock().astimezone(shop.zone)
    night = here.replace(hour=NIGHT, minute=0, second=0, microsecond=0)
    return (night if night > here else night + timedelta(days=1)).astimezone(UTC)
