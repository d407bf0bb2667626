"""The guide to segments says what the code does."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from backend.domain.rfm import SCORES, class_of
from backend.domain.segment_text import rule_from_json
from backend.domain.segments import DEEPEST, MOST_CONDITIONS, NumberField, WordField
from backend.domain.segments import tests_in as conditions_in
from backend.services.insights.at_risk import DAYS, GOOD_FROM
from backend.services.segments.ready import READY
from backend.services.snapshots.engine import MEMORY
from backend.workers.snapshots import _LARGE, SHARE_OF_TIME
from tests.docs.test_rules import table

GUIDE = (Path(__file__).parents[2] / "docs" / "segments.md").read_text()


def scores(words: str) -> set[int]:
    """Such as "3 to 5", "4 or 5" or "2"."""
    numbers = [int(number) for number in re.findall(r"\d", words)]
    return set(range(min(numbers), max(numbers) + 1))


def test_the_table_of_kinds_is_that_of_the_scores() -> None:
    rows = table("segments.md", "| kind | recency | frequency |")
    shown = {(r, f): kind for kind, recency, frequency in rows for r in scores(recency) for f in scores(frequency)}
    assert shown == {(r, f): class_of(r, f) for r in SCORES for f in SCORES}


def test_the_rule_that_is_shown_is_one() -> None:
    (block,) = re.findall(r"```json\n(.*?)```", GUIDE, re.DOTALL)
    rule = rule_from_json(json.loads(block))
    assert len(list(conditions_in(rule.group))) == 5


@pytest.mark.parametrize(
    "sentence",
    [
        f"groups can contain groups, {['zero', 'one', 'two', 'three'][DEEPEST]} deep",
        f"A segment has {MOST_CONDITIONS} conditions at most",
        ", ".join(segment.name if segment.name == "VIPs" else segment.name.lower() for segment in READY),
        f"Below {_LARGE:,} customers",
        f"a {'tenth' if SHARE_OF_TIME == 0.1 else SHARE_OF_TIME} of the time",
        f"in {MEMORY.removesuffix('MB')} MB",
        f"in the last {DAYS} days",
        f"a money score of {GOOD_FROM} or 5",
        *(f"`{field}`" for field in (*NumberField, *WordField)),
    ],
)
def test_a_limit_that_is_named_is_that_of_the_code(sentence: str) -> None:
    assert sentence in " ".join(GUIDE.split())
