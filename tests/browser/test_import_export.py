"""Bringing orders in and taking customers out in a real browser, with the worker that the server runs."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from backend.domain.team import Role
from backend.services.context import Shop
from backend.services.orders.lists import find_order
from benchmarks.shopify_file import write_shopify_file
from tests.browser.people import Person
from tests.services.imports.shopify_csv import order, text_of, written

pytestmark = pytest.mark.browser

Arrive = Callable[..., Person]


def test_an_export_of_shopify_comes_in_with_a_report_and_again_changes_nothing(
    person: Arrive, shop: Shop, tmp_path: Path
) -> None:
    file = written(tmp_path, text_of([order("#7001"), order("#7002", total="?")]))
    manager = person(Role.MANAGER).sign_in().goes_to("Import and export")
    manager.page.locator("input[type=file]").set_input_files(file)
    manager.sees("The first rows, read as UTF-8").settled().presses("Start import")
    manager.sees(re.compile("1 new order, 1 skipped"))
    assert find_order(shop, "#7001") is not None
    with manager.page.expect_download() as report:
        manager.page.get_by_role("button", name=re.compile("Report of skipped rows")).click()
    assert "#7002,3,Total" in Path(report.value.path()).read_text("utf-8-sig")

    manager.page.locator("input[type=file]").set_input_files(file)
    manager.sees("The first rows, read as UTF-8").settled().presses("Start import")
    manager.sees(re.compile("0 new orders, 1 unchanged, 1 skipped"))


def test_a_large_import_shows_its_progress_and_goes_on_without_the_page(
    person: Arrive, shop: Shop, tmp_path: Path
) -> None:
    file = tmp_path / "orders_export.csv"
    write_shopify_file(file, 6_000)
    staff = person(Role.STAFF).sign_in().goes_to("Import and export")
    staff.page.locator("input[type=file]").set_input_files(file)
    staff.sees("The first rows, read as UTF-8").settled().presses("Start import")
    staff.page.get_by_role("progressbar").first.wait_for()
    staff.goes_to("Orders").goes_to("Import and export")
    staff.page.get_by_text("6,000 new orders").first.wait_for(timeout=120_000)
    assert find_order(shop, "#7000") is not None


def test_customers_go_out_as_a_file(person: Arrive, shop: Shop) -> None:
    manager = person(Role.MANAGER).sign_in().goes_to("Import and export")
    manager.page.get_by_role("tab", name=re.compile("Export")).click()
    with manager.page.expect_download() as download:
        manager.presses("Download customers (CSV)")
    assert download.value.suggested_filename.startswith("customers-")
    assert Path(download.value.path()).read_text("utf-8-sig").startswith("Customer id,Name,E-mail address")
