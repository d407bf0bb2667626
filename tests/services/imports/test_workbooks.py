"""A sheet of an Excel workbook is read as the same table in CSV would be, and hostile workbooks cost nothing."""

from __future__ import annotations

import csv
import io
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import xlsxwriter

from backend.domain.orders import Order
from backend.errors import InvalidInputError
from backend.services.context import Shop
from backend.services.imports import import_orders, workbooks
from backend.services.imports.workbooks import as_csv, sheet_names
from tests.services.imports.shopify_csv import written
from tests.services.imports.test_other_shops import ETSY_ITEMS, orders_in
from tests.support import STAFF

HEADER = ["Order ID", "Date", "Email", "Zip", "Item", "Quantity", "Price", "Tax", "Shipped at", "Phone"]
TEXTS = [
    ["1001", "2026-03-02 10:30:00", "maria@example.com", "02134", "Tea", "2", "1234.50", "22.37", "2026-03-04", "4930123456"],  # noqa: E501 - a row
    ["", "", "", "", "Pot\nwith lid", "1", "19.99", "", "", ""],
    ["1002", "2026-03-03", "ada@example.com", "10115", "Tea", "1", "5", "0", "", ""],
]  # fmt: skip


def workbook(folder: Path, name: str = "orders.xlsx") -> Path:
    """The table of `TEXTS` as a person keeps it: numbers and dates, a title above, merged cells, an empty row."""
    path = folder / name
    with xlsxwriter.Workbook(path, {"remove_timezone": True}) as book:
        moment, day = (book.add_format({"num_format": code}) for code in ("dd/mm/yyyy hh:mm", "dd/mm/yyyy"))
        zeros, money = (book.add_format({"num_format": code}) for code in ("00000", "#,##0.00 [$€-407]"))
        notes, sheet = (book.add_worksheet(title) for title in ("Notes", "Orders 2026"))
        sheet.activate()
        sheet.set_first_sheet()
        notes.hide()
        sheet.merge_range("A1:D1", "Our orders")
        sheet.write_row(2, 0, HEADER)
        sheet.write_row(3, 0, [1001.0])
        sheet.write_datetime(3, 1, datetime(2026, 3, 2, 10, 30), moment)  # noqa: DTZ001 - as sheets hold them
        sheet.write(3, 2, "maria@example.com")
        sheet.write_number(3, 3, 2134, zeros)
        sheet.write_row(3, 4, ["Tea", 2])
        sheet.write_number(3, 6, 1234.5, money)
        sheet.write_number(3, 7, 22.368)
        sheet.write_datetime(3, 8, datetime(2026, 3, 4), day)  # noqa: DTZ001 - as sheets hold them
        sheet.write_number(3, 9, 4930123456)
        sheet.write_row(4, 4, ["Pot\nwith lid", 1, 19.989999999999998])
        sheet.write_row(6, 0, ["1002"])
        sheet.write_datetime(6, 1, datetime(2026, 3, 3), day)  # noqa: DTZ001 - as sheets hold them
        sheet.write_row(6, 2, ["ada@example.com", "10115", "Tea", 1, 5, 0])
        book.add_worksheet("Other").write_row(0, 0, ["a", "b"])
    return path


def known(orders: dict[str, Order]) -> dict[str, object]:
    """What the orders say, without when and how they came in."""
    return {number: replace(each, customer_id="", history=(), version=0) for number, each in orders.items()}


def test_a_sheet_gives_the_same_orders_as_the_table_in_csv(shop: Shop, tmp_path: Path) -> None:
    table = io.StringIO()
    csv.writer(table).writerows([HEADER, *TEXTS])
    first = import_orders(shop, STAFF, workbook(tmp_path), sheet="Orders 2026")
    found = known(orders_in(shop))
    again = import_orders(shop, STAFF, written(tmp_path, table.getvalue()))
    assert (first.orders.created, first.orders.failed, again.orders.unchanged) == (2, 0, 2)
    assert known(orders_in(shop)) == found
    order = orders_in(shop)["1001"]
    assert order.placed_at == datetime(2026, 3, 2, 10, 30, tzinfo=UTC)
    assert (order.total, order.tax) == (2 * 123450 + 1999 + 2237, 2237)
    assert order.shipping_address is None or order.shipping_address.postcode == "02134"


def test_the_first_visible_sheet_or_a_chosen_one_is_read(tmp_path: Path) -> None:
    path = workbook(tmp_path)
    with path.open("rb") as file:
        assert sheet_names(file) == ["Orders 2026", "Other"]
    with as_csv(path) as first, as_csv(path, "Other") as other:
        assert "02134" in first.read_text()
        assert other.read_text().splitlines() == ["a,b"]
    with pytest.raises(InvalidInputError, match=r"has no sheet “Missing”\. Its sheets: “Orders 2026”, “Other”"):
        as_csv(path, "Missing").__enter__()


def test_a_workbook_of_a_known_program_is_recognised(shop: Shop, tmp_path: Path) -> None:
    path = tmp_path / "etsy.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        for place, row in enumerate(csv.reader(io.StringIO(ETSY_ITEMS))):
            sheet.write_row(place, 0, row)
    assert import_orders(shop, STAFF, path).orders.created == 2
    assert import_orders(shop, STAFF, written(tmp_path, ETSY_ITEMS)).orders.unchanged == 2


def test_a_workbook_that_unpacks_to_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbooks, "MOST_BYTES", 1000)
    with pytest.raises(InvalidInputError, match="too large when it is unpacked"):
        as_csv(workbook(tmp_path)).__enter__()


def test_a_cell_at_the_end_of_the_sheet_makes_no_table_of_millions(tmp_path: Path) -> None:
    path = tmp_path / "far.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write(0, 0, "Order ID")
        sheet.write(1_048_575, 16_383, "x")
    with pytest.raises(InvalidInputError, match="beyond 500,000 rows or 500 columns"):
        as_csv(path).__enter__()


def changed(path: Path, part: str, old: bytes, new: bytes) -> Path:
    """The workbook with another part."""
    other = path.with_name("changed.xlsx")
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(other, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            target.writestr(name, content.replace(old, new, 1) if name == part else content)
    return other


def test_entities_are_not_resolved(tmp_path: Path) -> None:
    bomb = b'?>\n<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'
    path = changed(workbook(tmp_path), "xl/sharedStrings.xml", b"?>", bomb)
    with pytest.raises(InvalidInputError, match="declares entities"):
        as_csv(path).__enter__()


@pytest.mark.parametrize("old", [b"<row", b"</row>", b"<sheetData>"])
def test_a_damaged_sheet_is_refused(tmp_path: Path, old: bytes) -> None:
    path = changed(workbook(tmp_path), "xl/worksheets/sheet2.xml", old, b"<<")
    with pytest.raises(InvalidInputError, match="is damaged"):
        as_csv(path).__enter__()


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["orders.csv"], "a ZIP file; unpack it first"),
        (["word/document.xml"], "a Word document"),
        (["mimetype", "content.xml"], "an OpenDocument file"),
        (["xl/workbook.bin"], "a binary Excel workbook"),
        (["Index/Document.iwa"], "a Numbers document"),
    ],
)
def test_other_zip_files_are_named(tmp_path: Path, names: list[str], said: str) -> None:
    path = tmp_path / "other.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    with pytest.raises(InvalidInputError, match=f"^This is {said}"):
        as_csv(path).__enter__()
