"""Rules as JSON: what is written comes back, and what makes no sense is refused with a sentence."""

from __future__ import annotations

import json
from datetime import date

import pytest

from backend.domain.rfm import Fifths, RfmClass, Scores, class_of, scores_of
from backend.domain.segment_checks import check_rule
from backend.domain.segment_text import rule_from_json, rule_from_text, rule_text
from backend.domain.segments import (
    EVERYBODY,
    MOST_CONDITIONS,
    Day,
    DayField,
    DayTest,
    Group,
    Number,
    NumberField,
    NumberTest,
    Rule,
)
from backend.errors import InvalidInputError

TWO_ORDERS = Number(NumberField.ORDERS, NumberTest.AT_LEAST, 2)
NUMBER = {"kind": "number", "field": "orders", "test": "at least", "low": 2}


def test_the_json_of_a_rule_is_short_and_comes_back() -> None:
    rule = Rule(Group(parts=(TWO_ORDERS,)), archived=True)
    assert json.loads(rule_text(rule)) == {"archived": True, "match": "all", "parts": [NUMBER]}
    assert rule_from_text(rule_text(rule)) == rule
    assert rule_from_json({}) == EVERYBODY


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        "all",
        {"match": "some"},
        {"parts": {}},
        {"parts": [3]},
        {"archived": 1},
        {"sql": "DROP TABLE customers"},
        {"parts": [{"kind": "sql"}]},
        {"parts": [{**NUMBER, "low": "2"}]},
        {"parts": [{**NUMBER, "low": True}]},
        {"parts": [{**NUMBER, "low": -1}]},
        {"parts": [{**NUMBER, "low": 10**16}]},
        {"parts": [{**NUMBER, "negated": "no"}]},
        {"parts": [{**NUMBER, "test": "between", "high": 1}]},
        {"parts": [{**NUMBER, "field": "shoe size"}]},
        {"parts": [{"kind": "day", "field": "joined", "test": "within days"}]},
        {"parts": [{"kind": "day", "field": "joined", "test": "within days", "days": 40_000}]},
        {"parts": [{"kind": "day", "field": "joined", "test": "on or after"}]},
        {"parts": [{"kind": "day", "field": "joined", "test": "on or after", "first": "yesterday"}]},
        {"parts": [{"kind": "day", "field": "joined", "test": "on or after", "first": 7}]},
        {"parts": [{"kind": "words", "field": "tag", "words": []}]},
        {"parts": [{"kind": "words", "field": "tag", "words": "vip"}]},
        {"parts": [{"kind": "words", "field": "tag", "words": ["x" * 301]}]},
        {"parts": [{"kind": "words", "field": "tag", "words": [str(n) for n in range(101)]}]},
        {"parts": [{"kind": "words", "field": "consent", "words": ["maybe"]}]},
        {"parts": [{"kind": "bought", "by": "sku", "words": ["A"], "days": -1}]},
        {"parts": [{"kind": "mailed", "event": "printed"}]},
        {"parts": [{"parts": [{"parts": [{"parts": []}]}]}]},
        {"parts": [NUMBER] * (MOST_CONDITIONS + 1)},
    ],
)
def test_what_makes_no_sense_is_refused_with_a_sentence(wrong: object) -> None:
    with pytest.raises(InvalidInputError) as refused:
        rule_from_json(wrong)
    assert refused.value.sentence.endswith(".")


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000])
def test_what_is_no_json_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(InvalidInputError, match="JSON"):
        rule_from_text(text)


def test_days_that_are_upside_down_are_refused() -> None:
    day = Day(DayField.JOINED, DayTest.BETWEEN, first=date(2026, 2, 1), last=date(2026, 1, 1))
    with pytest.raises(InvalidInputError, match="upside down"):
        check_rule(Rule(Group(parts=(day,))))


def test_every_pair_of_scores_has_a_class_and_every_class_a_pair() -> None:
    found = {class_of(recency, frequency) for recency in range(1, 6) for frequency in range(1, 6)}
    assert found == set(RfmClass)
    assert class_of(0, 0) is None


def test_scores_begin_at_the_borders() -> None:
    fifths = Fifths((date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1), date(2026, 4, 1)), (100, 200, 300, 400))
    assert scores_of(1, date(2025, 12, 31), 99, fifths) == Scores(1, 1, 1)
    assert scores_of(2, date(2026, 1, 1), 100, fifths) == Scores(2, 2, 2)
    assert scores_of(10, date(2026, 4, 1), 400, fifths) == Scores(5, 5, 5)
    assert scores_of(0, None, 0, fifths) == Scores(0, 0, 0)
