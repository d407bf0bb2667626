"""The message log: what was sent to whom and what became of it, found by customer, day, template, status or id."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice

from backend.domain.delivery import Outcome
from backend.domain.emails import Kind
from backend.domain.messages import NEEDS_A_PERSON, Message, MessageStatus, ShownStatus
from backend.domain.time import from_text
from backend.errors import InvalidInputError, NotFoundError
from backend.records.conversion import key_of_row, reads
from backend.records.messages import id_in, message_from
from backend.records.values import flag, optional_text, text
from backend.services.context import Shop
from backend.services.listing import merged, page_size, text_in
from backend.services.sending.ledger import get_message
from backend.services.unreadable.items import readable, readable_rows
from backend.store import schema
from backend.store.limits import encode_cursor
from backend.store.port import Item, Key, Query, Row, pages_of

LONGEST_RANGE = timedelta(days=100)
MOST_OF_ONE = 20_000
"""How many messages of one customer are looked at."""
_SCAN = 5_000
"""How many entries are looked at for one page when not all messages of the days are asked for."""
_CHUNK = 500
"""How many of them are read at once."""
_OPEN = (ShownStatus.WAITING, ShownStatus.SENDING)


@dataclass(frozen=True, slots=True)
class MessageSummary:
    """What the log shows of a message. `name` is the recipient's; `outcome` is the most telling report."""

    id: str
    name: str
    template: str
    kind: Kind
    status: ShownStatus
    reason: str
    requested_at: datetime
    requested_by: str
    test: bool
    campaign: str = ""
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Messages requested on the shop's days from `first` to `last`; "" and None mean all.

    WAITING are those that nobody sends at this moment, and SENDING those that somebody does. An outcome is the most
    telling one: a message that was opened is not among the delivered ones.
    """

    first: date
    last: date
    template: str = ""
    status: ShownStatus | None = None
    outcome: Outcome | None = None
    campaign: str = ""

    @property
    def narrows(self) -> bool:
        """Whether it leaves out messages of its days."""
        return bool(self.template or self.status or self.outcome or self.campaign)

    def fits(self, *, template: str, status: str, outcome: str | None, campaign: str | None) -> bool:
        """Whether a message is wanted, whatever its day."""
        return (
            self.template in ("", template)
            and self.status in (None, status)
            and self.outcome in (None, outcome)
            and self.campaign in ("", campaign)
        )


@dataclass(frozen=True, slots=True)
class LogPage:
    """One page, newest first. `cursor` leads to the next; `note` says when the page ended early."""

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
    found: list[Row] = []
    last = ""
    first = _CHUNK if wanted.narrows else limit
    rows = _walk(shop, wanted, first, text_in(cursor, "at") if cursor else "")
    for seen, row in enumerate(_with_sending(shop, rows) if wanted.status in _OPEN else rows):
        if len(found) == limit or seen == _SCAN:
            note = "" if len(found) == limit else f"Looked at {_SCAN:,} messages; go on to see more."
            return LogPage([*map(_summary_from, found)], encode_cursor({"at": last}), note)
        found += [each for each in readable_rows(shop, [row], _checked) if _fits(each, wanted)]
        last = text(row.item, "line_at")
    return LogPage([*map(_summary_from, found)], None)


def _fits(row: Row, wanted: LogFilter) -> bool:
    return wanted.fits(
        template=text(row.item, "template"),
        status=text(row.item, "status"),
        outcome=optional_text(row.item, "outcome"),
        campaign=optional_text(row.item, "campaign"),
    )


def _with_sending(shop: Shop, rows: Iterable[Row]) -> Iterator[Row]:
    """The rows, where waiting messages that somebody has claimed are called sending.

    The list itself does not know, so it calls both waiting unless it is asked for one of them.
    """
    waiting = MessageStatus.WAITING.value
    rest = iter(rows)
    while chunk := list(islice(rest, _CHUNK)):
        asked = [row.key for row in chunk if row.item.get("status") == waiting]
        found = shop.store.get_many(asked) if asked else {}
        leased = set(readable(shop, found.items(), _leased))
        for row in chunk:
            claimed = (row.key, True) in leased
            yield Row(row.key, row.item | {"status": ShownStatus.SENDING.value}) if claimed else row


def _leased(key: Key, item: Item) -> tuple[Key, bool]:
    return key, "lease_until" in item


def _walk(shop: Shop, wanted: LogFilter, first: int, before: str) -> Iterator[Row]:
    last = min(wanted.last, _day_in(shop, before)) if before else wanted.last
    for back in range((last - wanted.first).days + 1):
        day = (last - timedelta(days=back)).isoformat()
        queries = [
            Query(
                schema.MAIL,
                line,
                index="timeline",
                between=("0", before or "~"),
                descending=True,
                limit=page_size(first, schema.MESSAGE_SHARDS),
            )
            for line in schema.message_lines(day)
        ]
        yield from (row for row in merged(shop, queries, "line_at") if row.item["line_at"] != before)


def _day_in(shop: Shop, place: str) -> date:
    try:
        return from_text(schema.moment_in(place)).astimezone(shop.zone).date()
    except ValueError as error:
        raise InvalidInputError("This page link is not valid any more; start again from the first page.") from error


def messages_of(shop: Shop, customer_id: str, limit: int = 200) -> list[Message]:
    """The messages of a customer, newest first.

    The ledger is sorted by key, not by time, so up to 20,000 entries are read to find the newest.
    """
    found = list(readable(shop, islice(_rows_of(shop, customer_id), MOST_OF_ONE), message_from))
    return sorted(found, key=lambda message: message.requested_at, reverse=True)[:limit]


def _rows_of(shop: Shop, customer_id: str) -> Iterator[Row]:
    """Those of the customer, and of whoever was merged into them."""
    ends = (schema.MESSAGES, schema.MERGED + "~")
    query = Query(schema.MAIL, schema.customer_partition(customer_id), between=ends, limit=500)
    for row in pages_of(shop.store, query):
        if schema.is_message(row.key):
            yield row
        elif row.key.sk.startswith(schema.MERGED):
            yield from _rows_of(shop, schema.merged_id(row.key))


def messages_like(shop: Shop, customer_id: str, wanted: LogFilter, limit: int = 200) -> list[MessageSummary]:
    """The messages of a customer that are wanted, of any day, newest first."""
    found = map(summary_of, messages_of(shop, customer_id, MOST_OF_ONE))
    return list(
        islice(
            (
                each
                for each in found
                if wanted.fits(template=each.template, status=each.status, outcome=each.outcome, campaign=each.campaign)
            ),
            limit,
        )
    )


def page_of(shop: Shop, customer_id: str, wanted: LogFilter, *, limit: int, cursor: str = "") -> LogPage:
    """One page of those messages of a customer, of any day. Their keys have no order, so all are read for a page.

    Raises: `InvalidInputError` for a cursor of another list.
    """
    found = messages_like(shop, customer_id, wanted, MOST_OF_ONE)
    if cursor:
        after = text_in(cursor, "after")
        ids = [each.id for each in found]
        if after not in ids:
            raise InvalidInputError("This page link is not valid any more; start again from the first page.")
        found = found[ids.index(after) + 1 :]
    following = encode_cursor({"after": found[limit - 1].id}) if len(found) > limit else None
    return LogPage(found[:limit], following)


def find_message(shop: Shop, wanted: str) -> Message | None:
    """The message with this id: ours, or the one that the provider gave it, also as mail programs show it."""
    name = wanted.strip().strip("<>")
    for provider_id in dict.fromkeys((name, name.partition("@")[0])):
        if not provider_id:
            continue
        query = Query(schema.MAIL, schema.provider_line(provider_id), index="work", limit=1)
        keys = [row.key for row in shop.store.query(query).rows]
        found = list(readable(shop, shop.store.get_many(keys).items(), message_from)) if keys else []
        if found and found[0].provider_id == provider_id:
            return found[0]
    try:
        return get_message(shop, name)
    except (NotFoundError, InvalidInputError):
        return None


def needing_attention(shop: Shop, status: MessageStatus, limit: int = 100) -> list[Message]:
    """Failed or unknown messages that nobody has handled, newest first.

    Raises: `InvalidInputError` for another status.
    """
    found = shop.store.get_many([row.key for row in shop.store.query(_attention(status, limit)).rows])
    messages = list(readable(shop, found.items(), message_from))
    return sorted(messages, key=lambda message: message.requested_at, reverse=True)


def count_needing_attention(shop: Shop, status: MessageStatus, limit: int) -> int:
    """How many of them there are, `limit` at most, from their list alone. Raises: as `needing_attention`."""
    return len(shop.store.query(_attention(status, limit)).rows)


def _attention(status: MessageStatus, limit: int) -> Query:
    if status not in NEEDS_A_PERSON:
        raise InvalidInputError("Only failed and unknown messages need attention.", "status")
    return Query(schema.MAIL, schema.attention_line(status.value), index="work", descending=True, limit=limit)


def _checked(row: Row) -> Row:
    """The row, if a list can show it. Raises: `UnreadableItemError`."""
    _summary_from(row)
    return row


@reads(key_of_row)
def _summary_from(row: Row) -> MessageSummary:
    return MessageSummary(
        id=id_in(row),
        name=text(row.item, "name", ""),
        template=text(row.item, "template"),
        kind=Kind(text(row.item, "kind")),
        status=ShownStatus(text(row.item, "status")),
        reason=text(row.item, "reason", ""),
        requested_at=from_text(schema.moment_in(text(row.item, "line_at"))),
        requested_by=text(row.item, "requested_by", ""),
        test=flag(row.item, "test"),
        campaign=text(row.item, "campaign", ""),
        outcome=Outcome(outcome) if (outcome := optional_text(row.item, "outcome")) else None,
    )


def summary_of(message: Message) -> MessageSummary:
    """What a list shows of a whole message."""
    return MessageSummary(
        id=message.id,
        name=message.name,
        template=message.template,
        kind=message.kind,
        status=message.shown_status,
        reason=message.reason,
        requested_at=message.requested_at,
        requested_by=message.requested_by,
        test=message.test,
        campaign=message.campaign,
        outcome=message.outcome,
    )
