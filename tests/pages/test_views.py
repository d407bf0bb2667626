"""Views beside the filters: saved from what is chosen, opened again, seen by whom they are for."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from backend.domain.orders import OrderStatus
from backend.domain.team import Role
from backend.domain.views import ListPage
from backend.services.views.saved import save_view, views_of
from tests.pages.dashboard import Dashboard
from tests.pages.reading import buttons, field, press, said
from tests.support import add_customer, add_order


def opened(app: AppTest, page: str) -> AppTest:
    app.session_state[f"views_{page}"] = True
    return app.run()


def test_what_is_chosen_is_saved_and_opened_again(dashboard: Dashboard) -> None:
    add_order(dashboard.shop, add_customer(dashboard.shop, "Maria Lopez"), 500)
    app = opened(dashboard.open("orders.py", Role.STAFF, status="paid", placed="7-days"), "orders")
    app = press(app, "Save this view")
    assert "Enter a name." in said(app)
    field(app, "Name").set_value("To *fulfil*").run()
    app.toggle(key=next(each.key for each in app.toggle if each.label == "Share with the team")).set_value(True).run()
    app = press(app, "Save this view")
    assert not app.exception
    assert field(app, "Name").value == ""
    (view,) = views_of(dashboard.shop, dashboard.member(Role.STAFF).actor, ListPage.ORDERS)
    assert (view.query, view.shared) == ("placed=7-days&status=paid", True)

    other = opened(dashboard.open("orders.py", Role.MANAGER, status="refunded", sort="largest"), "orders")
    assert "Remove" not in buttons(other)
    other = press(other, "To *fulfil*")
    assert not other.exception
    assert other.pills(key="orders_status").value == [OrderStatus.PAID]
    assert other.selectbox(key="placed").value == "7-days"
    assert "Save this view" not in buttons(other)

    app = press(opened(app, "orders"), "Remove")
    assert views_of(dashboard.shop, dashboard.member(Role.STAFF).actor, ListPage.ORDERS) == []


@pytest.mark.parametrize("page", list(ListPage))
def test_each_list_offers_its_views(dashboard: Dashboard, page: ListPage) -> None:
    member = dashboard.member(Role.ENGINEER)
    save_view(dashboard.shop, member.actor, page, "Everything", "")
    app = opened(dashboard.open(f"{page}.py", Role.ENGINEER), page)
    assert not app.exception
    assert "Share with the team" not in [each.label for each in app.toggle]
    app = press(app, "Everything")
    assert not app.exception
    assert "Save this view" not in buttons(app)
