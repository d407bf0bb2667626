"""The message log: what was sent to whom, found by customer, day, template, status or id, never by scanning."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice

from backend.domain.emails import Kind
from backend.domain.messages import Message, MessageStatus
from backend.domain.time import from_text
from backend.errors import InvalidInputError
from backend.records.messages import id_in, message_from
from backend.records.values import flag, text
from backend.services.context import Shop
from backend.services.merging import merged, page_size
from backend.services.places import text_in
from backend.store import schema
from backend.store.limits import encode_cursor
from backend.store.port import Query, Row, pages_of

LONGEST_RANGE = timedelta(days=100)
_MOST_OF_ONE = 2_000
_SCAN = 5_000
"""How many entries are looked at for one page when a template or a status is asked for."""
_CHUNK = 500
"""How many of them are read at once."""


@dataclass(frozen=True, slots=True)
class MessageSummary:
    """What the log shows of a message. `name` is the recipient's."""

    id: str
    name: str
    template: str
    kind: Kind
    status: MessageStatus
    reason: str
    requested_at: datetime
    requested_by: str
    test: bool


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Messages requested on the shop's days from `first` to `last`; "" and None stand for all."""

    first: date
    last: date
    template: str = ""
    status: MessageStatus | None = None


@dataclass(frozen=True, slots=True)
class LogPage:
    """One page, newest first. `cursor` leads to the next; `note` tells when the page ended early."""

    messages: list[MessageSummary]
    cursor: str | None
    note: str = ""


def list_messages(shop: Shop, wanted: LogFilter, *, limit: int = 50, cursor: str | None = None) -> LogPage:
    """One page of the log.

    Raises: `InvalidInputError` when the range is upside down or longer than 100 days, or the cursor is of another list.
    """
    if wanted.first > wanted.last:
        raise InvalidInputError("The first day is after the last day.", "from")
    if wanted.last - wanted.first > LONGEST_RANGE:
        raise InvalidInputError(f"Choose a range of {LONGEST_RANGE.days} days at most.", "from")
    found: list[MessageSummary] = []
    last = ""
    first = _CHUNK if wanted.template or wanted.status else limit
    for seen, row in enumerate(_walk(shop, wanted, first, text_in(cursor, "at") if cursor else "")):
        if len(found) == limit or seen == _SCAN:
            note = "" if len(found) == limit else f"Looked at {_SCAN:,} messages; go on to see more."
            return LogPage(found, encode_cursor({"at": last}), note)
        if wanted.template in ("", row.item["template"]) and wanted.status in (None, row.item["status"]):
            found.append(_summary_from(row))
        last = text(row.item, "line_at")
    return LogPage(found, None)


def _walk(shop: Shop, wanted: LogFilter, first: int, before: str) -> Iterator[Row]:
    last = min(wanted.last, _day_in(shop, before)) if before else wanted.last
    for back in range((last - wanted.first).days + 1):
        day = (last - timedelta(days=back)).isoformat()
        queries = [
            Query(
                schema.MAIL,
                f"MAIL#{day}#{shard}",
                index="timeline",
                between=("0", before or "~"),
                descending=True,
                limit=page_size(first, schema.MESSAGE_SHARDS),
            )
            for shard in range(schema.MESSAGE_SHARDS)
        ]
        yield from (row for row in merged(shop.store, queries, "line_at") if row.item["line_at"] != before)


def _day_in(shop: Shop, place: str) -> date:
    try:
        return from_text(place.partition("#")[0]).astimezone(shop.zone).date()
    except ValueError as error:
        raise InvalidInputError("This page link is not valid any more; start again from the first page.") from error


def messages_of(shop: Shop, customer_id: str, limit: int = 200) -> list[Message]:
    """The messages of a customer, newest first.

    The ledger is sorted by key, not by time, so up to 2,000 entries are read to find the newest.
    """
    query = Query(schema.MAIL, f"C#{customer_id}", begins_with="E#", limit=500)
    found = [message_from(row.key, row.item) for row in islice(pages_of(shop.store, query), _MOST_OF_ONE)]
    return sorted(found, key=lambda message: message.requested_at, reverse=True)[:limit]


def needing_attention(shop: Shop, status: MessageStatus, limit: int = 100) -> list[MessageSummary]:
    """Failed or unknown messages, newest first.

    Raises: `InvalidInputError` for another status.
    """
    if status not in (MessageStatus.FAILED, MessageStatus.UNKNOWN):
        raise InvalidInputError("Only failed and unknown messages need attention.", "status")
    query = Query(schema.MAIL, f"ATTENTION#{status.value}", index="work", descending=True, limit=limit)
    found = shop.store.get_many([row.key for row in shop.store.query(query).rows])
    summaries = [_summary_from(Row(key, item)) for key, item in found.items()]
    return sorted(summaries, key=lambda summary: summary.requested_at, reverse=True)


def _summary_from(row: Row) -> MessageSummary:
    return MessageSummary(
        id=id_in(row),
        name=text(row.item, "name", ""),
        template=text(row.item, "template"),
        kind=Kind(text(row.item, "kind")),
        status=MessageStatus(text(row.item, "status")),
        reason=text(row.item, "reason", ""),
        requested_at=from_text(text(row.item, "line_at").partition("#")[0]),
        requested_by=text(row.item, "requested_by", ""),
        test=flag(row.item, "test"),
    )
