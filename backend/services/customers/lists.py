"""Finding and listing customers: by the beginning of any word, by tag or country, archived ones, page by page.

No list reads more than it shows, or than `_SCAN` entries where a filter is applied to a leaderboard.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import islice

from backend.domain.customers import CustomerSummary
from backend.records.conversion import key_given, reads
from backend.records.customers import summary_at, summary_from, words_of_summary
from backend.records.values import text
from backend.services.context import Shop
from backend.services.customers.leaderboards import ALL_TIME, Measure, walk_board
from backend.services.customers.search import matches_of
from backend.services.listing import merged, number_in, page_size, text_in
from backend.services.unreadable.items import readable, readable_rows
from backend.store import schema
from backend.store.limits import encode_cursor
from backend.store.port import Item, Key, Query, Row, pages_of

_MATCHES = 500
"""How many customers a search or a small tag reads; with more there is a note to narrow the search."""
_SCAN = 5_000
_CHUNK_OF_FEW = 200
"""How many entries are read at once where a filter leaves many of them out."""


class Sort(StrEnum):
    """The order in which customers are listed."""

    REVENUE = "revenue"
    ORDERS = "orders"
    NEWEST = "newest"


@dataclass(frozen=True, slots=True)
class CustomerFilter:
    """Which customers. `search` matches the beginnings of words of the name and the e-mail address."""

    search: str = ""
    tag: str = ""
    country: str = ""
    sort: Sort = Sort.REVENUE
    archived: bool = False


@dataclass(frozen=True, slots=True)
class CustomerPage:
    """One page of customers. `cursor` is that of the next page; `note` says what the list leaves out, if anything."""

    customers: list[CustomerSummary]
    cursor: str | None
    note: str = ""


def list_customers(shop: Shop, wanted: CustomerFilter, *, limit: int = 50, cursor: str | None = None) -> CustomerPage:
    """One page of the customers that match.

    Lists by revenue or orders show customers who have ordered; the newest ones and searches show all.

    Raises: `InvalidInputError` for a search of one letter, or a cursor from another list.
    """
    if wanted.search.strip():
        return _searched(shop, wanted, limit, cursor)
    if wanted.sort is Sort.NEWEST:
        return _filtered_page(shop, wanted, _newest(shop, wanted, limit, cursor), limit)
    if facet_of(wanted):
        members = _members(shop, wanted)
        if len(members) <= _MATCHES:
            return _sorted_page(shop, wanted, members, limit, cursor, note="")
    if wanted.archived:
        return _many_archived(shop, wanted, limit, cursor)
    chunk = _CHUNK_OF_FEW if wanted.tag or wanted.country else limit
    return _filtered_page(shop, wanted, _ranked(shop, wanted, chunk, cursor), limit)


def _many_archived(shop: Shop, wanted: CustomerFilter, limit: int, cursor: str | None) -> CustomerPage:
    """With too many archived customers to sort, they are listed newest first: leaderboards leave them out."""
    newest = replace(wanted, sort=Sort.NEWEST)
    page = _filtered_page(shop, newest, _newest(shop, newest, limit, cursor), limit)
    note = f"More than {_MATCHES} customers are archived, so the newest ones come first."
    return replace(page, note=f"{note} {page.note}".strip())


# --- by words ----------------------------------------------------------------------------------------------------


def _searched(shop: Shop, wanted: CustomerFilter, limit: int, cursor: str | None) -> CustomerPage:
    found = matches_of(shop, wanted.search, _MATCHES)
    note = (
        f"More than {_MATCHES} customers match; type more letters or another word to see the others."
        if found.too_many
        else ""
    )
    return _sorted_page(shop, wanted, found.ids, limit, cursor, note=note, words=found.words)


# --- by tag or country, and archived ones ----------------------------------------------------------------------------


def _members(shop: Shop, wanted: CustomerFilter) -> list[str]:
    """The newest members of the list, at most one more than are shown."""
    query = Query(schema.SHOP, facet_of(wanted), descending=True, limit=_MATCHES + 1)
    return [schema.id_in(row.key.sk) for row in shop.store.query(query).rows]


def facet_of(wanted: CustomerFilter) -> str:
    """The partition of all of them, with sort keys `created#cid`; "" without a filter by tag, country or archive."""
    if wanted.archived:
        return schema.ARCHIVED_CUSTOMERS
    if not wanted.tag and not wanted.country:
        return ""
    return schema.tag_partition(wanted.tag) if wanted.tag else schema.country_partition(wanted.country)


def _sorted_page(
    shop: Shop,
    wanted: CustomerFilter,
    ids: Sequence[str],
    limit: int,
    cursor: str | None,
    *,
    note: str,
    words: Sequence[str] = (),
) -> CustomerPage:
    found = shop.store.get_many([schema.customer_key(customer_id) for customer_id in ids])
    summaries = readable(shop, found.items(), summary_at)
    matching = [summary for summary in summaries if _fits(summary, wanted) and _has_words(summary, words)]
    matching.sort(key=lambda summary: _order(summary, wanted.sort))
    start = max(number_in(cursor, "from"), 0) if cursor else 0
    end = start + limit
    following = encode_cursor({"from": end}) if end < len(matching) else None
    return CustomerPage(matching[start:end], following, note)


def _order(summary: CustomerSummary, sort: Sort) -> tuple[float, str]:
    if sort is Sort.NEWEST:
        return (-(summary.created_at.timestamp() if summary.created_at else 0.0), summary.id)
    return (-float(summary.revenue if sort is Sort.REVENUE else summary.orders), summary.id)


def _fits(summary: CustomerSummary, wanted: CustomerFilter) -> bool:
    return (
        summary.archived == wanted.archived
        and (not wanted.tag or wanted.tag in summary.tags)
        and (not wanted.country or wanted.country == summary.country)
    )


def _has_words(summary: CustomerSummary, words: Sequence[str]) -> bool:
    if not words:
        return True
    own = words_of_summary(summary)
    return all(any(mine.startswith(word) for mine in own) for word in words)


# --- everybody ---------------------------------------------------------------------------------------------------


def _ranked(shop: Shop, wanted: CustomerFilter, first: int, cursor: str | None) -> Iterator[Row]:
    measure = Measure(wanted.sort.value)
    if cursor is None:
        return walk_board(shop, measure, ALL_TIME, first=first)
    return walk_board(shop, measure, ALL_TIME, first=first, below=number_in(cursor, "rank"))


def _newest(shop: Shop, wanted: CustomerFilter, limit: int, cursor: str | None) -> Iterator[Row]:
    """Profiles, newest first: fetched page by page, because figures in lists would be rewritten by each order."""
    before = text_in(cursor, "line") if cursor else ""
    ids = _newest_members(shop, wanted, before) if facet_of(wanted) else _newest_of_all(shop, limit, before)
    while chunk := [schema.customer_key(customer_id) for customer_id in islice(ids, limit + 1)]:
        found = shop.store.get_many(chunk)
        yield from readable(shop, ((key, found[key]) for key in chunk if key in found), _listed)


@reads(key_given)
def _listed(key: Key, item: Item) -> Row:
    """The row of a customer with a place in the list. Raises: `UnreadableItemError`."""
    text(item, "line_at")
    return Row(key, item)


def _newest_members(shop: Shop, wanted: CustomerFilter, before: str) -> Iterator[str]:
    query = Query(schema.SHOP, facet_of(wanted), between=("0", before or "~"), descending=True, limit=100)
    rows = (row for row in pages_of(shop.store, query) if row.key.sk != before)
    return (schema.id_in(row.key.sk) for row in rows)


def _newest_of_all(shop: Shop, limit: int, before: str) -> Iterator[str]:
    queries = [
        Query(
            schema.SHOP,
            line,
            index="timeline",
            between=("0", before or "~"),
            descending=True,
            limit=page_size(limit, schema.CUSTOMER_LIST_SHARDS),
        )
        for line in schema.customer_lines()
    ]
    rows = (row for row in merged(shop, queries, "line_at") if row.item["line_at"] != before)
    return (schema.customer_id_of(row.key) for row in rows)


def _filtered_page(shop: Shop, wanted: CustomerFilter, rows: Iterator[Row], limit: int) -> CustomerPage:
    found: list[CustomerSummary] = []
    last: Row | None = None
    for seen, row in enumerate(rows):
        if len(found) == limit or seen == _SCAN:
            note = "" if len(found) == limit else f"Looked at {_SCAN:,} customers; go on to see more."
            return CustomerPage(found, _cursor_after(last, wanted.sort), note)
        found += [summary for summary in readable_rows(shop, [row], summary_from) if _fits(summary, wanted)]
        last = row
    return CustomerPage(found, None)


def _cursor_after(row: Row | None, sort: Sort) -> str | None:
    if row is None:
        return None
    if sort is Sort.NEWEST:
        return encode_cursor({"line": str(row.item["line_at"])})
    rank = row.item[f"rank_{sort.value}"]
    return encode_cursor({"rank": rank if isinstance(rank, int) else 0})
