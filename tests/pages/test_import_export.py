"""The page on which data comes in and goes out, as people see it."""

from __future__ import annotations

import io
import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from streamlit.testing.v1 import AppTest

from backend.domain.imports import Counts, ImportKind, ImportProgress
from backend.domain.jobs import Job
from backend.domain.team import Role
from backend.errors import PermissionDeniedError
from backend.services.context import Shop
from backend.services.customers.customers import find_by_email
from backend.services.jobs import queue
from backend.services.jobs.requests import enqueue_import, list_jobs
from backend.services.orders.lists import find_order
from backend.services.team import roster
from backend.workers.jobs import work_once
from pages.components.ui.downloads import deferred
from tests.pages.dashboard import Dashboard
from tests.pages.reading import MARKUP, as_read, buttons, press, said
from tests.services.imports.shopify_csv import order, text_of
from tests.services.imports.test_other_shops import STRIPE
from tests.support import STAFF, add_customer

PAGE = "import_export.py"
ORDERS = text_of([order(), order("#1002", total="?")]).encode()


def upload(app: AppTest, content: bytes, name: str = "orders_export.csv") -> AppTest:
    app.file_uploader[0].upload(name, content, "text/csv")
    return app.run()


def work(shop: Shop) -> bool:
    return work_once(shop, "worker", threading.Event())


def asked(shop: Shop, name: str = "orders_export.csv", content: bytes = ORDERS) -> Job:
    return enqueue_import(shop, STAFF, ImportKind.ORDERS, name, io.BytesIO(content))


def downloads(app: AppTest) -> list[str]:
    return [as_read(button.label) for button in app.download_button]


def test_an_empty_page_says_what_to_do_next(dashboard: Dashboard) -> None:
    app = dashboard.open(PAGE, Role.STAFF)
    assert not app.exception
    assert "The export of Shopify, WooCommerce, Etsy" in said(app)
    assert "No imports yet" in said(app)
    assert "Start import" not in buttons(app)


def test_orders_are_imported_from_the_choice_of_a_file_to_the_report(dashboard: Dashboard) -> None:
    shop = dashboard.shop
    app = upload(dashboard.open(PAGE, Role.STAFF), ORDERS)
    assert "The first rows, read as UTF-8" in said(app)

    press(app, "Start import")
    assert "Waiting" in said(app)
    assert [job.file for job in list_jobs(shop, STAFF)] == ["orders_export.csv"]
    assert "The export of Shopify, WooCommerce, Etsy" in said(app)  # the form is empty again
    assert work(shop)
    app.run()

    assert "1 new order, 1 skipped, 1 new customer" in said(app)
    assert downloads(app)[0] == "Report of skipped rows (1)"
    assert find_order(shop, "#1001") is not None


def test_recent_orders_start_automations_only_when_asked(dashboard: Dashboard) -> None:
    now = dashboard.shop.clock().timestamp()
    rows = [order(created_at=f"{now - 3600:.0f}"), order("#1002", created_at=f"{now - 10 * 86_400:.0f}")]
    app = upload(dashboard.open(PAGE, Role.STAFF), text_of(rows).encode())
    assert "customers may be emailed" not in said(app)
    app.number_input[0].set_value(2).run()
    assert "Orders of the last 2 days that are not here yet start automations: customers may be emailed" in said(app)
    press(app, "Start import")
    assert work(dashboard.shop)
    app.run()
    assert "2 new orders, 1 new customer · 1 order treated as new" in said(app)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"PK\x03\x04 not a table", "This is an Excel workbook"),
        (b"Email,Name\nmaria@example.com,Maria\n", "This is a table of customers, not a table of orders"),
    ],
)
def test_a_wrong_file_is_refused_before_anything_starts(
    dashboard: Dashboard, content: bytes, sentence: str
) -> None:  # fmt: skip
    app = upload(dashboard.open(PAGE, Role.MANAGER), content)
    assert sentence in said(app)
    assert "Start import" not in buttons(app)


def test_a_table_of_customers_is_imported_with_its_columns(dashboard: Dashboard) -> None:
    table = "Mail;Full name;Where\nmaria@example.com;Jürgen Müller;Köln\n".encode("cp1252")
    app = dashboard.open(PAGE, Role.STAFF)
    app.segmented_control(key="import_kind").set_value(ImportKind.CUSTOMERS).run()
    upload(app, table, "customers.csv")
    (city,) = [box for box in app.selectbox if box.label == "City"]
    city.select("Where").run()

    press(app, "Start import")
    work(dashboard.shop)

    customer = find_by_email(dashboard.shop, "maria@example.com")
    assert customer is not None
    assert (customer.name, customer.city) == ("Jürgen Müller", "Köln")


def test_a_table_without_a_column_of_addresses_cannot_be_started(dashboard: Dashboard) -> None:
    app = dashboard.open(PAGE, Role.STAFF)
    app.segmented_control(key="import_kind").set_value(ImportKind.CUSTOMERS).run()
    upload(app, b"Foo,Bar\n1,2\n", "customers.csv")
    assert "Choose the column with email addresses first." in said(press(app, "Start import"))
    assert list_jobs(dashboard.shop, STAFF) == []


def test_a_running_import_shows_how_far_it_is(dashboard: Dashboard) -> None:
    shop = dashboard.shop
    asked(shop)
    job = queue.take_next(shop, "worker")
    assert job is not None
    queue.renew(shop, job, ImportProgress(0.42, Counts(created=1234)))

    app = dashboard.open(PAGE, Role.ENGINEER)

    (bar,) = app.progress
    assert (bar.value, bar.text) == (42, "42% · 1,234 new orders")


def test_a_failed_import_says_why_and_one_that_nobody_takes_says_whom_to_ask(dashboard: Dashboard) -> None:
    shop = dashboard.shop
    asked(shop)
    job = queue.take_next(shop, "worker")
    assert job is not None
    queue.fail(shop, job, "The disk is full.")
    asked(shop)
    app = dashboard.open(PAGE, Role.STAFF)
    assert "The disk is full." in said(app)
    assert "No worker has taken it" not in said(app)


@pytest.mark.parametrize("name", MARKUP)
def test_markup_in_names_of_files_is_shown_as_text(dashboard: Dashboard, name: str) -> None:
    file = f"{name.replace('/', '-')}.csv"
    asked(dashboard.shop, file)
    app = dashboard.open(PAGE, Role.STAFF)
    assert f"{file} Waiting" in [as_read(element.value) for element in app.markdown]


def test_only_who_may_export_is_offered_it(dashboard: Dashboard) -> None:
    add_customer(dashboard.shop, tags=["vip"], country="DE")
    staff, manager = dashboard.open(PAGE, Role.STAFF), dashboard.open(PAGE, Role.MANAGER)
    assert downloads(staff) == []
    assert "may not export data" in said(staff)
    assert downloads(manager) == [
        "Download customers (CSV)",
        "Download customers (XLSX)",
        "Download orders (CSV)",
        "Download orders (XLSX)",
    ]
    manager.segmented_control(key="export_rows").set_value("line").run()
    assert "Download line items (CSV)" in downloads(manager)
    assert manager.selectbox(key="export_tag").options == ["All tags", "vip"]
    assert manager.selectbox(key="export_country").options == ["All countries", "Germany"]


def test_a_download_is_refused_to_whoever_has_signed_out_since_the_page_was_drawn(dashboard: Dashboard) -> None:
    member = dashboard.member(Role.MANAGER)
    make = deferred(dashboard.shop, member.actor, lambda actor: actor.username.encode())
    assert make() == b"the-manager"
    roster.change(
        dashboard.shop,
        member.username,
        lambda m: replace(m, sessions_valid_from=m.sessions_valid_from + timedelta(seconds=1)),
    )
    with pytest.raises(PermissionDeniedError):
        make()


def test_names_that_can_be_read_in_several_ways_are_shown_for_a_person_to_choose(dashboard: Dashboard) -> None:
    app = dashboard.open(PAGE, Role.STAFF)
    app.segmented_control(key="import_kind").set_value(ImportKind.CUSTOMERS).run()
    upload(app, b"Email,Name\nd@example.com," + "Dalė".encode("cp1257") + b"\n", "customers.csv")
    choice = app.radio[0]
    assert choice.value is None
    assert "Baltic, Windows (cp1257)" in choice.options
    assert "Start import" not in buttons(app)

    choice.set_value("cp1257").run()
    assert app.dataframe[0].value["Name"].tolist() == ["Dalė"]
    press(app, "Start import")
    assert work(dashboard.shop)
    customer = find_by_email(dashboard.shop, "d@example.com")
    assert customer is not None
    assert customer.name == "Dalė"


def test_a_clear_guess_is_shown_with_five_names_to_confirm(dashboard: Dashboard) -> None:
    names = ["Jörg Müller", "Bärbel Weiß", "François Lefèvre", "Hélène Durand", "María Muñoz", "Zoë Ñandú"]
    app = dashboard.open(PAGE, Role.STAFF)
    app.segmented_control(key="import_kind").set_value(ImportKind.CUSTOMERS).run()
    text = "Email,Name\n" + "".join(f"c{n}@example.com,{name}\n" for n, name in enumerate(names))
    upload(app, text.encode("mac_roman"), "customers.csv")
    choice = app.radio[0]
    assert choice.value == "mac_roman"
    captions = choice.proto.captions
    assert len([name for name in names if name in captions[0]]) == 5
    assert "Start import" in buttons(app)


TABLE = b"Beleg;Wann;Kunde;Was;Betrag\nA-1;02.03.2026;Maria;Tee;2,50\n"


def test_the_columns_of_a_table_are_matched_and_its_first_orders_shown(dashboard: Dashboard) -> None:
    app = upload(dashboard.open(PAGE, Role.STAFF), TABLE, "till.csv")
    assert "Matched by the titles of the columns" in said(app)
    assert "The table needs a column for: Order number, Date, Total" in said(app)
    for label, title in (("Order number", "Beleg"), ("Date", "Wann"), ("Item", "Was"), ("Price of one", "Betrag")):
        next(each for each in app.selectbox if each.label == label).select(title)
    app.text_input[0].set_value("Till").run()
    assert [row["Order"] for row in app.dataframe[-1].value.to_dict("records")] == ["A-1"]

    press(app, "Start import")
    assert work(dashboard.shop)
    app.run()
    assert "1 new order" in said(app)
    app = upload(dashboard.open(PAGE, Role.STAFF), TABLE, "till.csv")
    assert "Matched as the last time" in said(app)


def test_orders_of_a_known_program_are_recognised(dashboard: Dashboard) -> None:
    app = upload(dashboard.open(PAGE, Role.STAFF), STRIPE.encode(), "payments.csv")
    assert "Recognised as Stripe's payments" in said(app)
    press(app, "Start import")
    assert work(dashboard.shop)
    assert find_order(dashboard.shop, "ch_1") is not None
