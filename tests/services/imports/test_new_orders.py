"""Orders of a file that count as new start automations; all others are history."""

from __future__ import annotations

import pytest

from backend.domain.automations import TriggerKind
from backend.errors import InvalidInputError
from backend.services.context import Shop
from backend.services.imports import import_orders
from tests.automations.making import running, step, waiting
from tests.recount import assert_totals_hold
from tests.services.imports.shopify_csv import export, imported, order
from tests.support import NOW, STAFF, TestClock


def placed(days_ago: float) -> str:
    return f"{NOW.timestamp() - days_ago * 86_400:.0f}"


ROWS = (
    order("#1001", created_at=placed(1.9), email="new@example.com"),
    order("#1002", created_at=placed(2.1), email="old@example.com"),
    order("#1003", created_at=placed(1), email="gone@example.com", cancelled_at=placed(0.5)),
)


def test_young_orders_start_automations_once_and_history_starts_none(shop: Shop, clock: TestClock) -> None:
    thanks = running(shop, TriggerKind.ORDER_PLACED, step())
    welcome = running(shop, TriggerKind.CUSTOMER_JOINED, step("verify-address"))
    file = export(shop.data_dir, *ROWS)

    result = import_orders(shop, STAFF, file, new_days=2)
    again = import_orders(shop, STAFF, file, new_days=30)

    assert (result.orders.created, result.new, result.figures()["treated_as_new"]) == (3, 1, 1)
    assert (again.orders.unchanged, again.new) == (3, 0)
    assert sorted(each.automation for each in waiting(shop)) == sorted([thanks.id, welcome.id])
    assert_totals_hold(shop)


def test_without_the_option_a_file_starts_nothing(shop: Shop) -> None:
    running(shop, TriggerKind.ORDER_PLACED, step())
    result = imported(shop, *ROWS)
    assert (result.orders.created, result.new) == (3, 0)
    assert "treated_as_new" not in result.figures()
    assert list(waiting(shop)) == []


@pytest.mark.parametrize("days", [-1, 31])
def test_other_numbers_of_days_are_refused_before_anything_is_written(shop: Shop, days: int) -> None:
    with pytest.raises(InvalidInputError, match="0 to 30 days"):
        import_orders(shop, STAFF, export(shop.data_dir, *ROWS), new_days=days)
    assert not list(shop.store.scan("shop", limit=10).rows)
