"""One customer's page as people see and work it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from streamlit.testing.v1 import AppTest

from backend.domain.team import Role
from backend.services.customers import customers
from backend.services.customers.addresses import addresses_of
from backend.services.customers.customers import Profile, get_customer
from backend.store.port import Update
from backend.store.schema import customer_key
from pages.components.ui import caching
from tests.pages.dashboard import Dashboard
from tests.pages.reading import MARKUP, as_read, buttons, field, figures, is_literal, links, press, rows, said
from tests.support import MANAGER, STAFF, add_customer, add_order

ACTIONS = {"Edit", "Archive", "Add note", "Customer agrees", "Customer declines"}


@pytest.mark.parametrize("customer_id", ["", "NOBODY", "x" * 5000])
def test_an_unknown_customer_is_explained(dashboard: Dashboard, customer_id: str) -> None:
    app = dashboard.open("customer.py", Role.STAFF, id=customer_id)
    assert not app.exception
    assert "This customer does not exist" in said(app)
    assert "All customers" in links(app)


def test_profile_figures_and_orders_are_on_one_page(dashboard: Dashboard) -> None:
    shop = dashboard.shop
    maria = add_customer(shop, "Maria Lopez", "maria@example.com", country="ES", city="Sevilla", tags=("vip",))
    order = add_order(shop, maria, 5000)
    app = dashboard.open("customer.py", Role.MANAGER, id=maria.id)
    assert not app.exception
    assert "Maria Lopez" in said(app)
    assert [text.value for text in app.text] == ["maria@example.com"]
    assert "vip" in said(app)
    shown = figures(app)
    assert (shown["Revenue"], shown["Orders"], shown["Average order"]) == ("$50.00", "1", "$50.00")
    assert list(app.table[0].value["value"])[:2] == ["Sevilla", "Spain"]
    assert links(app)[order.number] == {"customer": [maria.id], "id": [order.id]}


def test_a_customer_without_an_address_cannot_be_emailed_and_says_so(dashboard: Dashboard) -> None:
    customer = add_customer(dashboard.shop, "Walk-in", "")
    app = dashboard.open("customer.py", Role.STAFF, id=customer.id)
    assert "Cannot be emailed: no address" in said(app)
    assert "Customer agrees" not in buttons(app)
    assert "No orders yet" in said(app)


def test_each_role_sees_what_it_may_do(dashboard: Dashboard) -> None:
    customer = add_customer(dashboard.shop)
    staff, manager, engineer = (
        dashboard.open("customer.py", role, id=customer.id) for role in (Role.STAFF, Role.MANAGER, Role.ENGINEER)
    )
    assert set(buttons(staff)) >= ACTIONS
    assert set(buttons(manager)) >= ACTIONS
    assert not set(buttons(engineer)) & ACTIONS
    assert links(staff)["Place an order"] == {"customer": [customer.id]}
    assert "Place an order" not in links(manager)


def test_editing_changes_the_profile_and_the_tags(dashboard: Dashboard) -> None:
    customer = add_customer(dashboard.shop, "Maria", "maria@example.com", tags=("old",))
    app = press(dashboard.open("customer.py", Role.STAFF, id=customer.id), "Edit")
    field(app, "Whole name").set_value("Maria Lopez")
    app.multiselect[0].set_value(["vip"])
    press(app, "Save")
    after = get_customer(dashboard.shop, customer.id)
    assert (after.name, after.tags) == ("Maria Lopez", ("vip",))
    assert "Maria Lopez" in said(app)


def test_a_name_whose_parts_nobody_has_said_stays_as_it_came_until_somebody_does(dashboard: Dashboard) -> None:
    customer = add_customer(dashboard.shop, "Dr. Lopez, Maria", "maria@example.com")
    app = press(dashboard.open("customer.py", Role.STAFF, id=customer.id), "Edit")
    assert (field(app, "Given name").value, field(app, "Family name").value) == ("", "")
    field(app, "City").set_value("Lyon")
    press(app, "Save")
    assert get_customer(dashboard.shop, customer.id).name == "Dr. Lopez, Maria"
    press(app, "Edit")
    field(app, "Given name").set_value("Maria")
    field(app, "Family name").set_value("Lopez")
    press(app, "Save")
    after = get_customer(dashboard.shop, customer.id)
    assert (after.name, after.given_name, after.family_name, after.greeting) == (
        "Maria Lopez",
        "Maria",
        "Lopez",
        "Maria",
    )
    press(app, "Edit")
    assert "Whole name" not in said(app)
    assert field(app, "Family name").value == "Lopez"


def test_a_profile_that_somebody_else_changed_is_not_overwritten(dashboard: Dashboard) -> None:
    customer = add_customer(dashboard.shop, "Maria", "maria@example.com")
    app = press(dashboard.open("customer.py", Role.STAFF, id=customer.id), "Edit")
    customers.edit_customer(dashboard.shop, MANAGER, customer.id, customer.version, Profile("Maria Weber"))
    field(app, "Whole name").set_value("Maria Lopez")
    press(app, "Save")
    assert "Someone else has changed this customer." in said(app)
    assert get_customer(dashboard.shop, customer.id).name == "Maria Weber"
    assert field(app, "Whole name").value == "Maria Lopez"
    press(app, "Reload and discard mine")
    assert field(app, "Whole name").value == "Maria Weber"


def test_whoever_was_overtaken_keeps_what_they_changed_and_sees_the_rest_as_it_is_now(dashboard: Dashboard) -> None:
    customer = add_customer(dashboard.shop, "Maria", "maria@example.com")
    app = press(dashboard.open("customer.py", Role.STAFF, id=customer.id), "Edit")
    theirs = Profile("Maria", "maria@example.com", city="Lyon")
    customers.edit_customer(dashboard.shop, MANAGER, customer.id, customer.version, theirs)
    field(app, "Whole name").set_value("Maria Lopez")
    press(app, "Save")
    press(app, "Keep my changes")
    assert (field(app, "Whole name").value, field(app, "City").value) == ("Maria Lopez", "Lyon")
    press(app, "Save")
    after = get_customer(dashboard.shop, customer.id)
    assert (after.name, after.city) == ("Maria Lopez", "Lyon")


def test_a_button_of_an_older_version_changes_nothing_until_the_page_is_reloaded(dashboard: Dashboard) -> None:
    customer = add_customer(dashboard.shop, "Maria", "maria@example.com")
    app = dashboard.open("customer.py", Role.STAFF, id=customer.id)
    customers.set_consent(dashboard.shop, MANAGER, customer.id, customer.version, False)
    press(app, "Customer agrees")
    consent = get_customer(dashboard.shop, customer.id).consent
    assert consent is not None
    assert not consent.given
    assert "Reload" in buttons(app)
    assert not set(buttons(app)) & ACTIONS
    press(app, "Reload")
    assert "Customer agrees" in buttons(app)
    assert "Customer declines" not in buttons(app)


def test_consent_is_shown_with_when_and_where(dashboard: Dashboard) -> None:
    customer = add_customer(dashboard.shop, email="maria@example.com")
    app = dashboard.open("customer.py", Role.STAFF, id=customer.id)
    assert "Not asked yet" in said(app)
    press(app, "Customer agrees")
    assert "Agreed" in said(app)
    assert "by staff (the-staff)" in said(app)


def test_archiving_asks_first_and_can_be_undone(dashboard: Dashboard) -> None:
    customer = add_customer(dashboard.shop, "Maria")
    app = press(dashboard.open("customer.py", Role.STAFF, id=customer.id), "Archive")
    assert "is removed from lists" in said(app)
    assert not get_customer(dashboard.shop, customer.id).archived
    [button for button in app.button if button.label == "Archive"][-1].click().run()
    assert get_customer(dashboard.shop, customer.id).archived
    assert "Archived" in said(app)
    assert "Place an order" not in links(app)
    press(app, "Restore")
    assert not get_customer(dashboard.shop, customer.id).archived


def test_a_note_is_kept_with_who_wrote_it_and_the_field_is_empty_again(dashboard: Dashboard) -> None:
    customer = add_customer(dashboard.shop)
    app = dashboard.open("customer.py", Role.STAFF, id=customer.id)
    field(app, "New note").set_value("Likes *blue* mugs\nand tea")
    press(app, "Add note")
    assert "Likes *blue* mugs  \nand tea" in said(app)
    assert "the-staff" in said(app)
    assert field(app, "New note").value == ""
    press(app, "Add note")
    assert "Note is missing." in said(app)


def listed_orders(app: AppTest) -> list[str]:
    """Those of the list; the timeline shows orders, too."""
    return [row["Order"] for row in rows(app, "Orders")]


def test_orders_of_a_customer_come_in_pages(dashboard: Dashboard) -> None:
    customer = add_customer(dashboard.shop)
    for _ in range(11):
        add_order(dashboard.shop, customer)
    app = dashboard.open("customer.py", Role.STAFF, id=customer.id)
    first = listed_orders(app)
    press(app, "Next")
    second = listed_orders(app)
    assert (len(first), len(second), len({*first, *second})) == (10, 1, 11)


def test_a_demo_customer_is_labelled(dashboard: Dashboard) -> None:
    customer = add_customer(dashboard.shop)
    assert "Demo" not in said(dashboard.open("customer.py", Role.STAFF, id=customer.id))
    dashboard.shop.store.update(Update(customer_key(customer.id), set={"source": "demo"}))
    assert "Demo" in said(dashboard.open("customer.py", Role.STAFF, id=customer.id))


@pytest.mark.parametrize("name", MARKUP)
def test_markup_is_shown_as_text_everywhere(dashboard: Dashboard, name: str) -> None:
    customer = add_customer(dashboard.shop, name, "", city=name, phone=name)
    customers.add_note(dashboard.shop, STAFF, customer.id, name)
    app = dashboard.open("customer.py", Role.STAFF, id=customer.id)
    assert said(app).splitlines()[0] == name
    assert said(app).count(name) >= 2
    assert [as_read(value) for value in app.table[0].value["value"]][:2] == [name, name]
    assert all(is_literal(value) for value in app.table[0].value["value"])


def test_what_a_customer_spent_is_drawn_by_month_once_there_is_an_order(dashboard: Dashboard) -> None:
    customer = add_customer(dashboard.shop)
    assert "Revenue by month" not in said(dashboard.open("customer.py", Role.MANAGER, id=customer.id))
    for days in (0, 100):
        add_order(dashboard.shop, customer, 1000, placed_at=dashboard.shop.clock() - timedelta(days=days))
    caching.changed()  # as pages that place orders do
    app = dashboard.open("customer.py", Role.MANAGER, id=customer.id)
    assert not app.exception
    assert "Revenue by month" in said(app)
    (chart,) = app.get("plotly_chart")
    assert chart.proto.alt.startswith("Revenue by month. Most:")


def test_addresses_are_added_changed_and_one_is_the_default(dashboard: Dashboard) -> None:
    maria = add_customer(dashboard.shop, "Maria Lopez")
    app = press(dashboard.open("customer.py", Role.STAFF, id=maria.id), "Add address")
    assert field(app, "Name").value == "Maria Lopez"
    field(app, "Street and number").set_value("Lindenstr. 5").run()
    app = press(app, "Save address")
    assert "Lindenstr. 5" in said(app)
    press(app, "Add address")
    field(app, "Street and number").set_value("Am Markt 1").run()
    app = press(app, "Save address")
    app = press(app, "Make default")
    streets = [entry.address.street for entry in addresses_of(dashboard.shop, maria.id).entries]
    assert streets == ["Am Markt 1", "Lindenstr. 5"]
    app.button(key=f"_removed_{addresses_of(dashboard.shop, maria.id).entries[0].id}").click().run()
    assert len(addresses_of(dashboard.shop, maria.id).entries) == 1
    press(app, "Edit address")
    field(app, "City").set_value("Berlin").run()
    press(app, "Save address")
    assert addresses_of(dashboard.shop, maria.id).entries[0].address.city == "Berlin"
    manager = buttons(dashboard.open("customer.py", Role.ENGINEER, id=maria.id))
    assert not {"Add address", "Edit address"} & set(manager)


def test_who_may_see_all_of_a_customer_can_export_it(dashboard: Dashboard) -> None:
    customer = add_customer(dashboard.shop, "Maria Lopez")
    app = dashboard.open("customer.py", Role.STAFF, id=customer.id)
    assert not app.exception
    assert "Export data" in [each.proto.label for each in app.get("download_button")]


def test_erasing_says_what_goes_and_asks_for_the_word(dashboard: Dashboard) -> None:
    customer = add_customer(dashboard.shop, "Maria Lopez", "maria@example.com")
    assert "Erase" not in buttons(dashboard.open("customer.py", Role.STAFF, id=customer.id))
    app = press(dashboard.open("customer.py", Role.MANAGER, id=customer.id), "Erase")
    assert "0 orders without name and address" in said(app)
    [button for button in app.button if button.label == "Erase"][-1].click().run()
    assert "Type ERASE" in said(app)
    assert get_customer(dashboard.shop, customer.id).email == "maria@example.com"
    field(app, "Type ERASE to confirm. This cannot be undone.").set_value("ERASE")
    [button for button in app.button if button.label == "Erase"][-1].click().run()
    assert "Erased" in said(app)
    assert "maria@example.com" not in [text.value for text in app.text]
