"""The list of orders as people see it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backend.domain.orders import OrderStatus
from backend.domain.team import Role
from backend.services.orders import lists
from backend.services.orders.orders import change_status
from pages.components.ui import caching
from tests.pages.dashboard import Dashboard
from tests.pages.reading import MARKUP, field, figures, links, press, rows, said, sort
from tests.support import STAFF, add_customer, add_order, ref


def listed(app: object) -> list[str]:
    """The orders on the page, by customer and number."""
    return [f"{row['Customer']} {row['Order']}" for row in rows(app)]  # type: ignore[arg-type]


def test_an_empty_shop_says_what_to_do_next(dashboard: Dashboard) -> None:
    app = dashboard.open("orders.py", Role.STAFF)
    assert not app.exception
    assert "Your shop is ready" in said(app)


def test_orders_are_listed_newest_first_with_totals_of_their_days(dashboard: Dashboard) -> None:
    shop, now = dashboard.shop, dashboard.shop.clock()
    maria = add_customer(shop, "Maria")
    older = add_order(shop, maria, 1000, placed_at=now - timedelta(days=5))
    newer = add_order(shop, maria, 2000, placed_at=now - timedelta(days=1))
    add_order(shop, maria, 9000, placed_at=now - timedelta(days=60))
    gone = add_order(shop, maria, 500, placed_at=now - timedelta(days=2))
    change_status(shop, STAFF, ref(gone), OrderStatus.CANCELLED)
    app = dashboard.open("orders.py", Role.ENGINEER)
    assert listed(app) == [f"Maria {order.number}" for order in (newer, gone, older)]
    sort(app, "Placed", "oldest")
    assert listed(app) == [f"Maria {order.number}" for order in (older, gone, newer)]
    assert figures(app) == {"Revenue": "$30.00", "Orders": "2", "Refunded": "$0.00", "Cancelled": "1"}


def test_statuses_and_periods_narrow_the_list(dashboard: Dashboard) -> None:
    shop, now = dashboard.shop, dashboard.shop.clock()
    maria = add_customer(shop, "Maria")
    paid = add_order(shop, maria, placed_at=now - timedelta(days=1))
    pending = add_order(shop, maria, placed_at=now - timedelta(days=1), status=OrderStatus.PENDING)
    app = dashboard.open("orders.py", Role.STAFF)
    app.pills(key="orders_status").set_value([OrderStatus.PENDING]).run()
    assert listed(app) == [f"Maria {pending.number}"]
    app.pills(key="orders_status").set_value([OrderStatus.PENDING, OrderStatus.PAID]).run()
    assert sorted(listed(app)) == sorted(f"Maria {order.number}" for order in (paid, pending))
    app.selectbox(key="placed").set_value("last-year").run()
    assert "No orders in this period" in said(app)


def test_the_cards_are_of_the_orders_that_are_listed(dashboard: Dashboard, monkeypatch: pytest.MonkeyPatch) -> None:
    shop, now = dashboard.shop, dashboard.shop.clock()
    maria = add_customer(shop, "Maria")
    for total, status in ((1000, OrderStatus.PENDING), (2500, OrderStatus.PAID), (700, OrderStatus.FULFILLED)):
        add_order(shop, maria, total, placed_at=now - timedelta(days=1), status=status)
    gone = add_order(shop, maria, 500, placed_at=now - timedelta(days=2))
    change_status(shop, STAFF, ref(gone), OrderStatus.CANCELLED)
    app = dashboard.open("orders.py", Role.STAFF)
    everything = figures(app)
    assert "All orders of" in said(app)
    app.pills(key="orders_status").set_value([OrderStatus.PENDING, OrderStatus.PAID]).run()
    assert figures(app) == {"Revenue": "$35.00", "Orders": "2", "Refunded": "$0.00", "Cancelled": "0"}
    assert "Pending and paid orders of" in said(app)
    app.pills(key="orders_status").set_value([OrderStatus.CANCELLED]).run()
    assert figures(app) == {"Revenue": "$0.00", "Orders": "0", "Refunded": "$0.00", "Cancelled": "1"}
    app.pills(key="orders_status").set_value(list(OrderStatus)).run()
    assert figures(app) == everything
    monkeypatch.setattr(lists, "MOST_SUMMED", 3)
    caching.changed()
    app.run()
    assert figures(app) == {}
    assert "Choose fewer days to see their totals." in said(app)


def test_an_order_is_found_by_its_number(dashboard: Dashboard) -> None:
    order = add_order(dashboard.shop, add_customer(dashboard.shop))
    app = dashboard.open("orders.py", Role.STAFF)
    field(app, "Order number").set_value("#4711*")
    press(app, "Find order")
    assert "There is no order with the number #4711*." in said(app)
    field(app, "Order number").set_value(order.number.lower())
    press(app, "Find order")
    assert "There is no order" not in said(app)


def test_a_long_list_comes_in_pages(dashboard: Dashboard) -> None:
    maria = add_customer(dashboard.shop)
    orders = {add_order(dashboard.shop, maria).id for _ in range(21)}
    app = dashboard.open("orders.py", Role.STAFF)
    first = {query["id"][0] for query in links(app).values() if "id" in query}
    press(app, "Next")
    second = {query["id"][0] for query in links(app).values() if "id" in query}
    assert len(first) == 20
    assert first | second == orders


def test_only_who_may_place_orders_is_offered_it(dashboard: Dashboard) -> None:
    add_order(dashboard.shop, add_customer(dashboard.shop))
    assert "Place an order" in links(dashboard.open("orders.py", Role.STAFF))
    assert "Place an order" not in links(dashboard.open("orders.py", Role.MANAGER))


@pytest.mark.parametrize("name", MARKUP)
def test_markup_in_names_is_shown_as_text(dashboard: Dashboard, name: str) -> None:
    order = add_order(dashboard.shop, add_customer(dashboard.shop, name))
    assert listed(dashboard.open("orders.py", Role.STAFF)) == [f"{name} {order.number}"]
