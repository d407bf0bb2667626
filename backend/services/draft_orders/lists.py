"""Lists of draft orders: by state, the last changed first, and those of a customer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from backend.domain.draft_orders import WAITING, DraftOrder, DraftState, DraftSummary
from backend.domain.time import to_text
from backend.records.orders import draft_from, draft_summary_from
from backend.records.values import text
from backend.services.context import Shop
from backend.services.draft_orders.settings import draft_settings
from backend.services.listing import merged, page_size, text_in
from backend.services.unreadable.items import readable, readable_rows
from backend.store import schema
from backend.store.limits import encode_cursor
from backend.store.port import Query, pages_of

_FIRST, _LAST = "0", "~"
"""Before and behind every place in the list."""


@dataclass(frozen=True, slots=True)
class DraftPage:
    """One page of drafts. `cursor` leads to the next."""

    drafts: list[DraftSummary]
    cursor: str | None


def list_drafts(
    shop: Shop, states: Sequence[DraftState] = (), *, limit: int = 50, cursor: str | None = None
) -> DraftPage:
    """One page of the drafts in these states, of all without them; the last changed first.

    Raises: `InvalidInputError` for a cursor of another list.
    """
    past = text_in(cursor, "line") if cursor else _LAST
    settings, now = draft_settings(shop), shop.clock()
    end = to_text(settings.expired_before(now)) if settings.days else ""
    queries = _queries(states or tuple(DraftState), past, end, limit + 1)
    rows = merged(shop, queries, "line_at") if queries else iter(())
    found = list(islice((row for row in rows if row.item["line_at"] != past), limit + 1))
    drafts = [
        _shown(each, settings.state_of(each.state, each.changed_at, now))
        for each in readable_rows(shop, found[:limit], draft_summary_from)
    ]
    more = len(found) > limit
    return DraftPage(drafts, encode_cursor({"line": text(found[limit - 1].item, "line_at")}) if more else None)


def drafts_of(shop: Shop, customer_id: str) -> Iterator[DraftOrder]:
    """All drafts of a customer, the newest first."""
    partition = schema.customer_partition(customer_id)
    query = Query(schema.SHOP, partition, begins_with=schema.DRAFTS, descending=True, limit=100)
    return readable(shop, pages_of(shop.store, query), draft_from)


def _shown(draft: DraftSummary, state: DraftState) -> DraftSummary:
    return draft if draft.state is state else replace(draft, state=state)


def _queries(states: Sequence[DraftState], past: str, end: str, limit: int) -> list[Query]:
    """Drafts that wait and were last changed before `end` are expired; "" when none are."""
    spans = {state: _span(state, states, past, end) for state in DraftState if state is not DraftState.EXPIRED}
    size = page_size(limit, sum(span is not None for span in spans.values()) or 1)
    return [
        Query(schema.SHOP, schema.draft_line(state), index="timeline", between=span, descending=True, limit=size)
        for state, span in spans.items()
        if span is not None
    ]


def _span(state: DraftState, states: Sequence[DraftState], past: str, end: str) -> tuple[str, str] | None:
    """The first and the last place in the list of a state that are wanted."""
    expired = state in WAITING and end and DraftState.EXPIRED in states
    if not expired and state not in states:
        return None
    first = end if state in WAITING and end and not expired else _FIRST
    last = past if state in states else min(past, end)
    return (first, last) if first < last else None
