"""The queue of messages: how many are due and since when, what is being sent, and what needs a person."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from backend.domain.messages import MessageStatus
from backend.domain.time import from_text, to_text
from backend.records.conversion import key_of_row, reads
from backend.records.values import optional_text, text
from backend.services.context import Shop
from backend.services.sending.ledger import LEASE
from backend.services.unreadable.items import readable_rows
from backend.store import schema
from backend.store.port import Item, Query, Row

MOST = 1000
"""At most so many entries of each list are read; more are shown as "1,000 or more"."""


@dataclass(frozen=True, slots=True)
class QueueState:
    """Counts are exact up to `MOST`. `oldest_due` is since when the first of the due messages could have gone out.

    `leased` are claimed by a worker now; the lease of `expired` ones has run out.
    """

    due: int = 0
    oldest_due: datetime | None = None
    leased: int = 0
    expired: int = 0
    unknown: int = 0
    failed: int = 0

    def age(self, now: datetime) -> timedelta:
        """How long the first of the due messages has been waiting."""
        return max(now - self.oldest_due, timedelta()) if self.oldest_due else timedelta()


def queue_state(shop: Shop) -> QueueState:
    """Reads at most 1,000 entries of each list."""
    now = shop.clock()
    due = list(_work(shop, "0", to_text(now) + "~"))
    waiting = [row.item for row in due if optional_text(row.item, "lease_until") is None]
    running = _work(shop, to_text(now), to_text(now + LEASE) + "~")
    return QueueState(
        due=len(waiting),
        oldest_due=min((_due_at(item) for item in waiting), default=None),
        leased=sum(optional_text(row.item, "lease_until") is not None for row in running),
        expired=len(due) - len(waiting),
        unknown=_attention(shop, MessageStatus.UNKNOWN),
        failed=_attention(shop, MessageStatus.FAILED),
    )


def _work(shop: Shop, first: str, last: str) -> Iterator[Row]:
    size = MOST // schema.WORK_SHARDS
    for line in schema.work_lines():
        query = Query(schema.MAIL, line, index="work", between=(first, last), limit=size)
        yield from readable_rows(shop, shop.store.query(query).rows, _checked)


@reads(key_of_row)
def _checked(row: Row) -> Row:
    """The row, if it says when it is due. Raises: `UnreadableItemError`."""
    _due_at(row.item)
    optional_text(row.item, "lease_until")
    return row


def _due_at(item: Item) -> datetime:
    return from_text(schema.moment_in(text(item, "work_at")))


def _attention(shop: Shop, status: MessageStatus) -> int:
    query = Query(schema.MAIL, schema.attention_line(status.value), index="work", descending=True, limit=MOST)
    return len(shop.store.query(query).rows)
