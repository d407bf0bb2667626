"""What spreadsheets and people leave in a table: errors in cells, titles again, sums, ids of nobody, dashes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from backend.domain.imports import ImportResult
from backend.services.context import Shop
from backend.services.customers.customers import get_customer
from backend.services.imports import import_customers, import_orders
from backend.services.imports.fields import is_lost, shown
from backend.services.orders.lists import find_order
from tests.services.imports.shopify_csv import HEADER, Row, faults, imported, line, order, text_of, written
from tests.support import STAFF

TITLES = dict(zip(HEADER, HEADER, strict=True))
MORE = (*HEADER, "Customer ID")


def outcomes(result: ImportResult) -> list[tuple[str, str]]:
    return [(row["Line"], row["Outcome"]) for row in faults(result)]


def imported_with_ids(shop: Shop, folder: Path, *rows: Row) -> ImportResult:
    return import_orders(shop, STAFF, written(folder, text_of(rows, header=MORE)))


# --- rows that are no orders ---


@pytest.mark.parametrize(
    "row",
    [
        TITLES,
        {title: title.upper() for title in HEADER},
        {"Name": "Total", "Subtotal": "20.00", "Shipping": "5.00", "Total": "26.00"},
        {"Name": "Summe:", "Total": "26,00 €"},
        {"Name": "TOTAL (1 orders)", "Total": "$26.00", "Currency": "USD"},
        {"Email": "Grand total", "Total": "1,026.00"},
    ],
)
def test_titles_and_sums_are_skipped_as_such(shop: Shop, row: Row) -> None:
    result = imported(shop, order("#1"), row, line("#1"))
    assert (result.counts.created, result.counts.failed) == (1, 0)
    assert outcomes(result) == [("3", "skipped")]
    found = find_order(shop, "#1")
    assert found is not None
    assert len(found.lines) == 2


@pytest.mark.parametrize("name", ["Total", "Summe"])
def test_an_order_may_be_called_like_a_sum(shop: Shop, name: str) -> None:
    assert imported(shop, order(name)).counts.created == 1


def test_files_that_were_put_together_are_one(shop: Shop, tmp_path: Path) -> None:
    first, second = (text_of([order(name, email=f"{name[1]}@example.com")]) for name in ("#1", "#2"))
    result = import_orders(shop, STAFF, written(tmp_path, f"\ufeff{first}\ufeff{second}"))
    assert (result.counts.created, outcomes(result)) == (2, [("3", "skipped")])


def test_the_sum_of_a_table_of_customers_is_nobody(shop: Shop, tmp_path: Path) -> None:
    content = "Email,Name,Phone,Orders\nm@example.com,Maria,,1\nTotal,,,1\n,Total,,1\n,Total,+4930123456,3\n"
    mapping = {"email": "Email", "name": "Name", "phone": "Phone"}
    result = import_customers(shop, STAFF, written(tmp_path, content), mapping)
    assert (result.customers.created, result.customers.failed) == (2, 0)
    assert outcomes(result) == [("3", "skipped"), ("4", "skipped")]


@pytest.mark.parametrize(
    ("above", "delimiter"),
    [
        (["Order export"], ","),
        (["Order export", "", "Shop:{0}My shop"], ","),
        (["Orders, exported on 1 March 2026, all of them"], ";"),
        (['"Lina\'s shop, Berlin"', "Exported on{0}2026-03-01"], ";"),
    ],
)
def test_lines_above_the_titles_are_passed_over_and_reported(
    shop: Shop, tmp_path: Path, above: list[str], delimiter: str
) -> None:
    table = ["Email,Name,Phone,City", "m@example.com,Maria,,Lyon", "n@example.com,Noor,,Paris"]
    lines = [line.format(delimiter) for line in above] + [row.replace(",", delimiter) for row in table]
    mapping = {"email": "Email", "name": "Name", "city": "City"}
    result = import_customers(shop, STAFF, written(tmp_path, "\n".join(lines) + "\n"), mapping)
    assert (result.customers.created, result.customers.failed) == (2, 0)
    assert outcomes(result) == [(str(number), "skipped") for number, text in enumerate(above, 1) if text]


def test_orders_below_a_title_and_above_a_footer_come_in(shop: Shop, tmp_path: Path) -> None:
    content = f"All orders\n{text_of([order('#1'), order('#2')])}Exported on 2026-03-01 by Anna\n"
    result = import_orders(shop, STAFF, written(tmp_path, content))
    assert (result.counts.created, result.counts.failed) == (2, 0)
    assert outcomes(result) == [("1", "skipped"), ("5", "skipped")]


@pytest.mark.parametrize("last", ["#3", '"Exported goods Ltd"', "exported"])
def test_an_order_that_breaks_off_is_no_footer(shop: Shop, tmp_path: Path, last: str) -> None:
    result = import_orders(shop, STAFF, written(tmp_path, f"{text_of([order('#1'), order('#2')])}{last}\n"))
    assert (result.counts.created, result.counts.failed) == (1, 1), "the last row may belong to the order above it"


@pytest.mark.parametrize(
    "content",
    ["Email\nm@example.com\nn@example.com\n", "Email\nm@example.com,Maria\nn@example.com,Noor\n"],
)
def test_a_first_line_is_the_titles_unless_a_later_one_can_be(shop: Shop, tmp_path: Path, content: str) -> None:
    result = import_customers(shop, STAFF, written(tmp_path, content), {"email": "Email"})
    assert result.customers.created + result.customers.failed == 2


# --- what a spreadsheet puts into cells ---


@pytest.mark.parametrize("text", ["#N/A", "#ref!", "#NAME?", "#DIV/0!", "#NV", "#BEZUG!", "#####"])
def test_errors_of_spreadsheets_are_no_values(text: str) -> None:
    assert is_lost(text)


@pytest.mark.parametrize("text", ["", "#", "#1001", "#NAVY", "N/A", "Tea #1"])
def test_ordinary_texts_are_values(text: str) -> None:
    assert not is_lost(text)


@pytest.mark.parametrize(
    "column", ["billing_name", "billing_city", "billing_country", "notes", "tags", "lineitem_sku", "phone", "email"]
)
@pytest.mark.parametrize("error", ["#N/A", "#REF!", "#####"])
def test_an_error_in_a_cell_counts_as_an_empty_cell(shop: Shop, column: str, error: str) -> None:
    result = imported(shop, order("#1", **{column: error}))
    found = find_order(shop, "#1")
    assert found is not None
    assert (result.counts.created, result.counts.failed) == (1, 0)
    customer = get_customer(shop, found.customer_id)
    assert error not in f"{found} {customer}"
    assert error.casefold() not in customer.tags
    assert [row["Outcome"] for row in faults(result)] == ["repaired"]


@pytest.mark.parametrize("number", ["#N/A", "#REF!", "1.23457E+12", "1,23457E+12"])
def test_orders_that_lost_their_number_are_never_taken_for_one(shop: Shop, number: str) -> None:
    result = imported(shop, order(number), order("#2"))
    assert (result.counts.created, result.counts.failed) == (1, 1)
    assert faults(result)[0]["Column"] == "Name"


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        ('="00123"', "00123"),
        ('="a ""b"""', 'a "b"'),
        ('=HYPERLINK("https://example.com","Maria")', "Maria"),
        ('=hyperlink("https://example.com"; "Maria")', "Maria"),
        ('=HYPERLINK("mailto:b@example.com")', "mailto:b@example.com"),
        ("=1+2", "=1+2"),
        ('\'="00123"', '="00123"'),
    ],
)
def test_formulas_that_only_show_a_text_are_that_text(formula: str, text: str) -> None:
    assert shown(formula) == text


# --- who it is ---


@pytest.mark.parametrize(
    "written_as",
    [
        "<maria@example.com>",
        "Maria Lopez <maria@example.com>",
        "mailto:maria@example.com",
        "mailto:maria@example.com?subject=Hi",
        "maria@example.com;",
        "maria@example.com\u200b",
        '=HYPERLINK("mailto:maria@example.com")',
        "maria@example.com; other@example.com",
    ],
)
def test_the_address_in_a_cell_is_found(shop: Shop, written_as: str) -> None:
    result = imported(shop, order("#1"), order("#2", email=written_as))
    assert (result.counts.created, result.customers.created) == (2, 1)
    assert [row["Column"] for row in faults(result)] == ["Email"]


@pytest.mark.parametrize("source_id", ["0", "000", "n/a", "none", "-", "#N/A", "7.12345E+12"])
def test_an_id_of_nobody_makes_two_people_not_one(shop: Shop, tmp_path: Path, source_id: str) -> None:
    people: Sequence[Row] = [
        order(name, email="", billing_name=name) | {"Customer ID": source_id} for name in ("#1", "#2")
    ]
    assert imported_with_ids(shop, tmp_path, *people).customers.created == 2


def test_a_foreign_id_that_looks_like_ours_is_the_sources(shop: Shop, tmp_path: Path) -> None:
    people = [order(name, email="") | {"Customer ID": "C7QX2M4P9A"} for name in ("#1", "#2")]
    assert imported_with_ids(shop, tmp_path, *people).customers.created == 1


# --- money ---


@pytest.mark.parametrize("nothing", ["-", "\u2014", "n/a", "None"])
def test_a_dash_is_nothing_refunded(shop: Shop, nothing: str) -> None:
    result = imported(shop, order("#1", refunded_amount=nothing))
    found = find_order(shop, "#1")
    assert found is not None
    assert (found.total, found.refunded) == (2600, 0)
    assert [row["Column"] for row in faults(result)] == ["Refunded Amount"]


@pytest.mark.parametrize("unknown", ["#N/A", "10%", "some"])
def test_a_refund_that_cannot_be_read_is_not_taken_for_none(shop: Shop, unknown: str) -> None:
    assert imported(shop, order("#1", refunded_amount=unknown)).counts.failed == 1


@pytest.mark.parametrize(("written_as", "discount"), [("10%", 200), ("-12,5 %", 250), ("100%", 2000)])
def test_a_discount_in_percent_is_a_share_of_the_line_items(shop: Shop, written_as: str, discount: int) -> None:
    subtotal, total = (f"{(amount - discount) / 100:.2f}" for amount in (2000, 2600))
    imported(shop, order("#1", discount_amount=written_as, subtotal=subtotal, total=total))
    found = find_order(shop, "#1")
    assert found is not None
    assert (found.discount, found.total) == (discount, 2600 - discount)


def test_one_odd_amount_does_not_decide_how_decimals_are_written(shop: Shop) -> None:
    imported(shop, order("#1", total="26.005"), order("#2", total="26,00 $"))
    found = find_order(shop, "#1")
    assert found is not None
    assert found.total == 2601


# --- the first line ---


@pytest.mark.parametrize(
    ("hint", "delimiter"),
    [("sep=;", ";"), ("\ufeffsep=;", ";"), ('"sep=;"', ";"), ("SEP=,,,,", ","), ("sep=;,,,", ","), ("sep=|", "|")],
)
def test_the_line_that_names_the_delimiter_for_excel_is_no_title(
    shop: Shop, tmp_path: Path, hint: str, delimiter: str
) -> None:
    content = f"{hint}\r\n" + text_of([order("#1")], delimiter=delimiter, end="\r\n")
    assert import_orders(shop, STAFF, written(tmp_path, content)).counts.created == 1
