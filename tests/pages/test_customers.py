"""The list of customers as people see it."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from backend.domain.team import Role
from backend.services.customers.customers import archive_customer, find_by_email
from tests.pages.dashboard import Dashboard
from tests.pages.reading import MARKUP, buttons, field, links, press, rows, said, sort, tables
from tests.support import STAFF, add_customer, add_order


def names(app: AppTest) -> list[str]:
    """What the list shows, by the names."""
    return [row["Customer"] for row in rows(app)]


def test_an_empty_shop_says_how_customers_come_in(dashboard: Dashboard) -> None:
    app = dashboard.open("customers.py", Role.STAFF)
    assert not app.exception
    assert "No customers yet" in said(app)


def test_a_shop_without_orders_says_where_its_customers_are(dashboard: Dashboard) -> None:
    add_customer(dashboard.shop, country="DE")
    app = dashboard.open("customers.py", Role.STAFF)
    assert "No orders yet" in said(app)
    press(app, "Show the newest customers")
    assert names(app) == ["Maria Lopez"]


def test_customers_are_listed_by_revenue_and_lead_to_their_page(dashboard: Dashboard) -> None:
    shop = dashboard.shop
    maria, jonas = add_customer(shop, "Maria", "maria@example.com", country="ES"), add_customer(shop, "Jonas", "")
    add_order(shop, maria, 1000)
    add_order(shop, jonas, 2000)
    app = dashboard.open("customers.py", Role.ENGINEER)
    first, second = rows(app)
    assert (first["Customer"], first["Revenue"], first["Orders"]) == ("Jonas", "$20.00", "1")
    assert (second["Customer"], second["Email"], second["Country"]) == ("Maria", "maria@example.com", "Spain")
    assert list(links(app).values()) == [{"id": [jonas.id]}, {"id": [maria.id]}]


def test_a_search_finds_beginnings_of_words(dashboard: Dashboard) -> None:
    for name in ("Maria Lopez", "Marius Weber", "Jonas Weber"):
        add_customer(dashboard.shop, name, "")
    app = dashboard.open("customers.py", Role.STAFF)
    app.text_input(key="customers_search").set_value("mari").run()
    assert sorted(names(app)) == ["Maria Lopez", "Marius Weber"]
    app.text_input(key="customers_search").set_value("web jo").run()
    assert names(app) == ["Jonas Weber"]
    app.text_input(key="customers_search").set_value("zzz").run()
    assert "No match" in said(app)


def test_one_letter_is_too_little_and_says_so(dashboard: Dashboard) -> None:
    app = dashboard.open("customers.py", Role.STAFF)
    app.text_input(key="customers_search").set_value("m").run()
    assert not app.exception
    assert "Type at least two letters" in said(app)


def test_tags_countries_and_the_archive_narrow_the_list(dashboard: Dashboard) -> None:
    shop = dashboard.shop
    maria = add_customer(shop, "Maria", "", country="ES", tags=("vip",))
    jonas = add_customer(shop, "Jonas", "", country="DE")
    gone = add_customer(shop, "Gone", "", country="DE")
    for customer in (maria, jonas, gone):
        add_order(shop, customer)
    archive_customer(shop, STAFF, gone.id, gone.version)
    app = dashboard.open("customers.py", Role.STAFF)
    assert app.selectbox(key="customers_country").options == ["Germany (1)", "Spain (1)"]
    app.selectbox(key="customers_tag").set_value("vip").run()
    assert names(app) == ["Maria"]
    app.selectbox(key="customers_tag").set_value(None).run()
    app.selectbox(key="customers_country").set_value("DE").run()
    assert names(app) == ["Jonas"]
    app.toggle(key="customers_archived").set_value(True).run()
    assert names(app) == ["Gone Archived"]


def test_a_long_list_has_pages_to_go_forward_and_back(dashboard: Dashboard) -> None:
    shop = dashboard.shop
    for number in range(23):
        add_order(shop, add_customer(shop, f"Customer {number:02}", ""), 1000 + number)
    app = dashboard.open("customers.py", Role.STAFF)
    assert len(rows(app)) == 20
    press(app, "Next")
    assert names(app) == ["Customer 02", "Customer 01", "Customer 00"]
    assert "Page 2" in said(app)
    assert "Next" not in buttons(app)
    press(app, "Previous")
    assert names(app)[0] == "Customer 22"
    press(app, "Next")
    sort(app, "Added", "newest")
    assert "Page 1" in said(app)
    press(app, "Next").selectbox(key="customers_rows").set_value(50).run()
    assert len(rows(app)) == 23
    assert "Page 1" in said(app)


def test_the_heads_of_the_columns_choose_the_order(dashboard: Dashboard) -> None:
    shop = dashboard.shop
    maria, jonas = add_customer(shop, "Maria", ""), add_customer(shop, "Jonas", "")
    for customer, total in ((maria, 1000), (maria, 1000), (jonas, 9000)):
        add_order(shop, customer, total)
    add_customer(shop, "Nobody yet", "")
    app = dashboard.open("customers.py", Role.STAFF)
    assert (names(app), tables(app)[0]["count"]) == (["Jonas", "Maria"], "Those with orders, of 3 customers")
    sort(app, "Orders", "orders")
    assert (names(app), tables(app)[0]["sorted"]) == (["Maria", "Jonas"], "orders")
    sort(app, "Added", "newest")
    assert (len(names(app)), tables(app)[0]["count"]) == (3, "3 customers")


def test_adding_a_customer_opens_the_new_page(dashboard: Dashboard) -> None:
    app = press(dashboard.open("customers.py", Role.MANAGER), "Add customer")
    field(app, "Given name").set_value("Maria Lopez")
    field(app, "Email address").set_value("Maria@Example.com")
    app.segmented_control[-1].set_value("Agreed")
    app.button(key="add_customer_now").click().run()
    customer = find_by_email(dashboard.shop, "maria@example.com")
    assert customer is not None
    assert customer.consent is not None
    assert customer.consent.given


def test_an_address_that_is_taken_names_its_customer_and_leads_there(dashboard: Dashboard) -> None:
    maria = add_customer(dashboard.shop, "Maria *Lopez*", "maria@example.com")
    app = press(dashboard.open("customers.py", Role.STAFF), "Add customer")
    field(app, "Given name").set_value("Somebody")
    field(app, "Email address").set_value("MARIA@example.com")
    app.button(key="add_customer_now").click().run()
    assert "This email address belongs to Maria *Lopez* already." in said(app)
    assert links(app)["Open this customer"] == {"id": [maria.id]}
    assert field(app, "Given name").value == "Somebody"


def test_a_malformed_address_is_refused_and_what_was_typed_stays(dashboard: Dashboard) -> None:
    app = press(dashboard.open("customers.py", Role.STAFF), "Add customer")
    field(app, "Given name").set_value("Maria")
    field(app, "Email address").set_value("not an address")
    app.button(key="add_customer_now").click().run()
    assert "is not an email address" in said(app)
    assert field(app, "Email address").value == "not an address"


def test_who_may_not_edit_sees_no_way_to_add(dashboard: Dashboard) -> None:
    assert "Add customer" in buttons(dashboard.open("customers.py", Role.MANAGER))
    assert "Add customer" not in buttons(dashboard.open("customers.py", Role.ENGINEER))


@pytest.mark.parametrize("name", MARKUP)
def test_markup_in_names_and_tags_is_shown_as_text(dashboard: Dashboard, name: str) -> None:
    tag = name.replace(",", "").casefold()
    add_order(dashboard.shop, add_customer(dashboard.shop, name, "", tags=(tag,)))
    (row,) = rows(dashboard.open("customers.py", Role.STAFF))
    assert (row["Customer"], row["Tags"]) == (name, tag)
