"""Counts a shop again from its orders and customers alone, by the words of the design and not by our own code.

It reads items raw, and knows nothing of ranks, shards, deltas or first days. Whatever keeps totals is held against it.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date

from backend.domain.totals import Totals
from backend.services.context import Shop
from backend.services.customers import leaderboards as boards
from backend.services.customers.leaderboards import Measure
from backend.services.statistics import figures
from backend.store import schema
from backend.store.port import Item, Row

Standing = list[tuple[str, int, int]]
"""Customer id, orders and revenue, best first."""


@dataclass
class Count:
    """What a shop's totals have to be."""

    boards: dict[tuple[str, str], Standing] = field(default_factory=dict)
    """By period ("" is all time) and measure."""
    days: dict[str, Totals] = field(default_factory=dict)
    countries: dict[str, int] = field(default_factory=dict)
    tags: dict[str, int] = field(default_factory=dict)


def recounted(shop: Shop) -> Count:
    """The totals that follow from the stored orders and customers."""
    rows = everything(shop)
    people = {row.key.pk[2:]: row.item for row in rows if row.key.pk.startswith("C#") and row.key.sk == "A"}
    placed = [(row.key.pk[2:], row.item) for row in rows if row.key.pk.startswith("C#") and row.key.sk[:2] == "O#"]
    return Count(_boards(placed), _days(placed), _countries(people), _tags(people))


def kept(shop: Shop, periods: list[str]) -> Count:
    """The totals as the services tell them."""
    found = Count()
    for period in periods:
        for measure in Measure:
            best = boards.top_customers(shop, measure, period, limit=1000)
            found.boards[period, measure.value] = [(each.id, each.orders, each.revenue) for each in best]
    days = figures.totals_by_day(shop, date(2000, 1, 1), date(2100, 1, 1))
    found.days = {f"{each.day}": each.totals for each in days if each.totals != Totals()}
    found.countries = figures.counts_of(shop, "country")
    found.tags = figures.counts_of(shop, "tag")
    return found


def assert_totals_hold(shop: Shop) -> None:
    """Holds every leaderboard, day and counter against the orders."""
    wanted = recounted(shop)
    periods = sorted({period for period, _ in wanted.boards} | {""} | _months_with_items(shop))
    for period in periods:
        for measure in ("revenue", "orders"):
            wanted.boards.setdefault((period, measure), [])
    found = kept(shop, periods)
    assert found.boards == wanted.boards
    assert found.days == wanted.days
    assert found.countries == wanted.countries
    assert found.tags == wanted.tags


def everything(shop: Shop, table: str = schema.SHOP) -> list[Row]:
    """All items of a table."""
    rows: list[Row] = []
    cursor = None
    while True:
        page = shop.store.scan(table, cursor=cursor)
        rows += page.rows
        cursor = page.cursor
        if cursor is None:
            return rows


def fingerprint(shop: Shop) -> str:
    """The whole shop as one text, to see whether anything has changed."""
    return json.dumps(sorted((*row.key, json.dumps(row.item, sort_keys=True)) for row in everything(shop)))


def _months_with_items(shop: Shop) -> set[str]:
    return {row.key.sk[2:] for row in everything(shop) if row.key.pk[:2] == "C#" and row.key.sk[:2] == "M#"}


def _boards(placed: list[tuple[str, Item]]) -> dict[tuple[str, str], Standing]:
    sums: defaultdict[str, defaultdict[str, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    for customer_id, order in placed:
        if order["status"] != "cancelled":
            for period in ("", str(order["day"])[:7]):
                sums[period][customer_id][0] += 1
                sums[period][customer_id][1] += _net(order)
    found: dict[tuple[str, str], Standing] = {}
    for period, customers in sums.items():
        rows = [(customer_id, orders, revenue) for customer_id, (orders, revenue) in customers.items()]
        found[period, "revenue"] = sorted(rows, key=lambda row: (-row[2], row[0]))
        found[period, "orders"] = sorted(rows, key=lambda row: (-row[1], row[0]))
    return found


def _days(placed: list[tuple[str, Item]]) -> dict[str, Totals]:
    days: defaultdict[str, Totals] = defaultdict(Totals)
    first: dict[str, str] = {}
    for customer_id, order in placed:
        day = str(order["day"])
        first[customer_id] = min(day, first.get(customer_id, day))
        if order.get("test"):
            continue
        given_back = _taken(order) - _net(order)
        if order["status"] == "cancelled":
            days[day] = days[day].plus(Totals(refunded=given_back, cancelled=1))
        else:
            days[day] = days[day].plus(Totals(orders=1, revenue=_net(order), refunded=given_back))
    for day in first.values():
        days[day] = days[day].plus(Totals(new_customers=1))
    return dict(days)


def _taken(order: Item) -> int:
    """The total without gift cards that were sold."""
    return int(str(order["total"])) - int(str(order.get("gift_cards", 0)))


def _net(order: Item) -> int:
    """What is left of goods, by giving back what was paid too much first, then goods, then gift cards, then goods."""
    goods, cards, left = _taken(order), int(str(order.get("gift_cards", 0))), _refunded(order)
    left -= min(left, max(int(str(order.get("paid", order["total"]))) - int(str(order["total"])), 0))
    of_goods = min(left, max(goods, 0))
    of_cards = min(left - of_goods, cards)
    return goods - of_goods - (left - of_goods - of_cards)


def _refunded(order: Item) -> int:
    refunds = order.get("refunds", [])
    assert isinstance(refunds, list)
    return sum(int(str(refund[1])) for refund in refunds if isinstance(refund, list))


def _countries(people: dict[str, Item]) -> dict[str, int]:
    return dict(Counter(str(item.get("country", "-")) for item in people.values() if not item.get("archived")))


def _tags(people: dict[str, Item]) -> dict[str, int]:
    return dict(
        Counter(str(tag) for item in people.values() if not item.get("archived") for tag in item.get("tags", []))  # type: ignore[union-attr]
    )
