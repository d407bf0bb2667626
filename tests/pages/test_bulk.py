"""Actions on the selected rows of a list: what a person reads before and after, and how it is undone."""

from __future__ import annotations

import pytest

from backend.domain.customers import MOST_TAGS
from backend.domain.orders import OrderStatus
from backend.domain.team import Role
from backend.services.automations.defaults import add_defaults
from backend.services.automations.saved import switch_on
from backend.services.customers.customers import get_customer
from backend.services.orders.changes import get_order
from backend.services.orders.orders import change_status
from backend.services.triggers import active
from tests.pages.dashboard import Dashboard
from tests.pages.reading import act, downloads, links, open_export, press, said, tables
from tests.support import ADMIN, STAFF, add_customer, add_order, ref


def test_a_tag_is_added_to_the_selected_customers_and_taken_back(dashboard: Dashboard) -> None:
    shop = dashboard.shop
    maria, jonas = add_customer(shop, "Maria", ""), add_customer(shop, "Jonas", "", tags=("{vip}",))
    full = add_customer(shop, "Tara", "", tags=tuple(f"t{number}" for number in range(MOST_TAGS)))
    for customer in (maria, jonas, full):
        add_order(shop, customer)
    app = act(dashboard.open("customers.py", Role.STAFF), "tag", "Maria", "Jonas", "Tara")
    press(app, "Add tag to 3 customers")
    assert "Tag is missing." in said(app)
    app.selectbox[-1].set_value("{vip}").run()
    assert "1 of them have this tag already." in said(app)
    press(app, "Add tag to 3 customers")
    assert "Tag “{vip}” added to 1 customer. 1 customer needed no change." in said(app)
    assert f"**Tara**: A customer can have {MOST_TAGS} tags at most." in said(app)
    assert get_customer(shop, maria.id).tags == ("{vip}",)
    press(app, "Undo")
    assert (get_customer(shop, maria.id).tags, get_customer(shop, jonas.id).tags) == ((), ("{vip}",))
    assert "added to" not in said(app)
    assert "1 item undone." in said(app)
    assert "Show change" in links(app)


def test_the_selected_customers_are_archived_and_restored(dashboard: Dashboard) -> None:
    shop = dashboard.shop
    for name in ("Maria", "Jonas", "Ana"):
        add_order(shop, add_customer(shop, name, ""))
    app = act(dashboard.open("customers.py", Role.MANAGER), "archive", "Maria", "Ana")
    assert "Maria" in said(app)
    press(app, "Archive 2 customers")
    assert "2 customers archived." in said(app)
    assert [row["cells"][0]["text"] for row in tables(app)[0]["rows"]] == ["Jonas"]
    press(app, "Close")
    app.toggle(key="customers_archived").set_value(True).run()
    press(act(app, "restore", "Maria"), "Restore 1 customer")
    assert [row["cells"][0]["text"] for row in tables(app)[0]["rows"]] == ["Ana"]


def test_the_selected_orders_are_fulfilled_and_their_customers_notified_or_not(
    dashboard: Dashboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = dashboard.shop
    monkeypatch.setattr(active, "LEAD", active.LEAD * 0)
    shipped = next(each for each in add_defaults(shop, ADMIN) if each.name.startswith("Shipping"))
    switch_on(shop, ADMIN, shipped.id, shipped.version)
    maria = add_customer(shop, "Maria", "maria@example.com")
    paid, gone = add_order(shop, maria), add_order(shop, maria)
    change_status(shop, STAFF, ref(gone), OrderStatus.CANCELLED)
    app = act(dashboard.open("orders.py", Role.STAFF), "fulfil", paid.number, gone.number)
    assert "1 of them cannot be fulfilled, or are already." in said(app)
    assert f"“{shipped.name}” for 1 order with an email address." in said(app)
    next(each for each in app.toggle if each.label == "Email the customers").set_value(False).run()
    press(app, "Mark 1 order as fulfilled")
    assert "1 order marked as fulfilled." in said(app)
    assert f"**{gone.number}**" in said(app).replace("\\", "")
    assert get_order(shop, maria.id, paid.id).history[-1].text.endswith("(without email)")


def test_each_role_has_the_actions_that_it_may_do(dashboard: Dashboard) -> None:
    shop = dashboard.shop
    add_order(shop, add_customer(shop))
    expected = {
        Role.STAFF: ({"tag", "untag", "archive"}, {"fulfil"}),
        Role.ENGINEER: ({"export"}, {"export"}),
        Role.ADMIN: ({"tag", "untag", "archive", "export"}, {"fulfil", "export"}),
    }
    for role, (of_customers, of_orders) in expected.items():
        for page, wanted in (("customers.py", of_customers), ("orders.py", of_orders)):
            app = dashboard.open(page, role)
            assert {action["name"] for action in tables(app)[0]["actions"]} == wanted
            what = page.removesuffix(".py")
            assert ("export" in wanted) is (f"Download {what} (XLSX)" in downloads(open_export(app, what)))


def test_what_is_listed_and_what_is_selected_can_be_taken_out(dashboard: Dashboard) -> None:
    shop = dashboard.shop
    for name in ("Maria", "Jonas"):
        add_order(shop, add_customer(shop, name, ""))
    app = open_export(dashboard.open("customers.py", Role.ADMIN), "customers")
    assert app.radio(key="export_which").options == ["All that are listed", "The first 100"]
    act(app, "export", "Maria")
    assert "Download selected customers (XLSX)" in downloads(app)
    assert not app.exception
    orders = act(dashboard.open("orders.py", Role.ADMIN), "export", "T")
    assert "Download selected orders (CSV)" in downloads(orders)
