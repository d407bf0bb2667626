"""When variants of a campaign differ by more than chance explains."""

from __future__ import annotations

import random

import pytest

from backend.domain.campaign_figures import VariantResult, chance_of_difference
from backend.domain.campaigns import Measure


def result(key: str, sent: int, clicked: int, *, orders: int = 0) -> VariantResult:
    return VariantResult(key, "", "", sent, sent, clicked, clicked, 0, orders, 0)


@pytest.mark.parametrize(
    ("variants", "least", "most"),
    [
        ([(1000, 50), (1000, 50)], 0.99, 1.0),
        ([(1000, 50), (1000, 55)], 0.5, 0.8),
        ([(1000, 50), (1000, 90)], 0.0, 0.001),
        ([(50, 3), (50, 6)], 0.2, 0.5),
        ([(1000, 50), (1000, 90), (1000, 89)], 0.8, 1.0),  # the best one against the next
        ([(1000, 0), (1000, 20)], 0.0, 0.001),
    ],
)
def test_the_chance_of_a_difference(variants: list[tuple[int, int]], least: float, most: float) -> None:
    results = [result("ABC"[place], *each) for place, each in enumerate(variants)]
    chance = chance_of_difference(results, Measure.CLICKS)
    assert chance is not None
    assert least <= chance <= most


@pytest.mark.parametrize("variants", [[], [(100, 3)], [(100, 3), (0, 0)], [(100, 0), (100, 0)]])
def test_without_anything_to_compare_there_is_none(variants: list[tuple[int, int]]) -> None:
    results = [result("AB"[place], *each) for place, each in enumerate(variants)]
    assert chance_of_difference(results, Measure.CLICKS) is None


def test_customers_may_order_more_than_once() -> None:
    few, many = result("A", 100, 0, orders=110), result("B", 100, 0, orders=190)
    assert (chance_of_difference([few, many], Measure.ORDERS) or 1) < 0.01


def test_equal_variants_are_seldom_distinguished() -> None:
    """Of two emails that are as good as each other at most one pair in twenty may seem to differ, and a few do."""
    lots = random.Random(7)
    clicked = [[sum(lots.random() < 0.1 for _ in range(400)) for _ in "AB"] for _ in range(400)]
    chances = [chance_of_difference([result("A", 400, a), result("B", 400, b)], Measure.CLICKS) for a, b in clicked]
    wrong = sum(chance is not None and chance < 0.05 for chance in chances)
    assert 4 <= wrong <= 24
