"""What emails brought, held against a control group."""

from __future__ import annotations

import random
from statistics import stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domain.lift import Buying, Lift, Verdict, lift_of, spread_of, together


def bought(revenues: list[int], customers: int) -> Buying:
    return Buying(customers, len(revenues), len(revenues), sum(revenues), spread_of(revenues, customers))


@given(st.lists(st.integers(-(10**6), 10**9), max_size=20), st.integers(0, 50))
def test_the_spread_is_that_of_all_customers_also_of_those_who_bought_nothing(revenues: list[int], idle: int) -> None:
    customers = len(revenues) + idle
    expected = stdev([*revenues, *[0] * idle]) if customers > 1 else 0
    assert spread_of(revenues, customers) == pytest.approx(expected, abs=0.51, rel=1e-9)


@pytest.mark.parametrize(
    ("got", "control", "verdict"),
    [
        (bought([5000] * 120, 1000), bought([5000] * 60, 1000), Verdict.MORE),
        (bought([5000] * 60, 1000), bought([5000] * 120, 1000), Verdict.LESS),
        (bought([5000] * 110, 1000), bought([5000] * 100, 1000), Verdict.TOO_SMALL),
        (bought([5000] * 500, 1000), bought([5000] * 9, 100), Verdict.TOO_SMALL),  # nine buyers say little
        (bought([5000] * 500, 1000), bought([], 1000), Verdict.TOO_SMALL),  # no spread is no certainty
        (Buying(1000, 9, 9, 900), Buying(100, 20, 20, 900, 40), Verdict.NOT_KEPT),
    ],
)
def test_what_is_said(got: Buying, control: Buying, verdict: Verdict) -> None:
    lift = lift_of(got, control)
    assert lift is not None
    assert lift.verdict is verdict


def test_without_one_of_the_groups_nobody_knows() -> None:
    assert lift_of(Buying(959, 9, 9, 900, 5), Buying(0)) is None
    assert lift_of(Buying(0), Buying(10)) is None


def test_the_interval_covers_the_truth_about_19_times_of_20() -> None:
    """Emails that bring 400 a head on top of 1,000, to customers whose baskets differ widely."""
    lots = random.Random(5)

    def group(customers: int, share: float) -> Buying:
        return bought(
            [lots.choice((2000, 10_000, 18_000)) for _ in range(customers) if lots.random() < share], customers
        )

    hits = 0
    for _ in range(300):
        lift = lift_of(group(900, 0.14), group(300, 0.10))
        assert lift is not None
        assert lift.interval is not None
        low, high = lift.interval
        hits += low <= 400 * 900 <= high
    assert 276 <= hits <= 296


def test_several_emails_have_a_narrower_interval_than_each() -> None:
    each = lift_of(bought([5000] * 120, 1000), bought([5000] * 96, 1000))
    assert each is not None
    assert each.verdict is Verdict.TOO_SMALL
    year = together([each] * 12)
    assert year is not None
    assert (year.amount, year.recipients, year.verdict) == (12 * each.amount, 12_000, Verdict.MORE)


def test_what_has_no_interval_is_left_out_of_the_sum() -> None:
    assert together([Lift(100, None, 10, 20)]) is None
    assert together([]) is None
