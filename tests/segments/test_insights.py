"""The insights: each figure is held to a count by hand over a random shop, and small cases to plain numbers."""

from __future__ import annotations

import io
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from random import Random
from statistics import median

import pytest

from backend.domain.orders import OrderStatus, OrderSummary
from backend.domain.revenue_change import Buyers, Group, Side
from backend.domain.suppression import SuppressionReason
from backend.domain.team import Actor, Role
from backend.services.context import Shop
from backend.services.customers.leaderboards import Measure
from backend.services.insights.at_risk import Barrier, customers_at_risk, revenue_at_risk
from backend.services.insights.behind import Counted, orders_behind
from backend.services.insights.best import best_customers, lapsing_customers
from backend.services.insights.buyers import buyer_grid
from backend.services.insights.change import Days, refunds_made, revenue_change
from backend.services.insights.export import export_behind
from backend.services.insights.returning import Returning, returning, worth
from backend.services.orders.orders import change_status, refund_order
from backend.services.orders.parts import new_part_id
from backend.services.segments.audience import today
from backend.services.snapshots.build import make_first, make_snapshot
from backend.services.statistics.figures import totals_by_day, totals_of
from backend.services.suppression import entries
from tests.segments.by_hand import ByHand, Person, people_of
from tests.segments.random_shops import fill
from tests.services.test_exports import csv_of
from tests.support import MANAGER, STAFF, TestClock, add_customer, add_order, opened_shop, ref


def months(first: date, last: date) -> int:
    return (last.year - first.year) * 12 + last.month - first.month


def gap_classes(found: Returning) -> list[int]:
    return [gap.orders for gap in found.gaps]


@pytest.mark.parametrize("seed", [5, 6])
def test_all_figures_are_those_of_a_count_by_hand(seed: int, tmp_path: Path) -> None:
    clock = TestClock()
    with opened_shop(clock=clock, zone="Europe/Berlin", data_dir=tmp_path) as shop:
        fill(shop, clock, Random(seed), 60)
        make_snapshot(shop)
        people = people_of(shop)
        now = today(shop)
        buyers = [person for person in people if person.bought]
        _check_grid(shop, ByHand(people, now))
        _check_returning(shop, buyers, now)
        _check_worth(shop, buyers, now)
        _check_at_risk(shop, ByHand(people, now))
        for before, this in PERIODS:
            _check_change(shop, buyers, before, this)
        _check_lapsing(shop, buyers, now)
        _check_best(shop, buyers, PERIODS[0][1])


PERIODS = [
    ((date(2026, 10, 1), date(2026, 10, 26)), (date(2026, 11, 1), date(2026, 11, 26))),
    ((date(2026, 1, 1), date(2026, 6, 30)), (date(2026, 7, 1), date(2026, 11, 26))),
    ((date(2020, 1, 1), date(2020, 1, 31)), (date(2026, 11, 1), date(2026, 11, 30))),
]


def _check_change(shop: Shop, buyers: list[Person], before: Days, this: Days) -> None:
    found = revenue_change(shop, MANAGER, before, this)
    assert sum(part.amount for part in found.parts) == found.amount
    for side, (first, last) in ((found.before, before), (found.now, this)):
        assert side.revenue == totals_of(totals_by_day(shop, first, last)).revenue, "as the kept totals have it"
        assert side.days == (min(last, today(shop)) - first).days + 1
        orders = [(person, order) for person in buyers for order in person.bought if first <= order["day"] <= last]
        for group, is_new in ((Group.NEW, True), (Group.RETURNING, False)):
            own = [(person.id, order) for person, order in orders if (min(person.days) >= first) is is_new]
            numbers = (len({each for each, _ in own}), len(own))
            assert (side.buyers.get(group, Buyers()).customers, side.buyers.get(group, Buyers()).orders) == numbers
        assert side.discounts == sum(order.get("discount", 0) for _, order in orders)
        assert side.refunds == sum(order["refunded"] for _, order in orders)
        _check_behind(shop, side, (first, last))


def _check_behind(shop: Shop, side: Side, days: Days) -> None:
    """The orders behind each part, page by page and in the file, add up to what it counted, to the cent."""
    values = {group: side.buyers.get(group, Buyers()).value for group in Group}
    expected = {
        Counted.ALL: sum(values.values()),
        Counted.NEW: values[Group.NEW],
        Counted.RETURNING: values[Group.RETURNING],
        Counted.DISCOUNTED: side.discounts,
        Counted.REFUNDED: side.refunds,
    }
    for counted, amount in expected.items():
        listed: list[tuple[OrderSummary, int]] = []
        cursor, more = None, True
        while more:
            page = orders_behind(shop, MANAGER, days, counted, limit=7, cursor=cursor)
            assert page.amount == amount
            listed += page.orders
            cursor, more = page.cursor, page.cursor is not None
        assert (len({order.id for order, _ in listed}), sum(part for _, part in listed)) == (page.number, amount)
        assert page.number == len(listed)
        file = io.BytesIO()
        assert export_behind(shop, MANAGER, file, "csv", days, counted) == page.number
        assert sum(Decimal(row["Counted"]) for row in csv_of(file.getvalue())) == Decimal(amount).scaleb(-2)


def _check_lapsing(shop: Shop, buyers: list[Person], now: date) -> None:
    wanted = set()
    for person in buyers:
        days = sorted(person.days)
        gaps = [(later - earlier).days for earlier, later in pairwise(days)]
        if gaps and not person.item.get("archived"):
            usual, waiting = max(float(median(gaps)), 7), (now - days[-1]).days
            if 1.5 * usual <= waiting <= 4 * usual:
                wanted.add((person.id, days[-1], waiting))
    found = lapsing_customers(shop, MANAGER)
    assert {(each.customer_id, each.last_order, each.waiting) for each in found} == wanted
    assert [each.revenue for each in found] == sorted((each.revenue for each in found), reverse=True)


def _check_best(shop: Shop, buyers: list[Person], days: Days) -> None:
    sums: dict[str, tuple[int, int]] = {}
    for person in buyers:
        own = [each["total"] - each["refunded"] for each in person.bought if days[0] <= each["day"] <= days[1]]
        if own and not person.item.get("archived"):
            sums[person.id] = len(own), sum(own)
    found = best_customers(shop, MANAGER, *days, Measure.REVENUE, 100)
    ranked = sorted(sums, key=lambda each: (-sums[each][1], -sums[each][0], each))
    assert [(each.customer_id, each.orders, each.revenue) for each in found] == [(each, *sums[each]) for each in ranked]
    by_orders = best_customers(shop, MANAGER, *days, Measure.ORDERS, 3)
    assert [each.orders for each in by_orders] == sorted((number for number, _ in sums.values()), reverse=True)[:3]


def test_refunds_count_on_the_day_on_which_they_were_made(tmp_path: Path) -> None:
    clock = TestClock()
    with opened_shop(clock=clock, data_dir=tmp_path) as shop:
        maria = add_customer(shop)
        order = add_order(shop, maria, 5000, placed_at=clock() - timedelta(days=40))
        for amount in (700, 300):
            order = refund_order(shop, STAFF, ref(order), amount, "Broken", new_part_id())
            clock.now += timedelta(days=1)
        change_status(shop, STAFF, ref(order), OrderStatus.CANCELLED)
        make_snapshot(shop)
        now = today(shop)
        found = refunds_made(shop, MANAGER, now - timedelta(days=2), now)
        assert (found.amount, found.number) == (1000, 2)
        assert [(each.day, each.amount, each.order_id) for each in found.newest] == [
            (now - timedelta(days=1), 300, order.id),
            (now - timedelta(days=2), 700, order.id),
        ]
        assert refunds_made(shop, MANAGER, now, now).number == 0


def _check_grid(shop: Shop, by_hand: ByHand) -> None:
    wanted: Counter[tuple[int, int]] = Counter()
    revenue: Counter[tuple[int, int]] = Counter()
    for person in by_hand.people:
        scores = by_hand.scores(person)
        if person.bought and not person.item.get("archived"):
            place = scores["recency score"], scores["frequency score"]
            wanted[place] += 1
            revenue[place] += person.revenue
    grid = buyer_grid(shop, MANAGER)
    assert {(cell.recency, cell.frequency): cell.customers for cell in grid.cells} == wanted
    assert {(cell.recency, cell.frequency): cell.revenue for cell in grid.cells} == revenue
    assert sum(each.customers for each in grid.classes) == grid.customers


def _check_returning(shop: Shop, buyers: list[Person], now: date) -> None:
    found = returning(shop, MANAGER)
    assert (found.buyers, found.again) == (len(buyers), sum(len(person.bought) > 1 for person in buyers))
    gaps = [(b - a).days for person in buyers for a, b in pairwise(sorted(person.days))]
    assert found.median_days == (round(median(gaps)) if gaps else None)
    assert gap_classes(found) == [
        sum(gap.fewest <= days <= (gap.most if gap.most is not None else 10**6) for days in gaps) for gap in found.gaps
    ]
    for cohort in found.cohorts:
        own = [person for person in buyers if min(person.days).replace(day=1) == cohort.month]
        wanted = [
            sum(any(months(cohort.month, day) == later for day in person.days) for person in own)
            for later in range(months(cohort.month, now) + 1)
        ]
        assert list(cohort.active) == wanted


def _check_worth(shop: Shop, buyers: list[Person], now: date) -> None:
    found = worth(shop, MANAGER)
    revenues = sorted((person.revenue for person in buyers), reverse=True)
    assert found.buyers == len(buyers)
    assert found.average == pytest.approx(sum(revenues) / len(revenues), abs=1)
    assert found.median == pytest.approx(median(revenues), abs=1)
    assert found.top_share == pytest.approx(sum(revenues[: max(len(revenues) // 10, 1)]) / sum(revenues))
    for growth in found.growth:
        old = [person for person in buyers if _after(min(person.days), growth.months) <= now]
        spent = sum(
            order["total"] - order["refunded"]
            for person in old
            for order in person.bought
            if order["day"] < _after(min(person.days), growth.months)
        )
        assert (growth.customers, growth.average) == (len(old), round(spent / len(old)))


def _after(day: date, number: int) -> date:
    """So many months later; the last day of a month that is shorter."""
    whole = day.year * 12 + day.month - 1 + number
    for last in range(day.day, 27, -1):
        try:
            return date(whole // 12, whole % 12 + 1, last)
        except ValueError:
            continue
    return date(whole // 12, whole % 12 + 1, day.day)


def _check_at_risk(shop: Shop, by_hand: ByHand) -> None:
    good = [
        person
        for person in by_hand.people
        if not person.item.get("archived") and by_hand.scores(person)["money score"] >= 4
    ]
    words = {
        "blocked by hand": "Blocked by hand",
        "complained": "Marked mail as spam",
        "no address": "No email address",
    }
    words |= {"bounced": "Mail bounced", "unsubscribed": "Unsubscribed"}
    wanted: Counter[str] = Counter()
    recent: Counter[str] = Counter()
    for person in good:
        consent = person.item.get("consent")
        asked = "Never asked" if consent is None else "" if consent["given"] else "Declined marketing"
        why = words.get(person.state, asked)
        if why:
            wanted[why] += 1
            since = by_hand.today - timedelta(days=365)
            recent[why] += sum(o["total"] - o["refunded"] for o in person.bought if o["day"] > since)
    found = revenue_at_risk(shop, MANAGER)
    assert found.good == len(good)
    assert {each.barrier.value: each.customers for each in found.lost} == wanted
    assert {each.barrier.value: each.recent for each in found.lost} == recent
    assert len(customers_at_risk(shop, MANAGER)) == min(wanted.total(), 25)


def test_the_best_customers_whom_mail_does_not_reach_are_listed_by_reason(shop: Shop) -> None:
    reached = add_customer(shop, "Maria", consent=True)
    bounced = add_customer(shop, "Ana", "ana@example.com", consent=True)
    silent = add_customer(shop, "Jo", email="")
    for customer, amount in ((reached, 9000), (bounced, 8000), (silent, 7000)):
        add_order(shop, customer, amount)
    entries.add_suppression(shop, "ana@example.com", SuppressionReason.HARD_BOUNCE, source="event")
    make_first(shop)
    found = revenue_at_risk(shop, MANAGER)
    assert (found.lost_customers, found.lost_recent) == (1, 8000)
    assert [customer.name for customer in customers_at_risk(shop, MANAGER)] == ["Ana"]
    assert customers_at_risk(shop, MANAGER, Barrier.NO_ADDRESS) == []


def test_a_shop_without_orders_has_empty_insights(shop: Shop) -> None:
    add_customer(shop)
    make_first(shop)
    assert buyer_grid(shop, MANAGER).cells == ()
    assert (returning(shop, MANAGER).cohorts, returning(shop, MANAGER).repeat_rate) == ((), 0.0)
    assert (worth(shop, MANAGER).buyers, worth(shop, MANAGER).growth) == (0, ())
    assert revenue_at_risk(shop, MANAGER).lost == ()


def test_a_cohort_counts_a_customer_once_a_month(clock: TestClock, shop: Shop) -> None:
    maria = add_customer(shop)
    for day in ((2026, 10, 31), (2026, 10, 31), (2026, 11, 1), (2026, 11, 2)):
        add_order(shop, maria, placed_at=datetime(*day, 9, tzinfo=UTC))
    make_first(shop)
    (cohort,) = returning(shop, MANAGER).cohorts
    assert (cohort.month, cohort.active) == (date(2026, 10, 1), (1, 1))


def test_every_role_that_sees_the_overview_sees_insights(shop: Shop) -> None:
    make_first(shop)
    for role in Role:
        buyer_grid(shop, Actor("eva", role))
