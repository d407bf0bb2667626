"""Ranks: one integer that sorts by figure, then by customer id, and that additions keep right."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from backend.domain.orders import Contribution
from backend.records.ranks import additions, figure, rank, rank_attributes, tie_of
from backend.store.schema import RANK_UNIT

IDS = st.text("0123456789ABCDEFGHJKMNPQRSTVWXYZ", min_size=10, max_size=10)
FIGURES = st.integers(-(10**15), 10**15)


@given(FIGURES, FIGURES, IDS, IDS)
def test_ranks_sort_by_figure_then_by_id(one: int, other: int, first: str, second: str) -> None:
    before = (-one, first) < (-other, second)
    assert (rank(one, first) > rank(other, second)) == before


@given(FIGURES, IDS)
def test_the_figure_is_read_back_from_the_rank(value: int, customer_id: str) -> None:
    assert figure({"rank": rank(value, customer_id)}, "rank") == value


@given(IDS, st.lists(st.integers(-(10**9), 10**9), max_size=10))
def test_adding_changes_gives_the_rank_of_the_sum(customer_id: str, changes: list[int]) -> None:
    plus = [additions(Contribution(0, change, 0, 0), customer_id)["rank_revenue"] for change in changes]
    total = (plus[0].start if plus else tie_of(customer_id)) + sum(each.delta for each in plus)
    assert total == rank(sum(changes), customer_id)


def test_a_missing_rank_is_nothing() -> None:
    assert figure({}, "rank_orders") == 0


def test_the_tie_is_smaller_than_one_unit_of_the_figure() -> None:
    assert 0 <= tie_of("ZZZZZZZZZZ") <= tie_of("0000000000") < RANK_UNIT


def test_no_orders_no_board() -> None:
    assert "board" not in rank_attributes("ALL", "ABCDEFGHJK", 0, 0)
    assert str(rank_attributes("2026-11", "ABCDEFGHJK", 1, 5)["board"]).startswith("2026-11#")
