"""Identifiers are distinct, sort by time where that is promised, and can be said over the telephone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from backend.domain.ids import (
    customer_number,
    new_customer_id,
    new_entry_id,
    new_order_id,
    order_id_of,
)

NOW = datetime(2026, 11, 26, 14, 32, 5, tzinfo=UTC)


def test_new_ids_are_distinct() -> None:
    for make in (new_customer_id, lambda: new_order_id(NOW), new_entry_id):
        assert len({make() for _ in range(1000)}) == 1000


def test_ids_avoid_letters_that_are_misheard() -> None:
    assert not set("".join(new_customer_id() for _ in range(200))) & set("ILOU")


def test_order_ids_sort_by_time() -> None:
    ids = [new_order_id(NOW + timedelta(seconds=n)) for n in range(50)]
    assert ids == sorted(ids)


def test_an_order_of_another_system_always_gets_the_same_id() -> None:
    assert order_id_of("shopify", "#1001", NOW) == order_id_of("shopify", "#1001", NOW)
    assert order_id_of("shopify", "#1001", NOW) != order_id_of("shopify", "#1002", NOW)
    assert order_id_of("shopify", "#1001", NOW) != order_id_of("etsy", "#1001", NOW)


@given(st.text(max_size=20))
def test_any_customer_id_has_a_number_below_two_to_the_fifty(text: str) -> None:
    assert 0 <= customer_number(text) < 2**50


def test_numbers_of_customer_ids_sort_like_the_ids() -> None:
    ids = sorted(new_customer_id() for _ in range(500))
    assert [customer_number(each) for each in ids] == sorted({customer_number(each) for each in ids})
