"""Customers and orders as files for spreadsheets."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook  # type: ignore[import-untyped]  # its stubs would be a package more

from backend.domain.addresses import Address, KnownAddress
from backend.domain.fulfilments import Tracking
from backend.domain.orders import LineItem, OrderStatus
from backend.errors import InvalidInputError, PermissionDeniedError
from backend.services.context import Shop
from backend.services.customers import customers
from backend.services.customers.addresses import save_address
from backend.services.customers.lists import CustomerFilter
from backend.services.exports import Format, export_customers, export_line_items, export_orders, writers
from backend.services.orders import orders
from backend.services.orders.fulfilments import fulfil_order
from backend.services.orders.lists import OrderFilter
from backend.services.orders.parts import new_part_id
from tests.services.test_repairing import audit_entries
from tests.support import MANAGER, STAFF, TestClock, add_customer, add_order, draft, opened_shop, ref

YEAR = OrderFilter(date(2026, 1, 1), date(2026, 12, 31))
FORMULAS = ("=1+1", "+1", "-1", "@SUM(1)")


def csv_of(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def customers_csv(shop: Shop, wanted: CustomerFilter | None = None) -> list[dict[str, str]]:
    target = io.BytesIO()
    count = export_customers(shop, MANAGER, target, "csv", wanted)
    rows = csv_of(target.getvalue())
    assert count == len(rows)
    return rows


def sheets_of(data: bytes) -> dict[str, list[tuple[Any, ...]]]:
    book = load_workbook(io.BytesIO(data), read_only=True)
    sheets = {sheet.title: [tuple(row) for row in sheet.iter_rows(values_only=True)] for sheet in book.worksheets}
    book.close()
    return sheets


def test_a_customer_is_exported_with_consent_tags_and_totals(shop: Shop) -> None:
    customer = add_customer(shop, "Zoë", "zoe@example.com", country="DE", city="Köln", tags=["a", "b"], consent=True)
    add_order(shop, customer, 123456)
    add_order(shop, customer, 1001)
    home = KnownAddress("1", Address("Zoë", street="Lindenstr. 5", postcode="50667", city="Köln", country="DE"))
    save_address(shop, STAFF, customer.id, 0, home)

    [row] = customers_csv(shop)

    assert row == {
        "Customer id": customer.id, "Name": "Zoë", "E-mail address": "zoe@example.com", "Country": "DE",
        "City": "Köln", "Phone": "", "Tags": "a, b", "Marketing": "yes", "Marketing since": "2026-11-26 12:00:00",
        "Marketing source": "staff", "Customer since": "2026-11-26 12:00:00", "Archived": "no", "Source": "staff",
        "Orders": "2", "Revenue": "1244.57", "Average order": "622.29", "Currency": "USD",
        "First name": "", "Last name": "", "Company": "", "Street": "Lindenstr. 5", "Street 2": "", "Postcode": "50667",
        "Region": "",
    }  # fmt: skip


def test_an_order_is_one_row_with_its_amounts_in_the_shops_zone(clock: TestClock) -> None:
    with opened_shop(clock=clock, zone="Asia/Tokyo") as shop:
        customer = add_customer(shop, "Maria", "maria@example.com", country="JP")
        lines = (LineItem("Assam", 2, 1000), LineItem("Pot", 1, 5000))
        wanted = draft(
            customer, lines=lines, discount=500, shipping=490, tax=100, note="Gift",
            placed_at=datetime(2026, 3, 2, 20, tzinfo=UTC),
        )  # fmt: skip
        address = Address("Maria", "", "1-1 Marunouchi", "", "Tokyo", "100-0005", "Tokyo", "JP", "+81 3 1234 5678")
        wanted = replace(wanted, shipping_address=address)
        order = orders.place_order(shop, STAFF, wanted, orders.new_idempotency_key(shop)).order
        order = fulfil_order(shop, STAFF, ref(order), (2, 0), Tracking("Yamato", "4411"), "P1")
        orders.refund_order(shop, MANAGER, ref(order), 1000, "", new_part_id())
        target = io.BytesIO()
        assert export_orders(shop, MANAGER, target, Format.CSV, YEAR) == 1

    [row] = csv_of(target.getvalue())
    assert row == {
        "Number": order.number, "Placed at": "2026-03-03 05:00:00", "Status": "paid", "Customer id": customer.id,
        "Customer": "Maria", "E-mail address": "maria@example.com", "Country": "JP", "Line items": "2", "Items": "3",
        "Subtotal": "65.00", "Discount": "5.00", "Discount code": "", "Shipping": "4.90", "Tax": "1.00",
        "Total": "70.90", "Refunded": "10.00", "Net": "60.90", "Currency": "USD", "Source": "", "Note": "Gift",
        "Payment": "partly refunded", "Fulfilment": "partly fulfilled", "Shipping name": "Maria",
        "Shipping company": "", "Shipping street": "1-1 Marunouchi", "Shipping street 2": "", "Shipping city": "Tokyo",
        "Shipping postcode": "100-0005", "Shipping region": "Tokyo", "Shipping country": "JP",
        "Shipping phone": "'+81312345678", "Tracking": "4411",
    }  # fmt: skip


def test_orders_are_chosen_by_day_and_status_newest_first(shop: Shop) -> None:
    customer = add_customer(shop)
    for day, status in ((1, OrderStatus.PAID), (2, OrderStatus.PENDING), (3, OrderStatus.PAID), (4, OrderStatus.PAID)):
        add_order(shop, customer, day * 100, placed_at=datetime(2026, 3, day, tzinfo=UTC), status=status)
    target = io.BytesIO()

    export_orders(
        shop, MANAGER, target, "csv", OrderFilter(date(2026, 3, 1), date(2026, 3, 3), (OrderStatus.PAID,))
    )  # fmt: skip

    assert [row["Total"] for row in csv_of(target.getvalue())] == ["3.00", "1.00"]


def test_customers_are_chosen_by_tag_country_search_and_archive(shop: Shop) -> None:
    add_customer(shop, "Ann Tea", country="DE", tags=["vip"])
    add_customer(shop, "Bob Tea", country="FR", tags=["vip"])
    gone = add_customer(shop, "Cy Pot", country="DE")
    customers.archive_customer(shop, STAFF, gone.id, gone.version)

    def names(**wanted: Any) -> set[str]:
        return {row["Name"] for row in customers_csv(shop, CustomerFilter(**wanted))}

    assert names() == {"Ann Tea", "Bob Tea"}
    assert names(tag="vip", country="FR") == {"Bob Tea"}
    assert names(country="DE") == {"Ann Tea"}
    assert names(country="DE", archived=True) == {"Cy Pot"}
    assert names(search="tea", tag="vip") == {"Ann Tea", "Bob Tea"}


def test_a_search_that_finds_more_than_can_be_listed_is_refused_and_not_cut(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backend.services.customers.lists._MATCHES", 2)
    for number in range(4):
        add_customer(shop, f"Maria {number}")
    with pytest.raises(InvalidInputError, match="More than 2 customers match"):
        customers_csv(shop, CustomerFilter(search="maria"))


@pytest.mark.parametrize("formula", FORMULAS)
def test_formulas_are_texts_in_both_kinds_of_files(shop: Shop, formula: str) -> None:
    add_customer(shop, formula)
    book = io.BytesIO()
    export_customers(shop, MANAGER, book, Format.XLSX)

    assert customers_csv(shop)[0]["Name"] == f"'{formula}"
    workbook = load_workbook(book)
    cell = workbook["Customers"]["B2"]
    assert (cell.value, cell.data_type) == (formula, "s")
    workbook.close()


def test_a_workbook_holds_numbers_and_dates_and_not_texts_that_look_like_them(shop: Shop) -> None:
    add_order(shop, add_customer(shop), 123450, placed_at=datetime(2026, 3, 2, 10, 30, tzinfo=UTC))
    target = io.BytesIO()
    export_orders(shop, MANAGER, target, "XLSX", YEAR)

    header, row = sheets_of(target.getvalue())["Orders"]
    values = dict(zip(header, row, strict=True))
    assert (values["Total"], values["Placed at"]) == (1234.5, datetime(2026, 3, 2, 10, 30))  # noqa: DTZ001
    assert values["Note"] is None


def test_what_does_not_fit_into_a_worksheet_goes_on_in_the_next(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writers, "SHEET_ROWS", 3)
    for number in range(5):
        add_customer(shop, f"Customer {number}")
    target = io.BytesIO()

    assert export_customers(shop, MANAGER, target, Format.XLSX) == 5

    sheets = sheets_of(target.getvalue())
    assert {title: len(rows) for title, rows in sheets.items()} == {
        "Customers": 3, "Customers 2": 3, "Customers 3": 2
    }  # fmt: skip
    assert len({rows[0] for rows in sheets.values()}) == 1


def test_an_empty_shop_gives_a_file_with_columns_alone(shop: Shop) -> None:
    target = io.BytesIO()
    assert export_orders(shop, MANAGER, target, Format.CSV, YEAR) == 0
    assert target.getvalue().decode("utf-8-sig").startswith("Number,Placed at,Status")


def test_a_file_is_there_whole_or_as_it_was_before(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "out" / "customers.csv"
    add_customer(shop)
    export_customers(shop, MANAGER, path, Format.CSV)
    before = path.read_bytes()

    class FullDiskError(Exception):
        pass

    def fail(*_: object) -> None:
        raise FullDiskError

    monkeypatch.setattr(writers, "_csv_cell", fail)
    with pytest.raises(FullDiskError):
        export_customers(shop, MANAGER, path, Format.CSV)

    assert path.read_bytes() == before
    assert [each.name for each in path.parent.iterdir()] == ["customers.csv"]
    assert path.stat().st_mode & 0o777 == 0o600


def test_thousands_of_rows_are_read_page_by_page_and_each_once(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.services.exports.customers._AT_ONCE", 7)
    monkeypatch.setattr("backend.services.exports.orders._AT_ONCE", 7)
    for _ in range(30):
        add_order(shop, add_customer(shop), 100)
    target = io.BytesIO()

    assert len({row["Customer id"] for row in customers_csv(shop)}) == 30
    assert export_orders(shop, MANAGER, target, Format.CSV, YEAR) == 30


def test_orders_are_exported_line_by_line(shop: Shop) -> None:
    customer = add_customer(shop, "Ann Tea")
    lines = (LineItem("Assam tea", 2, 450, "TEA-1"), LineItem("=Cup", 1, 1000, "CUP-1"))
    orders.place_order(shop, STAFF, draft(customer, lines=lines, discount=100), orders.new_idempotency_key(shop))
    add_order(shop, customer, 300)
    target = io.BytesIO()
    assert export_line_items(shop, MANAGER, target, Format.CSV, YEAR) == 3
    rows = [row for row in csv_of(target.getvalue()) if row["SKU"] != "TEA-1" or row["Quantity"] == "2"]
    assert [(row["Line"], row["Item"], row["Quantity"], row["Unit price"], row["Amount"]) for row in rows] == [
        ("1", "Assam tea", "2", "4.50", "9.00"),
        ("2", "'=Cup", "1", "10.00", "10.00"),
    ]
    assert {row["Customer"] for row in rows} == {"Ann Tea"}


def test_every_export_is_in_the_audit_log_without_what_was_exported(shop: Shop) -> None:
    add_order(shop, add_customer(shop, "Maria", "maria@example.com"))
    customers_csv(shop)
    export_orders(shop, MANAGER, io.BytesIO(), Format.CSV, YEAR)
    export_line_items(shop, MANAGER, io.BytesIO(), Format.CSV, YEAR)
    found = {entry.action: (entry.actor, entry.target, entry.detail) for entry in audit_entries(shop)}
    assert found["exported customers"] == ("mara", "export:customers", "1 rows")
    assert found["exported orders"] == ("mara", "export:orders", "1 rows")
    assert found["exported line items"] == ("mara", "export:line items", "1 rows")


def test_exports_need_the_permission(shop: Shop) -> None:
    with pytest.raises(PermissionDeniedError):
        export_customers(shop, STAFF, io.BytesIO(), Format.CSV)
    with pytest.raises(PermissionDeniedError):
        export_orders(shop, STAFF, io.BytesIO(), Format.CSV, YEAR)
    with pytest.raises(PermissionDeniedError):
        export_line_items(shop, STAFF, io.BytesIO(), Format.CSV, YEAR)


def test_another_format_is_refused(shop: Shop) -> None:
    with pytest.raises(InvalidInputError, match="csv and xlsx are possible"):
        export_customers(shop, MANAGER, io.BytesIO(), "pdf")


def test_a_range_upside_down_is_refused(shop: Shop) -> None:
    with pytest.raises(InvalidInputError, match="after the last day"):
        export_orders(shop, MANAGER, io.BytesIO(), Format.CSV, OrderFilter(date(2026, 2, 1), date(2026, 1, 1)))
