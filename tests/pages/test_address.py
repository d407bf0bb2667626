"""What is chosen on a page is read from its address, in short names that stay; what is typed is sealed."""

from __future__ import annotations

import re

import pytest

from backend.domain.orders import OrderStatus
from backend.domain.team import Role
from backend.services.customers.lists import Sort
from pages.components.ui import address
from pages.components.ui.periods import _LABELS
from tests.pages.dashboard import Dashboard
from tests.support import add_customer, add_order


def test_a_link_opens_a_list_as_it_was(dashboard: Dashboard) -> None:
    order = add_order(dashboard.shop, add_customer(dashboard.shop, "Maria Lopez"), 500)
    app = dashboard.open("orders.py", Role.STAFF, status="fulfilled", placed="7-days")
    assert app.pills(key="orders_status").value == [OrderStatus.FULFILLED]
    assert app.selectbox(key="placed").value == "7-days"
    app = dashboard.open("customers.py", Role.STAFF, sort="newest", archived="yes", search=_sealed("maria"))
    assert app.segmented_control(key="customers_sort").value is Sort.NEWEST
    assert app.toggle(key="customers_archived").value is True
    assert app.text_input(key="customers_search").value == "maria"
    assert order.number not in "".join(app.query_params)


@pytest.mark.parametrize(
    "query",
    [
        {"status": "OrderStatus.PAID"},
        {"placed": "Last 7 days"},
        {"placed": "custom", "placed_days": "9999-12-31"},
        {"placed": "custom", "placed_days": "soon"},
        {"page": "eyJhIjoxfQ=="},
    ],
)
def test_what_an_address_says_wrongly_is_left_at_its_default(dashboard: Dashboard, query: dict[str, str]) -> None:
    add_order(dashboard.shop, add_customer(dashboard.shop, "Maria Lopez"), 500)
    app = dashboard.open("orders.py", Role.STAFF, **query)
    assert not app.exception
    assert app.pills(key="orders_status").value == []
    assert any("Maria Lopez" in str(link.proto.label) for link in app.get("page_link"))


def test_a_typed_text_of_another_field_is_not_taken(dashboard: Dashboard) -> None:
    app = dashboard.open("audit.py", Role.ADMIN, who=_sealed("maria"))
    assert app.text_input(key="audit_who").value == ""


def test_options_have_short_names_without_spaces_counts_or_markup() -> None:
    names = [word for each in (*OrderStatus, *Sort) for word in address.one_of([each], None).write(each)]
    assert all(re.fullmatch(r"[a-z0-9-]+", name) for name in (*names, *_LABELS))


def _sealed(text: str) -> str:
    return address.sealed("search", text)
