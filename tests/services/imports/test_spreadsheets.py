"""What spreadsheets do to a file: dates, amounts, numbers and quotation marks."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import date

import pytest

from backend.errors import InvalidInputError
from backend.services.context import Shop
from backend.services.imports import import_orders
from backend.services.imports.amounts import DecimalSigns
from backend.services.orders.lists import find_order
from backend.services.statistics.figures import totals_by_day, totals_of
from tests.services.imports.shopify_csv import export, faults, imported, line, order, text_of, written
from tests.support import STAFF


def placed(shop: Shop, number: str) -> str:
    found = find_order(shop, number)
    assert found is not None
    return f"{found.placed_at:%Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("settling", "written", "moment"),
    [
        ("31/12/2025 22:36", "02/03/2026 09:05", "2026-03-02 09:05"),
        ("12/31/2025 22:36", "02/03/2026 09:05", "2026-02-03 09:05"),
        ("12/31/2025 10:36 PM", "2/3/26 9:05 PM", "2026-02-03 21:05"),
        ("31-12-2025", "02-03-2026", "2026-03-02 00:00"),
        ("31/12/25", "02/03/26", "2026-03-02 00:00"),
        ("2025-12-31 10:00:00 +0000", "02.03.2026 9:05", "2026-03-02 09:05"),
        ("2025-12-31 10:00:00 +0000", "2026/3/2 09:05", "2026-03-02 09:05"),
        ("2025-12-31 10:00:00 +0000", "2 Mar 2026 09:05", "2026-03-02 09:05"),
        ("2025-12-31 10:00:00 +0000", "March 2, 2026", "2026-03-02 00:00"),
        ("2025-12-31 10:00:00 +0000", "46083.5", "2026-03-02 12:00"),
        ("12/02/2026", "02/03/2026", "2026-03-02 00:00"),
    ],
)
def test_one_date_that_can_be_read_in_one_way_settles_the_others(
    shop: Shop, settling: str, written: str, moment: str
) -> None:
    imported(shop, order("#1", created_at=settling), order("#2", created_at=written))
    assert placed(shop, "#2") == moment


@pytest.mark.parametrize(("dates", "day"), [("day-first", "2026-03-02"), ("month-first", "2026-02-03")])
def test_where_the_file_settles_nothing_the_import_asks_and_does_what_it_is_asked(
    shop: Shop, dates: str, day: str
) -> None:
    path = export(shop.data_dir, order("#1", created_at="02/03/2026"))
    with pytest.raises(InvalidInputError, match=r"02/03/2026.*--dates day-first"):
        import_orders(shop, STAFF, path)
    assert find_order(shop, "#1") is None

    import_orders(shop, STAFF, path, dates=dates)
    assert placed(shop, "#1")[:10] == day


def test_a_word_that_is_no_order_of_dates_is_refused(shop: Shop) -> None:
    with pytest.raises(InvalidInputError, match="day-first or month-first"):
        import_orders(shop, STAFF, export(shop.data_dir, order()), dates="year-first")


def test_among_dates_of_the_usual_form_one_that_can_be_read_in_two_ways_costs_its_order_alone(shop: Shop) -> None:
    result = imported(shop, order("#1", created_at="02/03/2026"), order("#2"))
    assert (result.orders.created, result.orders.failed) == (1, 1)
    assert "the day first or with the month first" in faults(result)[0]["Reason"]


@pytest.mark.parametrize(
    ("currency", "amount", "shipping", "minor"),
    [
        ("CLP", "12.990", "0", 12990),
        ("CLP", "12,990", "0", 12990),
        ("CLP", "$12.990", "0", 12990),
        ("CLP", "12990.00", "0.00", 12990),
        ("JPY", "1,200", "0", 1200),
        ("KWD", "1.250", "0.500", 1250),
        ("KWD", "1.234,500", "0,500", 1234500),
        ("EUR", "1.234", "0", 123400),
        ("EUR", "1.234,56 €", "4,90", 123456),
        ("CHF", "1\u2019234.50", "0.00", 123450),
        ("SEK", "1 234,50 kr", "0,00", 123450),
    ],
)
def test_amounts_are_read_as_the_currency_and_the_file_have_it(
    shop: Shop, currency: str, amount: str, shipping: str, minor: int
) -> None:
    here = replace(shop, currency=currency)
    cells = {"subtotal": amount, "total": amount, "lineitem_price": amount, "shipping": shipping}
    imported(here, order(currency=currency, taxes="0", discount_amount="0", refunded_amount="0", **cells))
    assert totals_of(totals_by_day(here, date(2026, 3, 1), date(2026, 3, 31))).revenue == minor


@pytest.mark.parametrize(("header_too", "after"), [(True, ""), (True, ";;;"), (False, "")])
def test_rows_quoted_as_a_whole_are_the_rows_that_they_were(shop: Shop, header_too: bool, after: str) -> None:
    plain = text_of([order("#1", lineitem_name='Tea, "fine"', notes="two\nlines"), line("#1"), order("#2")])
    rows = list(csv.reader(io.StringIO(plain)))
    wrapped = []
    for number, row in enumerate(rows):
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerow(row)
        whole = out.getvalue().rstrip("\n")
        quoted = '"' + whole.replace('"', '""') + '"' + after
        wrapped.append(quoted if number or header_too else whole)

    result = import_orders(shop, STAFF, written(shop.data_dir, "\n".join(wrapped)))

    found = find_order(shop, "#1")
    assert faults(result) == []
    assert found is not None
    assert ([item.title for item in found.lines], found.note) == (['Tea, "fine"', "Tea pot"], "two\nlines")


def test_numbers_in_scientific_notation_are_read_where_no_digit_is_lost(shop: Shop) -> None:
    result = imported(
        shop,
        order("#1", phone="4.930123456E+9", lineitem_sku="4.006381333931E+12"),
        order("#2", phone="4.93012E+11", lineitem_sku="4.00638E+12", email="b@example.com"),
        order("1.23457E+11", email="c@example.com"),
    )

    whole, rounded = find_order(shop, "#1"), find_order(shop, "#2")
    assert whole is not None
    assert rounded is not None
    assert (whole.lines[0].sku, rounded.lines[0].sku) == ("4006381333931", "")
    assert [(row["Order"], row["Column"], row["Outcome"]) for row in faults(result)] == [
        ("1.23457E+11", "Name", "left out"),
        ("#2", "Phone", "repaired"),
        ("#2", "Lineitem sku", "repaired"),
    ]


@pytest.mark.parametrize(
    ("currency", "delimiter", "amounts", "decimal_comma"),
    [
        ("USD", ",", ["1.234", "26.00"], False),
        ("USD", ",", ["1.234", "26,00"], True),
        ("USD", ",", ["1.234.567"], True),
        ("USD", ",", ["1,23,456"], False),
        ("USD", ",", ["1.234"], None),
        ("USD", ",", ["$1 234,5 USD"], True),
        ("KWD", ";", ["12.500", "0.250"], False),
        ("KWD", ";", ["12.500", "10.000", "0"], False),
        ("KWD", ",", ["12,500", "10,000"], True),
        ("KWD", ",", ["1,250", "50"], None),
        ("KWD", ",", ["1250,000", "50"], True),
    ],
)
def test_the_amounts_of_a_file_show_its_decimal_sign(
    currency: str, delimiter: str, amounts: list[str], decimal_comma: bool | None
) -> None:
    signs = DecimalSigns(delimiter, currency)
    for amount in amounts:
        signs.see(amount)
    assert signs.decimal_comma is decimal_comma


@pytest.mark.parametrize(
    "written",
    [
        "2 März 2026 10:00",
        "2. März 2026, 10:00",
        "2 de marzo de 2026 10:00",
        "2 mars 2026 10:00",
        "March 2nd, 2026 at 10:00 am",
        "Monday, March 2, 2026 10:00",
        "Mon, 02 Mar 2026 10:00:00 GMT",
        "2026-03-02 05:00:00 EST",
        "2026-03-02 10:00:00.123456+00",
        "20260302T100000Z",
        "1772445600",
        "1772445600123",
    ],
)
def test_a_date_is_read_in_words_and_as_programs_write_it(shop: Shop, written: str) -> None:
    assert imported(shop, order("#1", created_at=written)).orders.failed == 0
    assert placed(shop, "#1") == "2026-03-02 10:00"
