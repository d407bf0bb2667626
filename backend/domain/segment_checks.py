"""Checks of a segment's rule: its fields and values, and its size."""

from __future__ import annotations

from enum import StrEnum

from backend.domain.rfm import RfmClass
from backend.domain.segments import (
    DEEPEST,
    LARGEST_NUMBER,
    LONGEST_WORD,
    MOST_CONDITIONS,
    MOST_DAYS,
    MOST_WORDS,
    Bought,
    ConsentState,
    Day,
    DayTest,
    EmailState,
    Mailed,
    Number,
    NumberTest,
    Rule,
    Test,
    WordField,
    Words,
    depth_of,
    tests_in,
)
from backend.errors import InvalidInputError

_CLOSED: dict[WordField, type[StrEnum]] = {
    WordField.CONSENT: ConsentState,
    WordField.EMAIL: EmailState,
    WordField.CLASS: RfmClass,
}
"""Fields with a fixed set of values."""


def check_rule(rule: Rule) -> Rule:
    """The rule, if it is valid.

    Raises: `InvalidInputError` for groups that are nested too deep, for too many conditions, and for a condition whose
    values make no sense.
    """
    if depth_of(rule.group) > DEEPEST:
        raise InvalidInputError(f"Groups can be nested {DEEPEST} deep.", "rule")
    conditions = list(tests_in(rule.group))
    if len(conditions) > MOST_CONDITIONS:
        raise InvalidInputError(f"A segment has {MOST_CONDITIONS} conditions at most.", "rule")
    for condition in conditions:
        _check(condition)
    return rule


def _check(condition: Test) -> None:
    match condition:
        case Number():
            _check_number(condition)
        case Day():
            _check_day(condition)
        case Words():
            _check_words(condition.words, str(condition.field))
            if closed := _CLOSED.get(condition.field):
                for word in condition.words:
                    if word not in list(closed):
                        raise InvalidInputError(f"“{word[:40]}” is none of {', '.join(closed)}.", "rule")
        case Bought():
            _check_words(condition.words, str(condition.by))
            _check_days(condition.days, 0)
        case Mailed():
            _check_days(condition.days, 0)


def _check_number(condition: Number) -> None:
    ends = (condition.low, condition.high) if condition.test is NumberTest.BETWEEN else (condition.low,)
    if any(not 0 <= end <= LARGEST_NUMBER for end in ends):
        raise InvalidInputError(f"The number for “{condition.field}” must be between 0 and {LARGEST_NUMBER:,}.", "rule")
    if condition.test is NumberTest.BETWEEN and condition.low > condition.high:
        raise InvalidInputError(f"The range for “{condition.field}” is upside down.", "rule")


def _check_day(condition: Day) -> None:
    test, first, last = condition.test, condition.first, condition.last
    if test in (DayTest.WITHIN, DayTest.LONGER_AGO):
        _check_days(condition.days, 1)
    if (test in (DayTest.FROM, DayTest.BETWEEN) and first is None) or (
        test in (DayTest.UNTIL, DayTest.BETWEEN) and last is None
    ):
        raise InvalidInputError(f"A date is missing for “{condition.field}”.", "rule")
    if test is DayTest.BETWEEN and first and last and first > last:
        raise InvalidInputError(f"The dates for “{condition.field}” are upside down.", "rule")


def _check_days(days: int, fewest: int) -> None:
    if not fewest <= days <= MOST_DAYS:
        raise InvalidInputError(f"A number of days is between {fewest} and {MOST_DAYS:,}.", "rule")


def _check_words(words: tuple[str, ...], what: str) -> None:
    if not words:
        raise InvalidInputError(f"Choose at least one {what}.", "rule")
    if len(words) > MOST_WORDS:
        raise InvalidInputError(f"A condition has {MOST_WORDS} values at most.", "rule")
    if any(len(word) > LONGEST_WORD for word in words):
        raise InvalidInputError(f"A value has {LONGEST_WORD} letters at most.", "rule")
