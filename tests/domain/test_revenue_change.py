"""A difference in revenue is taken apart exactly, into parts that mean what they are called."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from backend.domain.revenue_change import Buyers, Cause, Group, Part, Side, explained

NUMBERS, MONEY = st.integers(0, 10**6), st.integers(-(10**9), 10**12)
BUYERS = st.builds(Buyers, NUMBERS, NUMBERS, MONEY)
SIDES = st.builds(
    Side,
    st.integers(1, 4000),
    st.dictionaries(st.sampled_from(Group), BUYERS),
    st.integers(0, 10**10),
    st.integers(0, 10**10),
)


@given(SIDES, SIDES)
def test_the_parts_add_up_to_the_cent(before: Side, now: Side) -> None:
    assert sum(part.amount for part in explained(before, now)) == now.revenue - before.revenue


@given(SIDES)
def test_what_did_not_change_has_no_effect(side: Side) -> None:
    assert {part.amount for part in explained(side, side)} == {0}


@given(SIDES, SIDES)
def test_every_cause_is_reported_once_for_each_group_that_it_has(before: Side, now: Side) -> None:
    told = [(part.cause, part.group) for part in explained(before, now)]
    assert len(told) == len(set(told)) == 3 + 2 * 3
    assert {cause for cause, _ in told} == set(Cause)


def one(customers: int, orders: int, value: int, **taken: int) -> Side:
    return Side(30, {Group.RETURNING: Buyers(customers, orders, value)}, **taken)


def effects(before: Side, now: Side) -> dict[Cause, int]:
    return {part.cause: part.amount for part in explained(before, now) if part.amount}


def test_each_part_is_what_it_is_called() -> None:
    usual = one(10, 20, 20_000)
    assert effects(usual, one(12, 24, 24_000)) == {Cause.CUSTOMERS: 4_000}
    assert effects(usual, one(10, 25, 25_000)) == {Cause.ORDERS_EACH: 5_000}
    assert effects(usual, one(10, 20, 23_000)) == {Cause.BASKET: 3_000}
    assert effects(usual, one(10, 20, 20_000, discounts=700)) == {Cause.DISCOUNTS: -700}
    assert effects(one(10, 20, 20_000, refunds=900), usual) == {Cause.REFUNDS: 900}


def test_a_shorter_period_is_distinguished_from_fewer_customers() -> None:
    whole = Side(30, {Group.NEW: Buyers(30, 30, 30_000)})
    assert effects(whole, Side(10, {Group.NEW: Buyers(10, 10, 10_000)})) == {Cause.LENGTH: -20_000}
    assert effects(whole, Side(10, {Group.NEW: Buyers(12, 12, 12_000)})) == {
        Cause.LENGTH: -20_000,
        Cause.CUSTOMERS: 2_000,
    }


def test_a_group_that_was_not_there_before_is_more_customers() -> None:
    now = Side(30, {Group.NEW: Buyers(3, 5, 999)})
    assert [part for part in explained(Side(30, {}), now) if part.amount] == [Part(Cause.CUSTOMERS, 999, Group.NEW)]
    assert [part for part in explained(now, Side(30, {})) if part.amount] == [Part(Cause.CUSTOMERS, -999, Group.NEW)]
