"""Cost and objectives come from counters that were kept, and add up."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from backend.domain.costs import FREE_UNITS_A_SECOND, PRICES, Use, cost_of
from backend.domain.objectives import TARGETS, Attainment, Objective
from backend.errors import PermissionDeniedError
from backend.observability.measures import Measures
from backend.services.context import Shop
from backend.services.system import objectives
from backend.services.system.costs import this_month
from backend.services.system.objectives import attainments, slowest
from backend.services.system.usage import SavedUsage, save_usage
from backend.store import schema
from backend.store.meter import Meter, access_pattern
from backend.store.port import Plus, Update
from tests.support import ENGINEER, STAFF, TestClock


def sent(shop: Shop, **counts: int) -> None:
    """Adds to the counters of an hour of today."""
    added = {name: Plus(number) for name, number in counts.items()}
    shop.store.update(
        Update(schema.hours_key("2026-11-26T09", "welcome", "x"), set={"kind": "transactional"}, add=added)
    )


def test_a_quarter_of_a_million_emails_cost_25_dollars() -> None:
    cost = cost_of(Use(emails=250_000), date(2026, 11, 30), 1.0)
    assert (cost.mail, cost.mail_forecast) == (Decimal("25"), Decimal("25"))


def test_the_store_costs_by_its_units_and_the_forecast_goes_on_like_this() -> None:
    cost = cost_of(Use(reads=2_000_000, writes=1_000_000), date(2026, 11, 10), 1.0)
    assert cost.store == Decimal("0.875")
    assert cost.store_forecast == Decimal("2.625")


def test_the_first_hour_of_a_month_does_not_decide_about_the_forecast() -> None:
    cost = cost_of(Use(emails=1000), date(2026, 11, 1), 0.01)
    assert cost.mail_forecast == Decimal("6")


def test_the_free_tier_is_measured_by_the_busiest_day() -> None:
    full = FREE_UNITS_A_SECOND * 86_400
    cost = cost_of(Use(busiest_writes=full / 2, busiest_reads=full / 4), date(2026, 11, 10), 0.5)
    assert (cost.free_share, cost.fits_free_tier) == (0.5, True)
    assert not cost_of(Use(busiest_writes=full * 1.1), date(2026, 11, 10), 0.5).fits_free_tier


def test_every_price_names_its_source_and_day() -> None:
    assert all(price.source.startswith("aws.amazon.com/") and price.seen.year >= 2026 for price in PRICES)


def test_the_month_adds_up_from_meters_and_send_counters(shop: Shop, clock: TestClock) -> None:
    saved = SavedUsage(Meter(), Measures())
    for pattern, writes in (("duty mail", 400.0), ("page orders", 100.0)):
        with access_pattern(pattern):
            saved.meter.add(write_units=writes)
    save_usage(shop, saved)
    sent(shop, sent=7, unknown=1, failed=5)
    month = this_month(shop, ENGINEER)
    assert (month.use.writes, month.use.emails, month.use.busiest_writes) == (500.0, 8, 500.0)
    assert list(month.patterns) == ["duty mail", "page orders"]
    assert month.cost.mail == Decimal("0.0008")
    with pytest.raises(PermissionDeniedError):
        this_month(shop, STAFF)


def test_an_error_budget_is_what_may_still_go_wrong() -> None:
    (pages,) = [target for target in TARGETS if target.objective is Objective.PAGES]
    assert Attainment(pages, 0, 0).budget_left is None
    assert Attainment(pages, 100, 100).budget_left == 1
    half = Attainment(pages, 975, 1000)
    assert half.budget_left == pytest.approx(0.5)
    assert half.is_met
    spent = Attainment(pages, 900, 1000)
    assert spent.budget_left == pytest.approx(-1)
    assert not spent.is_met


def test_objectives_are_counted_from_what_processes_and_messages_left(
    shop: Shop, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = SavedUsage(Meter(), Measures())
    for milliseconds in (10, 50, 70):
        saved.measures.action("page overview", milliseconds / 1000)
    saved.measures.action("api GET /u/{token}", 0.09, failed=True)
    saved.measures.action("totals", 99.0)
    save_usage(shop, saved)
    sent(shop, took_1=5, took_60=3, took_300=1, took_more=1)
    by_minute = {"2026-11-26T11:59": {"lag_1": 6, "lag_60": 3, "lag_300": 1, "applied": 10}}
    monkeypatch.setattr(objectives, "counts_by_minute", lambda *_: by_minute)
    found = {each.target.objective: (each.good, each.total) for each in attainments(shop, ENGINEER)}
    assert found == {
        Objective.PAGES: (2, 3),
        Objective.API: (1, 1),
        Objective.SENDING: (8, 10),
        Objective.EVENTS: (9, 10),
        Objective.AVAILABILITY: (3, 4),
    }
    clock.forward(days=31)
    assert {each.total for each in attainments(shop, ENGINEER) if each.target.objective is not Objective.EVENTS} == {0}


def test_the_slowest_actions_come_first_without_commands(shop: Shop) -> None:
    saved = SavedUsage(Meter(), Measures())
    for name, seconds in (("page orders", 0.05), ("page overview", 0.9), ("totals", 99.0), ("api GET /health", 0.001)):
        saved.measures.action(name, seconds)
    save_usage(shop, saved)
    assert [name for _, name, _ in slowest(shop, ENGINEER)] == ["overview", "orders", "GET /health"]
