"""Listing and finding orders: by day range and status, by customer, by number."""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from itertools import islice, product

from backend.domain.ids import moment_in
from backend.domain.imports import FILE_SOURCES
from backend.domain.orders import Order, OrderStatus, OrderSummary
from backend.domain.time import EARLIEST_YEAR, from_text, months_between, start_of, to_text
from backend.domain.totals import Totals
from backend.errors import InvalidInputError
from backend.records.conversion import key_of_row, reads
from backend.records.orders import order_from, summary_from
from backend.records.values import text
from backend.services.context import Shop
from backend.services.listing import merged, page_size, text_in
from backend.services.orders.numbers import OWN, numbering_of
from backend.services.orders.orders import order_named_in
from backend.services.unreadable.items import readable_rows
from backend.store import schema
from backend.store.limits import encode_cursor
from backend.store.port import Key, Query, Row, pages_of

_OWN_NUMBER = re.compile(r"^T?(\d{6})-(\d{4})-([0-9A-Z]{3})$")
LONGEST_REFERENCE = 200
_SHORTEST_TRACKING = 6
"""Characters; carriers' numbers have eight and more."""
_NUMBERING = ("shopify", "api")
"""Sources whose numbers people look for first."""
_FURTHER = tuple(source for source in FILE_SOURCES if source not in _NUMBERING)
MOST_SUMMED = 5_000
_CHUNK = 500
LONGEST_RANGE = timedelta(days=3660)
_NO_LATER = timedelta(days=3)
"""No order is placed later than this from now: a day of clock skew, and a day for time zones."""

_OPEN = timedelta(days=2)
"""An order is placed no later than this after its form was drawn: a form is open for a day, and clocks may differ by
one. Of a form that was open longer, the order may stand a little further down."""


class OrderSort(StrEnum):
    """The order in which orders are listed: by when they were placed."""

    NEWEST = "newest"
    OLDEST = "oldest"


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """Orders placed on the shop's days from `first` to `last`, both included. No status means all."""

    first: date
    last: date
    statuses: tuple[OrderStatus, ...] = ()
    sort: OrderSort = OrderSort.NEWEST


@dataclass(frozen=True, slots=True)
class OrderPage:
    """One page of orders. `cursor` leads to the next."""

    orders: list[OrderSummary]
    cursor: str | None


def list_orders(shop: Shop, wanted: OrderFilter, *, limit: int = 50, cursor: str | None = None) -> OrderPage:
    """One page of the orders that are wanted.

    Raises: `InvalidInputError` when the range is upside down or longer than ten years.
    """
    if wanted.first > wanted.last:
        raise InvalidInputError("The first day is after the last day.", "from")
    if wanted.last - wanted.first > LONGEST_RANGE:
        raise InvalidInputError("Choose a range of ten years at most.", "from")
    rows = walk_orders(shop, wanted, first=limit + 1, past=text_in(cursor, "line") if cursor else "")
    found: list[Row] = []
    for row in rows:
        if len(found) == limit:
            return OrderPage(
                [*readable_rows(shop, found, summary_from)],
                encode_cursor({"line": text(found[-1].item, "line_at")}),
            )
        found.append(row)
    return OrderPage([*readable_rows(shop, found, summary_from)], None)


def totals_like(shop: Shop, wanted: OrderFilter) -> Totals | None:
    """What the wanted orders come to, as they are listed; None when they are more than `MOST_SUMMED`.

    The totals of days do not know the statuses, so this reads the rows: a read unit for about thirty of them.
    """
    rows = list(islice(walk_orders(shop, wanted, first=_CHUNK), MOST_SUMMED + 1))
    if len(rows) > MOST_SUMMED:
        return None
    total = Totals()
    for each in readable_rows(shop, rows, summary_from):
        gone = int(each.status is OrderStatus.CANCELLED)
        total = total.plus(Totals(1 - gone, 0 if gone else each.revenue, each.refunded, gone))
    return total


def walk_orders(shop: Shop, wanted: OrderFilter, *, first: int, past: str = "") -> Iterator[Row]:
    """All index rows of the wanted orders in their order, read as they are asked for; those past a `line_at`."""
    oldest = wanted.sort is OrderSort.OLDEST
    earliest, latest = max(wanted.first, date(EARLIEST_YEAR, 1, 1)), min(wanted.last, shop.clock().date() + _NO_LATER)
    if (day := _day_of_line(shop, past)) is not None:
        earliest, latest = (max(earliest, day), latest) if oldest else (earliest, min(latest, day))
    low = to_text(start_of(earliest, shop.zone))
    high = to_text(start_of(latest + timedelta(days=1), shop.zone))
    between = (max(past, low), high) if oldest else (low, min(past or high, high))
    months = months_between(earliest, latest)
    for month in months if oldest else reversed(months):
        queries = _month_queries(month, wanted, between, first)
        for row in merged(shop, queries, "line_at"):
            if row.item["line_at"] not in (past, high):
                yield row


def _day_of_line(shop: Shop, line: str) -> date | None:
    """The day of a place in the list, so that the months before it are not asked again; None for what is no place."""
    try:
        return from_text(schema.moment_in(line)).astimezone(shop.zone).date()
    except ValueError:
        return None


def _month_queries(month: str, wanted: OrderFilter, between: tuple[str, str], first: int) -> list[Query]:
    statuses = wanted.statuses or tuple(OrderStatus)
    size = page_size(first, len(statuses))
    return [
        Query(
            schema.SHOP,
            schema.order_line(month, status.value),
            index="timeline",
            between=between,
            descending=wanted.sort is OrderSort.NEWEST,
            limit=size,
        )
        for status in statuses
    ]


def orders_of(shop: Shop, customer_id: str, *, limit: int = 50, cursor: str | None = None) -> OrderPage:
    """One page of a customer's orders, by when they were placed, newest first.

    They lie in the order of their ids, which begin with the moment at which their form was drawn. Few were placed
    much later than that; those that were back-dated come first and wait in a heap, until nothing that is unread can be
    newer. The cursor says how far the ids were read and which orders wait, so a page costs the same wherever it is.

    Raises: `InvalidInputError` for a cursor of another list.
    """
    after, waiting = (text_in(cursor, "after"), _waiting(shop, customer_id, cursor)) if cursor else ("", [])
    unread = _by_id(shop, customer_id, after, limit)
    following = next(unread, None)
    found: list[OrderSummary] = []
    while len(found) < limit and (waiting or following):
        if following is None or (waiting and _is_settled(waiting[0].order, following)):
            found.append(heapq.heappop(waiting).order)
        else:
            heapq.heappush(waiting, _Waiting(following))
            after, following = following.id, next(unread, None)
    if not waiting and following is None:
        return OrderPage(found, None)
    held = ",".join(each.order.id for each in waiting)
    return OrderPage(found, encode_cursor({"after": after, "held": held}))


@dataclass(frozen=True, slots=True)
class _Waiting:
    """An order in the heap: the newest is the smallest, and the ids decide between those of one moment."""

    order: OrderSummary

    def __lt__(self, other: _Waiting) -> bool:
        return (self.order.placed_at, self.order.id) > (other.order.placed_at, other.order.id)


def _waiting(shop: Shop, customer_id: str, cursor: str) -> list[_Waiting]:
    held = text_in(cursor, "held")
    keys = [schema.order_key(customer_id, order_id) for order_id in held.split(",") if order_id]
    held_back = (Row(key, item) for key, item in shop.store.get_many(keys).items())
    waiting = [_Waiting(order) for order in readable_rows(shop, held_back, summary_from)]
    heapq.heapify(waiting)
    return waiting


def _by_id(shop: Shop, customer_id: str, after: str, limit: int) -> Iterator[OrderSummary]:
    """The orders with smaller ids than `after` ("" for all), largest first."""
    between = (schema.ORDERS, f"{schema.ORDERS}{after or '~'}")
    query = Query(
        schema.SHOP, schema.customer_partition(customer_id), between=between, descending=True, limit=limit + 2
    )
    rows = (row for row in pages_of(shop.store, query) if schema.order_id_of(row.key) != after)
    return readable_rows(shop, rows, summary_from)


def _is_settled(order: OrderSummary, following: OrderSummary) -> bool:
    """Whether no order from `following` on, by the ids, can be newer than this one."""
    drawn = moment_in(following.id)
    return drawn is not None and order.placed_at >= drawn + _OPEN


def find_order(shop: Shop, number: str) -> Order | None:
    """The order with this number: our own ("T1001", "1001", formerly "T261124-1432-K7Q") or its source's ("#1001").

    Where several have it, that of a connected shop comes first; then it may be the tracking number of a parcel.
    """
    wanted = number.strip()
    own = _OWN_NUMBER.match(wanted.upper())
    return _find_own(shop, own) if own else _find_reference(shop, wanted) or _find_parcel(shop, wanted)


def _find_reference(shop: Shop, number: str) -> Order | None:
    if len(number) > LONGEST_REFERENCE or not number.isprintable():
        return None
    written = dict.fromkeys(filter(None, (number, f"#{number.lstrip('#')}", number.lstrip("#"))))
    keys = [schema.reference_key(source, reference) for source, reference in product(_NUMBERING, written)]
    prefixed = (number, number.upper(), numbering_of(shop).prefix + number)
    keys += [schema.reference_key(OWN, each) for each in dict.fromkeys(prefixed) if each]
    further = [schema.reference_key(source, reference) for source, reference in product(_FURTHER, written)]
    return _find_named(shop, keys) or _find_named(shop, further)


def _find_named(shop: Shop, keys: Sequence[Key]) -> Order | None:
    found = shop.store.get_many(keys)
    named = next((found[key] for key in keys if key in found), None)
    return None if named is None else order_named_in(shop, named)


def _find_parcel(shop: Shop, number: str) -> Order | None:
    if not _SHORTEST_TRACKING <= len(number) <= LONGEST_REFERENCE or not number.isprintable():
        return None
    key = schema.tracking_key(number)
    item = shop.store.get(key)
    order = order_named_in(shop, item) if item else None
    sent = order.fulfilments if order else ()
    return order if any(schema.tracking_key(each.tracking_number) == key for each in sent) else None


@reads(key_of_row)
def _numbered(row: Row) -> Row:
    """The row, if it has a number. Raises: `UnreadableItemError`."""
    text(row.item, "number")
    return row


def _find_own(shop: Shop, number: re.Match[str]) -> Order | None:
    """The number says the minute in which the order was placed, so only that minute is read."""
    day, minute, ending = number.groups()
    try:
        moment = datetime.strptime(day + minute, "%y%m%d%H%M").replace(tzinfo=UTC)
    except ValueError:
        return None
    month = f"{moment.astimezone(shop.zone):%Y-%m}"
    for status in OrderStatus:
        line = schema.order_line(month, status.value)
        query = Query(schema.SHOP, line, index="timeline", begins_with=f"{moment:%Y-%m-%dT%H:%M}", limit=500)
        for row in readable_rows(shop, pages_of(shop.store, query), _numbered):
            if text(row.item, "number").upper().endswith(f"-{ending}"):
                found = shop.store.get(row.key)
                return order_from(row.key, found) if found else None
    return None
