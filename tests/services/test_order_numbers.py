"""Order numbers are short, run on, and are given out once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from backend.errors import InvalidInputError, PermissionDeniedError
from backend.services.context import Shop
from backend.services.orders import numbers
from backend.services.orders.lists import find_order
from backend.services.reconcile import reconcile
from backend.services.unreadable.items import unreadable_records
from backend.store import schema
from backend.store.port import Item, Put
from tests.support import ADMIN, STAFF, add_customer, add_order


def test_numbers_run_on_and_lead_to_their_orders(shop: Shop) -> None:
    maria = add_customer(shop)
    placed = [add_order(shop, maria) for _ in range(4)]
    assert [order.number for order in placed] == ["T1001", "T1002", "T1003", "T1004"]
    for typed in ("T1003", "t1003", " 1003 "):
        assert find_order(shop, typed) == placed[2]
    assert find_order(shop, "1005") is None
    assert reconcile(shop, pause=lambda _: None).drift == []


def test_another_prefix_is_for_new_orders(shop: Shop) -> None:
    maria = add_customer(shop)
    old = add_order(shop, maria)
    assert numbers.change_prefix(shop, ADMIN, " KM-").upcoming == "KM-1002"
    new = add_order(shop, maria)
    assert (old.number, new.number) == ("T1001", "KM-1002")
    assert (find_order(shop, "T1001"), find_order(shop, "1002")) == (old, new)
    with pytest.raises(PermissionDeniedError):
        numbers.change_prefix(shop, STAFF, "X")


@pytest.mark.parametrize("prefix", ["A" * 11, "a b", "Ü"])
def test_what_cannot_be_a_prefix_is_refused(shop: Shop, prefix: str) -> None:
    with pytest.raises(InvalidInputError):
        numbers.change_prefix(shop, ADMIN, prefix)


def test_processes_that_number_at_once_never_give_the_same(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that has forgotten what it took, or another one, takes further numbers and leaves a gap."""
    given: list[str] = []
    for _ in range(3):
        with ThreadPoolExecutor(8) as pool:
            given += pool.map(lambda _: numbers.next_number(shop), range(200))
        monkeypatch.setattr(numbers, "_blocks", type(numbers._blocks)())
    assert len(set(given)) == 600


def test_fast_orders_share_the_writes_of_the_counter(shop: Shop) -> None:
    for _ in range(1000):
        numbers.next_number(shop)
    assert numbers.numbering_of(shop).taken == 1023  # 1 + 2 + 4 + ... + 512, so ten writes


def test_slow_orders_leave_no_gap(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numbers, "SOON", -1.0)
    assert [numbers.next_number(shop) for _ in range(3)] == ["T1001", "T1002", "T1003"]
    assert numbers.numbering_of(shop).taken == 3


def test_a_number_that_is_there_already_is_passed_over(shop: Shop) -> None:
    """As after the counter was restored from an older backup."""
    maria = add_customer(shop)
    first = add_order(shop, maria)
    shop.store.put(Put(schema.meta_key("order-numbers"), {"prefix": "T", "taken": 0}))
    numbers._blocks.pop(shop.store)
    assert (first.number, add_order(shop, maria).number) == ("T1001", "T1002")


@pytest.mark.parametrize("damage", [{"taken": ["nonsense"]}, {"taken": "12"}])
def test_orders_are_placed_and_found_while_the_count_of_numbers_is_damaged(shop: Shop, damage: Item) -> None:
    maria = add_customer(shop)
    add_order(shop, maria)
    shop.store.put(Put(schema.meta_key("order-numbers"), damage))
    placed = [add_order(shop, maria) for _ in range(3)]
    assert len({order.number for order in placed}) == 3
    assert [find_order(shop, order.number) for order in placed] == placed
    assert [record.key.sk for record in unreadable_records(shop)] == ["order-numbers"]
