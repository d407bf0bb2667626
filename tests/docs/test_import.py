"""The guide to imports says what the code does."""

from __future__ import annotations

from pathlib import Path

import pytest

from backend.domain.orders import MOST_LINES
from backend.services.imports import CUSTOMER_FIELDS, ORDER_FIELDS, shopify
from backend.services.jobs.queue import MOST_ATTEMPTS

GUIDE = (Path(__file__).parents[2] / "docs" / "import.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("row", "titles"), [("needed", shopify.REQUIRED), ("read if there", shopify.OPTIONAL)])
def test_every_column_that_is_read_is_listed(row: str, titles: tuple[str, ...]) -> None:
    (line,) = [line for line in GUIDE.splitlines() if line.startswith(f"| {row} |")]
    assert line == f"| {row} | {', '.join(titles)} |"


@pytest.mark.parametrize("status", sorted(shopify.PAID | shopify.PENDING | shopify.FULFILLED | {"voided"}))
def test_every_status_that_decides_is_explained(status: str) -> None:
    assert f"`{status}`" in GUIDE


@pytest.mark.parametrize("field", [each for each in ORDER_FIELDS if not each.startswith(("billing_", "shipping_"))])
def test_every_field_of_an_order_is_named(field: str) -> None:
    assert f"`{field}`" in GUIDE


@pytest.mark.parametrize("field", CUSTOMER_FIELDS)
def test_every_field_of_a_customer_is_named(field: str) -> None:
    assert f"`{field}`" in GUIDE


def test_the_limits_are_those_of_the_code() -> None:
    assert f"with more than {MOST_LINES} line items;" in GUIDE
    assert MOST_ATTEMPTS == 5
    assert "ends its worker five times" in GUIDE
