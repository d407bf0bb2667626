"""The delivery log of an endpoint: what was posted and how it ended; and posting again, one event or a span."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from backend.domain.outgoing import EventKind, OutgoingEvent, OutgoingState
from backend.domain.team import Actor, Permission
from backend.domain.time import to_text
from backend.errors import ConflictError, NotFoundError
from backend.records.outgoing import due_attributes, outgoing_event_key, outgoing_from
from backend.services.audit import log as audit_log
from backend.services.context import Shop
from backend.services.outgoing.endpoints import get_endpoint
from backend.services.outgoing.writes import event_put
from backend.services.unreadable.items import readable
from backend.store import schema
from backend.store.meter import access_pattern
from backend.store.port import AnyOf, Equals, Query, Update, pages_of

ROWS = 25


@dataclass(frozen=True, slots=True)
class LogPage:
    """Events, newest first. `cursor` leads to older ones."""

    events: list[OutgoingEvent]
    cursor: str | None


def list_events(shop: Shop, actor: Actor, endpoint_id: str, *, limit: int = ROWS, cursor: str | None = None) -> LogPage:
    """One page of the log.

    Raises: `PermissionDeniedError`, `InvalidInputError` for a cursor from another list.
    """
    actor.require(Permission.MANAGE_CONNECTIONS)
    query = Query(schema.MAIL, schema.outgoing_partition(endpoint_id), descending=True, limit=limit, cursor=cursor)
    with access_pattern("webhook log"):
        page = shop.store.query(query)
    return LogPage([*readable(shop, page.rows, outgoing_from)], page.cursor)


def replay_event(shop: Shop, actor: Actor, event: OutgoingEvent) -> None:
    """Posts an event again, with the same id, so that the other program can tell.

    Raises: `PermissionDeniedError`, `ConflictError` while it waits to be posted, `NotFoundError`.
    """
    actor.require(Permission.MANAGE_CONNECTIONS)
    if shop.store.get(outgoing_event_key(event)) is None:
        raise NotFoundError("This event is no longer kept.")
    noted = audit_log.entry(shop, actor, "replayed a webhook event", f"endpoint:{event.endpoint}", event.id)
    shop.store.transact([_again(shop, event), noted])


def replay_span(shop: Shop, actor: Actor, endpoint_id: str, since: datetime, until: datetime) -> int:
    """Posts all failed events of a span again; returns how many.

    Raises: `PermissionDeniedError`, `NotFoundError`.
    """
    actor.require(Permission.MANAGE_CONNECTIONS)
    get_endpoint(shop, endpoint_id)
    partition = schema.outgoing_partition(endpoint_id)
    query = Query(schema.MAIL, partition, between=(to_text(since), f"{to_text(until)}~"), limit=100)
    rows = pages_of(shop.store, query)
    failed = [each for each in readable(shop, rows, outgoing_from) if each.state is OutgoingState.FAILED]
    outcomes = shop.store.transact_each([[_again(shop, event)] for event in failed])
    done = sum(outcome is None for outcome in outcomes)
    audit_log.note(shop, actor, "replayed webhook events", f"endpoint:{endpoint_id}", f"{done} events")
    return done


def send_test_event(shop: Shop, actor: Actor, endpoint_id: str) -> None:
    """Sends an event about nothing: of the first chosen kind, with `"test": true`.

    Raises: `PermissionDeniedError`, `NotFoundError`.
    """
    actor.require(Permission.MANAGE_CONNECTIONS)
    endpoint = get_endpoint(shop, endpoint_id)
    kind: EventKind = endpoint.events[0]
    shop.store.put(event_put(shop, endpoint, kind, {"test": True}))


def _again(shop: Shop, event: OutgoingEvent) -> Update:
    settled = AnyOf((Equals("state", OutgoingState.FAILED.value), Equals("state", OutgoingState.DELIVERED.value)))
    return Update(
        outgoing_event_key(event),
        set={"state": OutgoingState.WAITING.value, **due_attributes(event.id, shop.clock())},
        remove=["tries", "reason", "done_at"],
        condition=settled,
        otherwise=ConflictError("This event waits to be posted already."),
    )
