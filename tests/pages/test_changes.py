"""The pages of recorded changes: the list, before and after, and undoing with its preview."""

from __future__ import annotations

import pytest

from backend.domain.team import Role
from backend.services.changes.reading import list_changes
from backend.services.customers import bulk
from backend.services.customers.customers import Profile, edit_customer, get_customer
from backend.services.orders.orders import edit_order
from backend.services.products import catalogue
from backend.services.products.catalogue import ProductDraft
from backend.services.suppression.entries import suppress
from tests.pages.dashboard import Dashboard
from tests.pages.reading import MARKUP, buttons, field, links, press, rows, said
from tests.support import MANAGER, STAFF, add_customer, add_order, draft, ref


def test_who_has_changed_nothing_is_told_what_will_be_here(dashboard: Dashboard) -> None:
    bulk.archive(dashboard.shop, MANAGER, [add_customer(dashboard.shop).id])
    assert "No changes yet" in said(dashboard.open("changes.py", Role.STAFF))


def test_a_change_is_found_and_undone_but_for_what_has_changed_since(dashboard: Dashboard) -> None:
    shop = dashboard.shop
    maria, jonas = add_customer(shop, "Maria", ""), add_customer(shop, "Jonas", "")
    change = bulk.add_tag(shop, STAFF, [maria.id, jonas.id], "vip").change
    bulk.remove_tag(shop, STAFF, [jonas.id], "vip")
    app = dashboard.open("changes.py", Role.MANAGER)
    assert links(app)["Added the tag vip"] == {"id": [change]}
    field(app, "Username").set_value("nobody")
    assert "No changes by this person" in said(app.run())

    app = dashboard.open("change.py", Role.MANAGER, id=change)
    assert {row["What"].split()[0]: row["Before and after"] for row in rows(app)} == {
        "Maria": "Tags: + vip",
        "Jonas": "Tags: + vip",
    }
    press(app, "Undo")
    assert "1 item will be as before." in said(app)
    assert "**Jonas**: Changed since: tags." in said(app)
    press(app, "Undo 1 item")
    assert get_customer(shop, maria.id).tags == ()
    assert "1 undone" in said(app)
    assert {row["What"].split()[0]: row["State"] for row in rows(app)} == {
        "Maria": "undone",
        "Jonas": "Changed since: tags",
    }
    press(app, "Try again")
    assert "There is nothing left to undo." in said(app)


def test_each_kind_of_thing_is_readable(dashboard: Dashboard) -> None:
    shop = dashboard.shop
    maria = add_customer(shop)
    order = add_order(shop, maria, 1000)
    edit_order(shop, STAFF, ref(order), draft(maria, 2500, note="Ring twice"))
    product = catalogue.create_product(shop, STAFF, ProductDraft("Tea", price=500))
    catalogue.edit_product(shop, STAFF, product.id, 1, ProductDraft("Tea", price=700))
    suppress(shop, STAFF, "maria@example.com")
    found = {}
    for change in list_changes(shop, MANAGER).changes:
        (row,) = rows(dashboard.open("change.py", Role.MANAGER, id=change.id))
        found[change.summary] = row["Before and after"]
    assert "Total: $10.00 → $25.00" in found["edited an order"]
    assert "Note: none → Ring twice" in found["edited an order"]
    assert found["changed a product"] == "Price: $5.00 → $7.00"
    assert found["suppressed an address"] == "Reasons: none → manual"


def test_who_may_not_make_the_change_cannot_undo_it(dashboard: Dashboard) -> None:
    change = bulk.archive(dashboard.shop, STAFF, [add_customer(dashboard.shop).id]).change
    app = dashboard.open("change.py", Role.ENGINEER, id=change)
    assert "edit customers" in said(app)
    assert "Undo" not in buttons(app)
    assert "This change cannot be shown" in said(dashboard.open("change.py", Role.STAFF, id="GONE"))


@pytest.mark.parametrize("typed", MARKUP)
def test_texts_are_shown_as_they_are(dashboard: Dashboard, typed: str) -> None:
    maria = add_customer(dashboard.shop, "Maria", "")
    edit_customer(dashboard.shop, STAFF, maria.id, 1, Profile("Maria", city=typed))
    (change,) = list_changes(dashboard.shop, STAFF).changes
    assert typed in said(dashboard.open("change.py", Role.MANAGER, id=change.id))
