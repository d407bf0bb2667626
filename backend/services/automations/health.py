"""Whether automations answer: a trigger that has been due for minutes means that no worker does this duty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from backend.domain.time import to_text
from backend.records.automations import due_of
from backend.services.context import Shop
from backend.services.triggers.active import all_automations
from backend.store import schema
from backend.store.meter import access_pattern
from backend.store.port import Query, Row

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
            shop.store.query(
                Query(
                    schema.MAIL,
                    line,
                    index="work",
                    between=("0", to_text(before)),
                    limit=_LOOKED_AT,
                )
            )
            for line in schema.trigger_lines()
        ]
    return [row for page in pages for row in page.rows]
