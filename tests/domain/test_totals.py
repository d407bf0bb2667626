"""Figures derived from totals."""

from __future__ import annotations

import pytest

from backend.domain.totals import Totals, change


def test_averages_and_rates_follow_from_the_sums() -> None:
    totals = Totals(orders=4, revenue=900, refunded=100, cancelled=1, new_customers=3)
    assert (totals.average_order, totals.repeat_orders, totals.refund_rate) == (225, 1, 0.1)


def test_nothing_has_no_average_and_no_rate() -> None:
    assert (Totals().average_order, Totals().repeat_orders, Totals().refund_rate) == (0, 0, 0.0)


def test_more_new_customers_than_orders_is_no_negative_number() -> None:
    assert Totals(orders=0, cancelled=1, new_customers=1).repeat_orders == 0


@pytest.mark.parametrize(("now", "before", "relative"), [(150, 100, 0.5), (50, 100, -0.5), (5, 0, None), (0, 0, None)])
def test_a_change_is_relative_to_before_if_there_was_anything(
    now: float, before: float, relative: float | None
) -> None:
    assert change(now, before) == relative
