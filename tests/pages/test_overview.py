"""The Overview as people see it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backend.domain.orders import OrderStatus
from backend.domain.team import Role
from backend.services.orders.orders import refund_order
from backend.services.orders.parts import new_part_id
from backend.services.statistics.comparison import Against
from tests.pages.dashboard import Dashboard
from tests.pages.reading import MARKUP, figures, links, rows, said
from tests.support import STAFF, add_customer, add_order, ref


@pytest.mark.parametrize(
    ("role", "steps"),
    [
        (Role.MANAGER, ["Import your orders", "Add a customer"]),
        (Role.STAFF, ["Import your orders", "Add a customer", "Place an order"]),
        (Role.ENGINEER, ["Import your orders"]),
    ],
)
def test_an_empty_shop_says_what_to_do_next_as_far_as_the_role_may(
    dashboard: Dashboard, role: Role, steps: list[str]
) -> None:
    app = dashboard.open("overview.py", role)
    assert not app.exception
    assert "Your shop is ready" in said(app)
    led = ["Name the shop", "Add the postal address", "Switch on automations"] if role is Role.MANAGER else []
    shown = list(links(app))
    assert shown[: len(steps)] == steps
    assert [label for label in shown[len(steps) :] if label in led] == led
    assert bool(led) == bool(shown[len(steps) :])
    assert not app.metric


def fill(dashboard: Dashboard) -> None:
    """Two customers; this month 3 orders of $60 in all, of which $6 were refunded; the month before one of $20."""
    shop, now = dashboard.shop, dashboard.shop.clock()
    maria = add_customer(shop, "Maria Lopez", country="ES")
    jonas = add_customer(shop, "Jonas Weber", country="DE")
    add_order(shop, maria, 2000, placed_at=now - timedelta(days=40))
    add_order(shop, maria, 3000, placed_at=now - timedelta(days=3))
    add_order(shop, jonas, 1000, placed_at=now - timedelta(days=2))
    last = add_order(shop, jonas, 2000, placed_at=now - timedelta(days=1))
    refund_order(shop, STAFF, ref(last), 600, "Broken", new_part_id())


def test_figures_are_beside_those_of_the_time_before(dashboard: Dashboard) -> None:
    fill(dashboard)
    app = dashboard.open("overview.py", Role.MANAGER)
    assert figures(app) == {
        "Revenue": "$54.00",
        "Orders": "3",
        "Average order": "$18.00",
        "New customers": "1",
        "Repeat orders": "2",
        "Refund rate": "10.0%",
    }
    revenue, *_, refunds = app.metric
    assert (revenue.delta, revenue.proto.delta_description) == ("170\\.0\\%", "from \\$20\\.00")
    assert refunds.delta == "10\\.0 points"
    assert "compared with" in said(app)


def test_all_time_is_compared_with_nothing(dashboard: Dashboard) -> None:
    fill(dashboard)
    app = dashboard.open("overview.py", Role.MANAGER)
    app.selectbox(key="period").set_value("all-time").run()
    assert figures(app)["Orders"] == "4"
    assert {metric.delta for metric in app.metric} == {""}
    assert "compared with" not in said(app)


def test_the_address_holds_the_period(dashboard: Dashboard) -> None:
    fill(dashboard)
    app = dashboard.open("overview.py", Role.MANAGER, period="7-days")
    assert app.selectbox(key="period").value == "7-days"
    assert dashboard.open("overview.py", Role.MANAGER, period="nonsense").selectbox(key="period").value == "30-days"


def test_days_of_ones_own_can_be_chosen(dashboard: Dashboard) -> None:
    fill(dashboard)
    today = dashboard.shop.clock().date()
    app = dashboard.open("overview.py", Role.MANAGER)
    app.selectbox(key="period").set_value("custom").run()
    app.date_input[0].set_value((today - timedelta(days=2), today)).run()
    assert figures(app)["Orders"] == "2"
    app.date_input[0].set_value((today - timedelta(days=3),)).run()
    assert not app.exception
    assert figures(app)["Orders"] == "1"


def test_top_customers_by_revenue_or_orders_lead_to_the_customer(dashboard: Dashboard) -> None:
    fill(dashboard)
    app = dashboard.open("overview.py", Role.MANAGER)
    ranked = [label for label in links(app) if label.startswith(("1.", "2."))]
    assert ranked == ["1. Maria Lopez", "2. Jonas Weber"]
    assert links(app)["1. Maria Lopez"]["id"]
    app.segmented_control(key="top_by").set_value("orders").run()
    assert not app.exception
    month = f"{dashboard.shop.clock() - timedelta(days=40):%Y-%m}"
    app.selectbox(key="top_month").set_value(month).run()
    assert "1. Maria Lopez" in links(app)


def test_charts_say_what_they_show_in_words(dashboard: Dashboard) -> None:
    fill(dashboard)
    app = dashboard.open("overview.py", Role.MANAGER)
    over_time, countries = [chart.proto.alt for chart in app.get("plotly_chart")]
    assert over_time.startswith("Revenue and orders from ")
    assert "Most revenue: $30.00" in over_time
    assert countries == "Customers by country. Most: Germany 1, Spain 1."


def test_recent_orders_lead_to_the_order(dashboard: Dashboard) -> None:
    shop = dashboard.shop
    order = add_order(shop, add_customer(shop, "Maria Lopez"))
    found = links(dashboard.open("overview.py", Role.MANAGER))[order.number]
    assert found == {"customer": [order.customer_id], "id": [order.id]}


@pytest.mark.parametrize("name", MARKUP)
def test_markup_in_names_is_shown_as_text(dashboard: Dashboard, name: str) -> None:
    shop = dashboard.shop
    order = add_order(shop, add_customer(shop, name))
    app = dashboard.open("overview.py", Role.MANAGER)
    assert f"1. {name}" in links(app)
    assert [(row["Order"], row["Customer"]) for row in rows(app, "Orders")] == [(order.number, name)]


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        (Role.STAFF, {"1 order to fulfil": {"status": ["paid"], "placed": ["90-days"]}, "1 payment pending": None}),
        (Role.MANAGER, {}),
    ],
)
def test_what_is_to_be_done_leads_to_where_it_is_done(
    dashboard: Dashboard, role: Role, expected: dict[str, dict[str, list[str]] | None]
) -> None:
    maria = add_customer(dashboard.shop, "Maria Lopez")
    now = dashboard.shop.clock()
    add_order(dashboard.shop, maria, 500, placed_at=now)
    add_order(dashboard.shop, maria, 500, placed_at=now, status=OrderStatus.PENDING)
    app = dashboard.open("overview.py", role)
    shown = links(app)
    assert expected.keys() <= shown.keys()
    assert all(query is None or shown[label] == query for label, query in expected.items())
    assert ("Nothing at the moment" in said(app)) is not bool(expected)


def test_questions_are_asked_of_the_days_that_are_chosen_at_this_moment(dashboard: Dashboard) -> None:
    fill(dashboard)
    app = dashboard.open("overview.py", Role.MANAGER)
    assert links(app)["Why did it change?"] == {"view": ["change"]}
    app.selectbox(key="period").set_value("last-month").run()
    app.selectbox(key="compared_with").set_value(Against.LAST_YEAR).run()
    expected = {"view": ["change"], "period": ["last-month"], "against": ["last-year"]}
    assert links(app)["Why did it change?"] == expected
    assert links(app)["Who is about to be lost?"]["view"] == ["lapsing"]
