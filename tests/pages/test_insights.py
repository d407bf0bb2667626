"""The insights page: every part with figures, and without any."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from backend.domain.team import COMMAND_LINE, Role
from backend.services.campaigns.orders_after import count_orders
from backend.services.campaigns.saved import list_campaigns
from backend.services.insights.at_risk import Barrier
from backend.services.orders.orders import refund_order
from backend.services.orders.parts import new_part_id
from backend.services.products import counting
from backend.services.snapshots.build import make_snapshot
from pages.components.insights import charts
from pages.components.ui import caching
from tests.campaigns.support import Desk, draft, prepare_shop
from tests.pages.dashboard import Dashboard
from tests.pages.reading import downloads, figures, links, open_export, rows, said
from tests.support import STAFF, add_customer, add_order, ref

ENOUGH = 4.5
"""Contrast of text that is easy to read (WCAG 2.2, 1.4.3)."""
PARTS = ("Kinds of buyers", "Returning customers", "Value", "Revenue at risk")


def sold(dashboard: Dashboard) -> None:
    shop = dashboard.shop
    maria, ana = add_customer(shop, "Maria", consent=True), add_customer(shop, "Ana")
    for customer in (maria, maria, ana):
        add_order(shop, customer, 1500, placed_at=shop.clock())
    make_snapshot(shop)


def contrast(ink: str, paper: str) -> float:
    """How much lighter one colour is than the other, as WCAG counts it; `#rrggbb` on `rgb(r, g, b)`."""
    dark = luminance([int(ink[at : at + 2], 16) for at in (1, 3, 5)])
    light = luminance([int(part) for part in paper.removeprefix("rgb(").removesuffix(")").split(",")])
    return (max(dark, light) + 0.05) / (min(dark, light) + 0.05)


def luminance(channels: list[int]) -> float:
    linear = [c / 255 / 12.92 if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("part", PARTS)
def test_without_orders_every_part_says_what_will_be_there(dashboard: Dashboard, part: str) -> None:
    make_snapshot(dashboard.shop)
    app = dashboard.open("insights.py", Role.MANAGER)
    app = app.segmented_control[0].set_value(part).run()
    assert not app.exception
    assert "No orders yet" in said(app)


@pytest.mark.parametrize("dark", [False, True])
def test_figures_in_the_grid_can_be_read_on_every_square(
    dashboard: Dashboard, monkeypatch: pytest.MonkeyPatch, dark: bool
) -> None:
    sold(dashboard)
    monkeypatch.setattr(caching, "_asking", lambda: COMMAND_LINE)
    figure = charts.buyer_grid(dashboard.shop, "a snapshot", dark).figure
    (trace,) = figure.data
    squares = [color for color, text in zip(trace.marker.color, trace.text, strict=True) if text]
    assert squares
    assert all(contrast(trace.textfont.color, square) >= ENOUGH for square in squares)


def test_kinds_of_buyers_lead_to_their_segments(dashboard: Dashboard) -> None:
    sold(dashboard)
    app = dashboard.open("insights.py", Role.MANAGER)
    assert len(app.get("plotly_chart")) == 1
    kinds = [query["class"] for query in links(app).values() if "class" in query]
    assert kinds


def test_who_comes_back_is_given_in_figures(dashboard: Dashboard) -> None:
    sold(dashboard)
    app = dashboard.open("insights.py", Role.MANAGER).segmented_control[0].set_value("Returning customers").run()
    assert figures(app) == {"Returning customers": "50.0%", "Buyers": "2", "Between two orders": "0 days"}


def test_the_value_of_customers_is_given_in_figures(dashboard: Dashboard) -> None:
    sold(dashboard)
    app = dashboard.open("insights.py", Role.MANAGER).segmented_control[0].set_value("Value").run()
    assert figures(app)["Average customer"] == "$22.50"


def test_revenue_at_risk_lists_the_customers_and_what_to_do(dashboard: Dashboard) -> None:
    sold(dashboard)
    app = dashboard.open("insights.py", Role.MANAGER).segmented_control[0].set_value("Revenue at risk").run()
    told = figures(app)
    assert not app.exception
    assert set(told) <= {"Revenue at risk", "Customers", "Share"}


def test_the_cards_of_revenue_at_risk_are_those_of_the_chosen_reason(dashboard: Dashboard) -> None:
    shop = dashboard.shop
    for name, email, amount in (("Ana", "", 9000), ("Maria", None, 6000), *(("Few", None, 100) for _ in range(3))):
        add_order(shop, add_customer(shop, name, email), amount, placed_at=shop.clock())
    make_snapshot(shop)
    app = dashboard.open("insights.py", Role.MANAGER, view="at-risk")
    assert figures(app) == {"Revenue at risk": "$150.00", "Customers": "2", "Share": "100.0%"}
    app.pills(key="barrier").set_value(Barrier.NO_ADDRESS).run()
    assert figures(app) == {"Revenue at risk": "$90.00", "Customers": "1", "Share": "60.0%"}
    assert [label for label in links(app) if "Maria" in label] == []


def filled(dashboard: Dashboard) -> None:
    """Three orders of Maria, the last 60 days ago, so that she is late; one of a new customer, 10 days ago."""
    shop, now = dashboard.shop, dashboard.shop.clock()
    maria = add_customer(shop, "Maria", "maria@example.com")
    for days, amount in ((130, 4000), (110, 5000), (60, 3000), (10, 1000)):
        customer = maria if days != 10 else add_customer(shop, "Noor")
        add_order(shop, customer, amount, placed_at=now - timedelta(days=days))
    make_snapshot(shop)


def test_why_revenue_changed_is_explained_to_the_cent(dashboard: Dashboard) -> None:
    filled(dashboard)
    app = dashboard.open("insights.py", Role.MANAGER, view="change", period="90-days")
    assert not app.exception
    assert "Revenue is $50.00 lower" in said(app)
    effects = {row["Cause"]: row["Effect"] for row in rows(app, "Why revenue changed")}
    assert effects["Revenue"] == "-$50.00"
    parts = [Decimal(text.replace("$", "")) for cause, text in effects.items() if cause != "Revenue"]
    assert sum(parts) == Decimal(-50)
    assert "No campaign began in either period." in said(app)
    assert {"Orders now", "Orders before"} <= set(links(app))
    query = links(app)["Orders per new customer"]
    assert query == {"view": ["change"], "period": ["90-days"], "orders": ["new"]}
    app = dashboard.open("insights.py", Role.MANAGER, **query)
    assert figures(app) == {"Orders": "1", "Value before discounts and refunds": "$10.00"}
    (order,) = rows(app, "Orders behind the change")
    assert (order["Customer"], order["Counted"]) == ("Noor", "$10.00")
    app = open_export(dashboard.open("insights.py", Role.MANAGER, **query, side="before"), "orders")
    assert figures(app) == {"Orders": "2", "Value before discounts and refunds": "$90.00"}
    assert downloads(app) == ["Download orders (CSV)", "Download orders (XLSX)"]


def test_the_best_products_of_any_days_are_listed_and_can_be_exported(dashboard: Dashboard) -> None:
    filled(dashboard)
    counting.count_sold(dashboard.shop)
    app = dashboard.open("insights.py", Role.MANAGER, view="products", period="90-days")
    (row,) = rows(app, "Products")
    assert (row["Units"], row["Revenue"]) == ("2", "$40.00")
    assert downloads(app) == ["Download the best 100 (CSV)", "Download the best 100 (XLSX)"]


def test_all_time_has_nothing_to_compare_with(dashboard: Dashboard) -> None:
    filled(dashboard)
    assert "Nothing to compare with" in said(
        dashboard.open("insights.py", Role.MANAGER, view="change", period="all-time")
    )


def test_what_email_brought_adds_up_the_campaigns_of_a_period(dashboard: Dashboard) -> None:
    prepare_shop(dashboard.shop)
    desk = Desk(dashboard.shop)
    people = desk.people(60)
    for name in ("Spring", "Summer"):
        campaign = desk.finished(desk.started(draft(name=name, holdout=50)))
        got_it = {message.recipient for message in desk.messages(campaign)}
    for person in people:
        add_order(dashboard.shop, person, 70_000 if person.id in got_it else 100)
    for each in list_campaigns(dashboard.shop, STAFF).campaigns[:1]:
        count_orders(dashboard.shop, each)
    app = dashboard.open("insights.py", Role.MANAGER, view="email", period="90-days")
    assert "Recipients bought more than the control group" in said(app)
    brought = f"+${699 * len(got_it):,}"
    assert figures(app) == {"Brought, by control groups": brought, "Ordered after a click": "$0.00"}
    assert [row["Campaign"].split()[0] for row in rows(app)] == ["Summer", "Spring"]
    assert rows(app)[0]["Recipients"] == str(len(got_it))
    assert "No campaign began" in said(dashboard.open("insights.py", Role.MANAGER, view="email", period="last-month"))


def test_the_best_customers_of_any_days_are_listed_and_can_be_exported(dashboard: Dashboard) -> None:
    filled(dashboard)
    app = dashboard.open("insights.py", Role.MANAGER, view="best", period="90-days")
    assert [(row["Customer"], row["Revenue"]) for row in rows(app)] == [("1. Maria", "$30.00"), ("2. Noor", "$10.00")]
    assert downloads(app) == ["Download the best 100 (CSV)", "Download the best 100 (XLSX)"]
    assert downloads(dashboard.open("insights.py", Role.STAFF, view="best", period="90-days")) == []
    assert "No orders in this period" in said(dashboard.open("insights.py", Role.STAFF, view="best", period="today"))


def test_who_is_about_to_be_lost_is_listed_with_last_order_and_usual_interval(dashboard: Dashboard) -> None:
    filled(dashboard)
    app = dashboard.open("insights.py", Role.MANAGER, view="lapsing")
    assert figures(app) == {"Customers": "1", "Their revenue": "$120.00"}
    (row,) = rows(app)
    assert (row["Customer"], row["Usually after"], row["Waiting for"]) == ("Maria", "35 days", "60 days")
    assert downloads(app) == ["Download all of them (CSV)", "Download all of them (XLSX)"]


def test_nobody_about_to_be_lost_is_good_news(dashboard: Dashboard) -> None:
    sold(dashboard)
    assert "Nobody is about to be lost" in said(dashboard.open("insights.py", Role.MANAGER, view="lapsing"))


def test_refunds_are_counted_by_the_day_on_which_they_were_made(dashboard: Dashboard) -> None:
    shop = dashboard.shop
    maria = add_customer(shop, "Maria")
    order = add_order(shop, maria, 5000, placed_at=shop.clock() - timedelta(days=100))
    refund_order(shop, STAFF, ref(order), 700, "Broken", new_part_id())
    make_snapshot(shop)
    app = dashboard.open("insights.py", Role.MANAGER, view="refunds", period="7-days")
    assert figures(app) == {"Refunded": "$7.00", "Refunds": "1"}
    assert {"customer": [maria.id], "id": [order.id]} in links(app).values()
    app = dashboard.open("insights.py", Role.MANAGER, view="refunds", period="last-year")
    assert "No refunds in this period" in said(app)
