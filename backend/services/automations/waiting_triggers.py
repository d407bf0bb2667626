"""Waiting triggers: count, list and cancel them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from backend.domain.automations import Ending, Trigger
from backend.domain.team import Actor, Permission
from backend.domain.time import to_text
from backend.errors import NotFoundError
from backend.records.automations import due_of, trigger_from
from backend.records.values import text
from backend.services.audit import log as audit_log
from backend.services.automations import transitions
from backend.services.concurrency.retries import StaleReadError
from backend.services.context import Shop
from backend.services.listing import merged, text_in
from backend.services.triggers.active import all_automations
from backend.services.unreadable.items import readable
from backend.store import schema
from backend.store.limits import encode_cursor
from backend.store.meter import access_pattern
from backend.store.port import Query, Row

MOST_COUNTED = 5_000
"""Triggers that are read for a count or a page; a shop with more gets a note about that."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many triggers are waiting, by automation. `more`: only the next ones were counted."""

    by_automation: dict[str, int]
    more: bool


@dataclass(frozen=True, slots=True)
class TriggerPage:
    """One page of triggers, the next one first, with customer names. `cursor` is that of the next page."""

    triggers: list[tuple[Trigger, str]]
    cursor: str | None


def count_waiting(shop: Shop) -> Waiting:
    """Counts the triggers that come due next, up to `MOST_COUNTED`."""
    with access_pattern("automations waiting"):
        rows = list(islice(_walk(shop, 1_000), MOST_COUNTED + 1))
    counts: dict[str, int] = {}
    for row in rows[:MOST_COUNTED]:
        automation = schema.automation_id_of(row.key)
        counts[automation] = counts.get(automation, 0) + 1
    return Waiting(counts, len(rows) > MOST_COUNTED)


def list_waiting(shop: Shop, automation_id: str, *, limit: int = 20, cursor: str | None = None) -> TriggerPage:
    """One page of the triggers of an automation, by when they are due.

    It reads at most `MOST_COUNTED` triggers of all automations; the page may then be empty and still have a cursor.

    Raises: `InvalidInputError` for a cursor from another list.
    """
    after = text_in(cursor, "due") if cursor else ""
    found: list[Row] = []
    last = ""
    with access_pattern("automations waiting"):
        for seen, row in enumerate(_walk(shop, 200, after)):
            if len(found) == limit or seen == MOST_COUNTED:
                return TriggerPage(_named(shop, found), encode_cursor({"due": last}))
            last = str(row.item["work_at"])
            if schema.automation_id_of(row.key) == automation_id:
                found.append(row)
        return TriggerPage(_named(shop, found), None)


def call_off(shop: Shop, actor: Actor, seen: Trigger) -> None:
    """Cancels one trigger, so that nothing (more) is sent for its event.

    Raises: `PermissionDeniedError`, `NotFoundError` (it is not waiting any more, or has moved on).
    """
    actor.require(Permission.EDIT_AUTOMATIONS)
    move = transitions.ended(seen, Ending.CALLED_OFF)
    audit_entry = audit_log.entry(
        shop, actor, "called off an automation's email", f"automation:{seen.automation}", f"customer {seen.customer_id}"
    )
    try:
        shop.store.transact([*move.writes(shop), audit_entry])
    except StaleReadError as error:
        raise NotFoundError("This was already processed. Reload to see it.") from error


def _walk(shop: Shop, page: int, after: str = "") -> Iterator[Row]:
    """Rows of the list of work by when they are due, from all shards."""
    queries = [
        Query(schema.MAIL, line, index="work", between=(after or "0", "~"), limit=page)
        for line in schema.trigger_lines()
    ]
    rows = merged(shop, queries, "work_at")
    return (row for row in rows if row.item["work_at"] != after and schema.is_trigger(row.key))


def _named(shop: Shop, rows: list[Row]) -> list[tuple[Trigger, str]]:
    found = shop.store.get_many([row.key for row in rows])
    triggers = [*readable(shop, ((row.key, found[row.key]) for row in rows if row.key in found), trigger_from)]
    keys = {trigger.customer_id: schema.customer_key(trigger.customer_id) for trigger in triggers}
    people = shop.store.get_many(list(keys.values()))
    named = readable(shop, people.items(), lambda key, item: (key, text(item, "name", "")))
    by_key = dict(named)
    names = {customer_id: by_key.get(key, "") for customer_id, key in keys.items()}
    return [(trigger, names[trigger.customer_id]) for trigger in triggers]


# --- Stalled: triggers that have been due for minutes ------------------------------------------------------------


PATIENCE = timedelta(minutes=5)
_LOOKED_AT = 100
"""Overdue triggers of a shard that are read, at most."""


@dataclass(frozen=True, slots=True)
class Stalled:
    """An automation whose triggers are overdue: since when, and how many (at least, when very many)."""

    automation: str
    name: str
    since: datetime
    triggers: int


def stalled(shop: Shop) -> list[Stalled]:
    """Automations with triggers that have been due for more than five minutes, the longest first."""
    rows = _overdue(shop, shop.clock() - PATIENCE)
    if not rows:
        return []
    names = {automation.id: automation.name for automation in all_automations(shop)}
    grouped: dict[str, list[Row]] = {}
    for row in rows:
        grouped.setdefault(schema.automation_id_of(row.key), []).append(row)
    found = [
        Stalled(automation, names.get(automation, ""), min(due_of(row.item) for row in mine), len(mine))
        for automation, mine in grouped.items()
    ]
    return sorted(found, key=lambda each: each.since)


def _overdue(shop: Shop, before: datetime) -> Sequence[Row]:
    with access_pattern("automations stalled"):
        pages = [
            shop.store.query(Query(schema.MAIL, line, index="work", between=("0", to_text(before)), limit=_LOOKED_AT))
            for line in schema.trigger_lines()
        ]
    return [row for page in pages for row in page.rows]
