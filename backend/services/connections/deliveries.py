"""The deliveries of a connection that could not be applied: listed with the reason, tried again, or dropped."""

from __future__ import annotations

from dataclasses import dataclass

from backend.domain.connections import Delivery, DeliveryState
from backend.domain.team import Actor, Permission
from backend.errors import ConflictError, NotFoundError
from backend.records.connections import delivery_from, waiting_attributes
from backend.services.audit import log as audit_log
from backend.services.context import Shop
from backend.services.unreadable.items import readable
from backend.store import schema
from backend.store.meter import access_pattern
from backend.store.port import Delete, Equals, Key, Query, Update, pages_of

AT_ONCE = 25


@dataclass(frozen=True, slots=True)
class FailedPage:
    """Failed deliveries without their bodies, newest first. `cursor` leads to older ones."""

    deliveries: list[Delivery]
    cursor: str | None


def failed_deliveries(shop: Shop, actor: Actor, connection_id: str, *, cursor: str | None = None) -> FailedPage:
    """Raises: `PermissionDeniedError`, `InvalidInputError` for a cursor from another list."""
    actor.require(Permission.MANAGE_CONNECTIONS)
    line = schema.failed_deliveries_line(connection_id)
    query = Query(schema.MAIL, line, index="work", descending=True, limit=AT_ONCE, cursor=cursor)
    with access_pattern("failed deliveries"):
        page = shop.store.query(query)
        items = shop.store.get_many([row.key for row in page.rows])
    rows = [(row.key, items[row.key]) for row in page.rows if row.key in items]
    return FailedPage([*readable(shop, rows, delivery_from)], page.cursor)


def get_delivery(shop: Shop, connection_id: str, delivery_id: str) -> Delivery:
    """One delivery with its body.

    Raises: `NotFoundError`.
    """
    found = whole_delivery(shop, schema.delivery_key(connection_id, delivery_id))
    if found is None:
        raise NotFoundError("This delivery no longer exists.")
    return found


def whole_delivery(shop: Shop, key: Key) -> Delivery | None:
    """The delivery with all parts of its body, read now."""
    item = shop.store.get(key)
    if item is None:
        return None
    found = delivery_from(key, item)
    if not found.parts:
        return found
    rest = [shop.store.get(part) or {} for part in part_keys(found)]
    bodies = [body for part in rest if isinstance(body := part.get("body"), bytes)]
    return delivery_from(key, item, bodies)


def part_keys(delivery: Delivery) -> list[Key]:
    return [schema.delivery_key(delivery.connection, delivery.id, part) for part in range(1, delivery.parts + 1)]


def replay(shop: Shop, actor: Actor, connection_id: str, delivery_id: str) -> None:
    """Lets a worker try a failed delivery again.

    Raises: `PermissionDeniedError`, `NotFoundError`, `ConflictError` when it has not failed.
    """
    actor.require(Permission.MANAGE_CONNECTIONS)
    get_delivery(shop, connection_id, delivery_id)
    update = _waiting_again(shop, connection_id, delivery_id)
    noted = audit_log.entry(shop, actor, "replayed a webhook", f"connection:{connection_id}", f"delivery {delivery_id}")
    shop.store.transact([update, noted])


def replay_all(shop: Shop, actor: Actor, connection_id: str) -> int:
    """Lets workers try all failed deliveries of a connection again; returns how many.

    Raises: `PermissionDeniedError`.
    """
    actor.require(Permission.MANAGE_CONNECTIONS)
    query = Query(schema.MAIL, schema.failed_deliveries_line(connection_id), index="work", limit=100)
    waiting = [row.item for row in pages_of(shop.store, query)]
    done = 0
    for item in waiting:
        delivery_id = schema.delivery_in(str(item["work_at"]))
        errors = shop.store.transact_each([[_waiting_again(shop, connection_id, delivery_id)]])
        done += errors[0] is None
    audit_log.note(shop, actor, "replayed failed webhooks", f"connection:{connection_id}", f"{done} deliveries")
    return done


def discard(shop: Shop, actor: Actor, connection_id: str, delivery_id: str) -> None:
    """Drops a failed delivery for good.

    Raises: `PermissionDeniedError`, `NotFoundError`, `ConflictError` when it has not failed.
    """
    actor.require(Permission.MANAGE_CONNECTIONS)
    delivery = get_delivery(shop, connection_id, delivery_id)
    key = schema.delivery_key(connection_id, delivery_id)
    noted = audit_log.entry(shop, actor, "dropped a webhook", f"connection:{connection_id}", f"delivery {delivery_id}")
    parts = [Delete(part) for part in part_keys(delivery)]
    shop.store.transact([Delete(key, _IS_FAILED, _not_failed()), *parts, noted])


_IS_FAILED = Equals("state", DeliveryState.FAILED.value)


def _not_failed() -> ConflictError:
    return ConflictError("This delivery has not failed, or is being tried again.")


def _waiting_again(shop: Shop, connection_id: str, delivery_id: str) -> Update:
    return Update(
        schema.delivery_key(connection_id, delivery_id),
        set={"state": DeliveryState.WAITING.value, **waiting_attributes(delivery_id, shop.clock())},
        remove=["tries", "reason"],
        condition=_IS_FAILED,
        otherwise=_not_failed(),
    )
