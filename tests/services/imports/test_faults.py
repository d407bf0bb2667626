"""Bad input: a broken row costs only its order, and the report says where and why."""

from __future__ import annotations

import pytest

from backend.domain.orders import MOST_LINES
from backend.services.context import Shop
from backend.services.imports import import_orders
from backend.services.orders.lists import find_order
from tests.services.imports.shopify_csv import HEADER, export, faults, imported, line, order, text_of, written
from tests.support import STAFF

GOOD = order("#2", email="good@example.com")


@pytest.mark.parametrize(
    ("changed", "column", "reason"),
    [
        ({"total": "99999999999999"}, "Total", "larger than any amount"),
        ({"total": "a lot"}, "Total", "Total is not an amount"),
        ({"total": ""}, "Total", "Total is missing."),
        ({"total": "1.2E+05"}, "Total", "Total is not an amount"),
        ({"refunded_amount": "some"}, "Refunded Amount", "Refunded Amount is not an amount"),
        ({"currency": "EUR"}, "Currency", "The shop reports in USD; an order in EUR cannot be mixed in."),
        ({"created_at": "2027-03-02 10:00:00 +0000"}, "Created at", "is in the future"),
        ({"created_at": "20016-03-02 10:00:00 +0000"}, "Created at", "is not a date"),
        ({"created_at": "1989-03-02 10:00:00 +0000"}, "Created at", "before the year 1990"),
        ({"created_at": "2026-02-30 10:00:00 +0000"}, "Created at", "no day of the calendar"),
        ({"created_at": "03/02/2026"}, "Created at", "the day first or with the month first"),
        ({"created_at": ""}, "Created at", "Created at is missing."),
        ({"billing_name": "x" * 1_000_000}, "", "longer than 131,072 characters"),
    ],
)
def test_a_broken_order_is_reported_and_the_others_come_in(
    shop: Shop, changed: dict[str, str], column: str, reason: str
) -> None:
    result = imported(shop, order("#1", **changed), GOOD)

    assert (result.orders.created, result.orders.failed) == (1, 1)
    [fault] = faults(result)
    assert (fault["Order"], fault["Line"], fault["Column"]) == ("#1", "2", column)
    assert reason in fault["Reason"]
    assert find_order(shop, "#1") is None
    assert find_order(shop, "#2") is not None


def test_a_broken_further_row_costs_the_whole_order_and_names_its_own_line(shop: Shop) -> None:
    result = imported(shop, order("#1", notes="two\nlines"), line("#1"), line("#1") | {"Total": "9.00"}, GOOD)

    assert result.orders.created == 1
    assert [(fault["Order"], fault["Line"], fault["Column"]) for fault in faults(result)] == [("#1", "5", "Total")]


def test_a_fixed_file_brings_in_what_failed_and_nothing_twice(shop: Shop) -> None:
    imported(shop, order("#1", total="?"), GOOD)
    result = imported(shop, order("#1"), GOOD)

    assert result.orders.as_dict() == {"created": 1, "updated": 0, "unchanged": 1, "failed": 0}


def test_an_order_without_a_name_fails_alone(shop: Shop) -> None:
    result = imported(shop, order(""), order(" "), GOOD)

    assert (result.orders.created, result.orders.failed) == (1, 2)
    assert [(fault["Line"], fault["Column"]) for fault in faults(result)] == [("2", "Name"), ("3", "Name")]


def test_a_line_item_without_a_name_costs_the_order_before_it(shop: Shop) -> None:
    result = imported(shop, GOOD, order("#1"), line(""), order("#3"))

    assert [(fault["Order"], fault["Line"]) for fault in faults(result)] == [("#1", "4")]
    assert result.orders.created == 2


def test_rows_of_an_order_that_are_apart_are_refused_and_neither_cut_nor_doubled(shop: Shop) -> None:
    result = imported(shop, order("#1"), GOOD, line("#1"), order("#3"))

    assert (result.orders.created, result.orders.failed) == (2, 1)
    [fault] = faults(result)
    assert (fault["Order"], fault["Line"], fault["Column"]) == ("#1", "2", "Name")
    assert "from lines 2 and 4 on" in fault["Reason"]
    assert find_order(shop, "#1") is None


def test_two_orders_of_one_name_that_follow_each_other_are_refused(shop: Shop) -> None:
    result = imported(shop, order("#1"), order("#1", total="99.00"), GOOD)

    assert [(fault["Line"], fault["Column"]) for fault in faults(result)] == [("3", "Total")]
    assert result.orders.created == 1


def test_rows_that_repeat_the_orders_own_columns_are_one_order(shop: Shop) -> None:
    imported(shop, order("#1"), order("#1", lineitem_name="Tea pot"))

    found = find_order(shop, "#1")
    assert found is not None
    assert [item.title for item in found.lines] == ["Assam tea", "Tea pot"]


def test_further_rows_without_a_first_one_are_refused(shop: Shop) -> None:
    result = imported(shop, line("#1"), GOOD)

    assert "first row" in faults(result)[0]["Reason"]
    assert result.orders.created == 1


def test_an_order_of_too_many_lines_is_refused_without_keeping_them_all(shop: Shop) -> None:
    result = imported(shop, order("#1"), *(line("#1") for _ in range(MOST_LINES)), GOOD)

    assert faults(result)[0]["Reason"] == f"The order has more than {MOST_LINES} line items."
    assert imported(shop, order("#1"), *(line("#1") for _ in range(MOST_LINES - 1))).orders.created == 1


def test_a_row_with_cells_too_few_or_too_many_costs_its_order(shop: Shop) -> None:
    good, short = text_of([GOOD]), "#1,maria@example.com,paid\n"
    long = f"#4,{','.join('x' for _ in HEADER)}\n"

    result = import_orders(shop, STAFF, written(shop.data_dir, good + short + long))

    assert [(fault["Order"], fault["Line"]) for fault in faults(result)] == [("#1", "3"), ("#4", "4")]
    assert f"3 cells where the header has {len(HEADER)}" in faults(result)[0]["Reason"]
    assert result.orders.created == 1


def test_empty_cells_beyond_the_header_do_no_harm(shop: Shop) -> None:
    text = text_of([GOOD]).replace("\n", ",,\n").replace(",,\n", "\n", 1)
    assert import_orders(shop, STAFF, written(shop.data_dir, text)).orders.created == 1


def test_the_report_is_defused_and_only_there_when_something_failed(shop: Shop) -> None:
    result = imported(shop, order("=HYPERLINK(1)", total="?"))

    assert result.report is not None
    assert "'=HYPERLINK(1),2,Total," in result.report.read_text("utf-8-sig")
    assert result.report.stat().st_mode & 0o777 == 0o600
    assert imported(shop, GOOD).report is None


def test_an_order_too_large_for_the_store_fails_alone(shop: Shop) -> None:
    wide = [line("#1", lineitem_name=f"{'€' * 299}{n % 10}", lineitem_sku="€" * 100) for n in range(MOST_LINES - 1)]
    result = imported(shop, order("#1"), *wide, GOOD)

    assert (result.orders.created, result.orders.failed) == (1, 1)
    assert "too large to be stored" in faults(result)[0]["Reason"]


def test_a_report_can_be_written_to_a_given_place(shop: Shop) -> None:
    place = shop.data_dir / "here" / "report.csv"
    result = import_orders(shop, STAFF, export(shop.data_dir, order(total="?")), report=place)
    assert result.report == place
    assert place.exists()
