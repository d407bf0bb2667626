"""Items that cannot be read: lists and workers set them aside and go on, and they are noted here until repaired.

A note is an item of its own, so that every process shows the same ones. It is written by whoever comes
upon the item first, and is no condition of anything: a note that cannot be written is left out.
"""

from __future__ import annotations

import contextlib
import hashlib
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import TypeVar
from weakref import WeakKeyDictionary

from loguru import logger

from backend.domain.time import from_text, to_text
from backend.errors import (
    ConditionFailedError,
    NotFoundError,
    StoreBusyError,
    StoreUnreachableError,
    UnreadableItemError,
    named_key,
)
from backend.records.conversion import key_of_row, reads
from backend.records.values import MalformedItemError, text
from backend.services.context import Shop
from backend.store import schema
from backend.store.meter import access_pattern
from backend.store.port import Absent, Delete, Item, Key, Put, Query, Row, Store, pages_of

MOST_LISTED = 500
_NOTED_AGAIN = timedelta(minutes=1)
"""A note that was taken away comes back when the item still cannot be read."""
_T = TypeVar("_T")
_lock = threading.Lock()
_noted: WeakKeyDictionary[Store, dict[Key, datetime]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class UnreadableRecord:
    """An item that could not be read, what is wrong with it, and since when that is known."""

    id: str
    key: Key
    reason: str
    found_at: datetime

    @property
    def named(self) -> str:
        """The key, without personal data."""
        return named_key(self.key)


def readable(shop: Shop, rows: Iterable[tuple[Key, Item]], make: Callable[[Key, Item], _T]) -> Iterator[_T]:
    """What `make` makes of the rows, in their order. Those that it cannot read are set aside."""
    for key, item in rows:
        try:
            yield make(key, item)
        except (UnreadableItemError, MalformedItemError) as error:
            set_aside(shop, key, error.reason)


def readable_rows(shop: Shop, rows: Iterable[Row], make: Callable[[Row], _T]) -> Iterator[_T]:
    """As `readable`, for a function of the whole row."""
    return readable(shop, rows, lambda key, item: make(Row(key, item)))


def readable_due(shop: Shop, queries: Sequence[Query], make: Callable[[Key, Item], _T]) -> tuple[list[_T], bool]:
    """One page of each query of a list of work, read from the items themselves; and whether there is more.

    Pages on which nothing can be read are passed over, so that they do not keep a worker from what is behind them.
    """
    while True:
        pages = [shop.store.query(query) for query in queries]
        keys = [row.key for page in pages for row in page.rows]
        found = shop.store.get_many(keys)
        made = [*readable(shop, ((key, found[key]) for key in keys if key in found), make)]
        following = [replace(q, cursor=p.cursor) for q, p in zip(queries, pages, strict=True) if p.cursor is not None]
        if made or not following:
            return made, bool(following)
        queries = following


def read_one(shop: Shop, key: Key, make: Callable[[Key, Item], _T]) -> _T | None:
    """What `make` makes of one item; None when there is none, or none that it can read, which is set aside."""
    item = shop.store.get(key)
    return None if item is None else next(readable(shop, [(key, item)], make), None)


def set_aside(shop: Shop, key: Key, reason: str) -> None:
    """Notes that the item cannot be read, if this process has not done so lately."""
    now = shop.clock()
    with _lock:
        known = _noted.setdefault(shop.store, {})
        if key in known and now < known[key] + _NOTED_AGAIN:
            return
        known[key] = now
    logger.warning("{}", UnreadableItemError(key, reason).sentence)
    item: Item = {"table": key.table, "partition": key.pk, "sort": key.sk, "reason": reason, "at": to_text(now)}
    with contextlib.suppress(ConditionFailedError, StoreBusyError, StoreUnreachableError):
        shop.store.put(Put(_note_key(key), item, Absent()))


def unreadable_records(shop: Shop) -> list[UnreadableRecord]:
    """Those that are noted, 500 at most, in no particular order."""
    with access_pattern("records that cannot be read"):
        rows = list(islice(pages_of(shop.store, Query(schema.MAIL, schema.UNREADABLE, limit=MOST_LISTED)), MOST_LISTED))
    return [record for row in rows if (record := _record_or_none(row)) is not None]


def get_unreadable(shop: Shop, record_id: str) -> UnreadableRecord:
    """Raises: `NotFoundError`."""
    for record in unreadable_records(shop):
        if record.id == record_id:
            return record
    raise NotFoundError("No record that cannot be read has this id.")


def forget(shop: Shop, key: Key) -> None:
    """Takes the note away: the item is gone, or can be read again."""
    with _lock:
        _noted.get(shop.store, {}).pop(key, None)
    shop.store.delete(Delete(_note_key(key)))


def id_of(key: Key) -> str:
    """What names the item in lists and commands: keys may hold addresses."""
    return hashlib.sha256("\0".join(key).encode()).hexdigest()[:16]


def _note_key(key: Key) -> Key:
    return schema.unreadable_key(id_of(key))


@reads(key_of_row)
def _record_from(row: Row) -> UnreadableRecord:
    item = row.item
    key = Key(text(item, "table"), text(item, "partition"), text(item, "sort"))
    return UnreadableRecord(row.key.sk, key, text(item, "reason"), from_text(text(item, "at")))


def _record_or_none(row: Row) -> UnreadableRecord | None:
    try:
        return _record_from(row)
    except UnreadableItemError:
        return None
