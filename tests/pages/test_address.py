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
from tests.pages.reading import said
from tests.support import add_customer, add_order


def test_a_link_opens_a_list_as_it_was(dashboard: Dashboard) -> None:
    order = add_order(dashboard.shop, add_customer(dashboard.shop, "Maria Lopez"), 500)
    app = dashboard.open("orders.py", Role.STAFF, status="fulfilled", placed="7-days")
    assert app.pills(key="orders_status").value == [OrderStatus.FULFILLED]
    assert app.selectbox(key="placed").value == "7-days"
    app = dashboard.open("customers.py", Role.STAFF, sort="newest", archived="yes", search=_sealed("maria"))
    assert app.session_state["customers_sort"] is Sort.NEWEST
    assert app.toggle(key="customers_archived").value is True
    assert app.text_input(key="customers_search").value == "maria"
    assert order.number not in "".join(app.query_params)


@pytest.mark.parametrize(
    ("page", "query", "key", "label"),
    [
        ("team.py", {"form": "change"}, "team_tabs", "Change a member"),
        ("team.py", {"form": "nonsense"}, "team_tabs", "Add a member"),
        ("import_export.py", {"view": "export"}, "data_tabs", ":material/download: Export"),
    ],
)
def test_a_link_opens_a_tab(dashboard: Dashboard, page: str, query: dict[str, str], key: str, label: str) -> None:
    app = dashboard.open(page, Role.ADMIN, **query)
    assert not app.exception
    assert app.session_state[key] == label


def test_a_link_opens_the_choices_of_an_export(dashboard: Dashboard) -> None:
    add_customer(dashboard.shop, tags=["vip"])
    app = dashboard.open("import_export.py", Role.MANAGER, tag="vip", rows="line", status="paid", exported="7-days")
    assert app.selectbox(key="export_tag").value == "vip"
    assert app.segmented_control(key="export_rows").value == "line"
    assert app.pills(key="export_statuses").value == [OrderStatus.PAID]
    assert app.selectbox(key="exported").value == "7-days"


def test_a_link_opens_a_preview_for_the_same_customer_order_and_device(dashboard: Dashboard) -> None:
    maria = add_customer(dashboard.shop, "Maria Lopez")
    add_order(dashboard.shop, maria, 500)
    order = add_order(dashboard.shop, maria, 700)
    choices = {"as": "customer", "find": address.sealed("find", "maria"), "whom": maria.id, "with": order.id}
    app = dashboard.open("template.py", Role.STAFF, name="order-confirmation", look="phone", **choices)
    assert not app.exception
    chosen = {box.label: box.value for box in app.selectbox}
    assert (chosen["Customer"], chosen["Order"]) == (maria.id, order.id)
    assert app.segmented_control(key="preview_view").value == "Phone"


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
    assert "Maria Lopez" in said(app)


def test_a_typed_text_of_another_field_is_not_taken(dashboard: Dashboard) -> None:
    app = dashboard.open("audit.py", Role.ADMIN, who=_sealed("maria"))
    assert app.text_input(key="audit_who").value == ""


def test_options_have_short_names_without_spaces_counts_or_markup() -> None:
    names = [word for each in (*OrderStatus, *Sort) for word in address.one_of([each], None).write(each)]
    assert all(re.fullmatch(r"[a-z0-9-]+", name) for name in (*names, *_LABELS))


def _sealed(text: str) -> str:
    return address.sealed("search", text)
