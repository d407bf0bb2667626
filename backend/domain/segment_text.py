"""Rules as JSON and back. What comes from outside is checked: its shape, its words, its depth and its size."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import TypeVar

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
    DayField,
    DayTest,
    EmailState,
    Goods,
    Group,
    Mailed,
    MailEvent,
    MailKind,
    Match,
    Number,
    NumberField,
    NumberTest,
    Part,
    Rule,
    Test,
    WordField,
    Words,
    depth_of,
    tests_in,
)
from backend.errors import InvalidInputError

Choice = TypeVar("Choice", bound=StrEnum)
Json = Mapping[str, object]

_KINDS = {Number: "number", Day: "day", Words: "words", Bought: "bought", Mailed: "mailed"}
_CLOSED: dict[WordField, type[StrEnum]] = {
    WordField.CONSENT: ConsentState,
    WordField.EMAIL: EmailState,
    WordField.CLASS: RfmClass,
}
"""Fields whose words are known beforehand."""


def rule_text(rule: Rule) -> str:
    """The rule as a JSON text; equal rules give equal texts."""
    return json.dumps(rule_json(rule), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def rule_from_text(text: str) -> Rule:
    """The rule in a JSON text.

    Raises: `InvalidInputError`.
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidInputError("The rule of a segment is not JSON.", "rule") from error
    return rule_from_json(value)


def rule_json(rule: Rule) -> dict[str, object]:
    """Such as {"match": "all", "parts": [{"kind": "number", "field": "orders", "test": "at least", "low": 3}]}."""
    whole = _group_json(rule.group)
    return whole | {"archived": True} if rule.archived else whole


def rule_from_json(value: object) -> Rule:
    """The rule that `rule_json` wrote, or somebody by hand.

    Raises: `InvalidInputError` with a sentence.
    """
    whole = _mapping(value)
    group = _group(whole, DEEPEST, ("archived",))
    archived = whole.get("archived", False)
    if not isinstance(archived, bool):
        raise _wrong("“archived” is true or false")
    return check_rule(Rule(group, archived))


def check_rule(rule: Rule) -> Rule:
    """The rule, if it is one that can be asked.

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


# --- writing -----------------------------------------------------------------------------------------------------


def _group_json(group: Group) -> dict[str, object]:
    return {"match": group.match.value, "parts": [_part_json(part) for part in group.parts]}


def _part_json(part: Part) -> dict[str, object]:
    if isinstance(part, Group):
        return _group_json(part)
    shown: dict[str, object] = {"kind": _KINDS[type(part)]}
    for name in part.__dataclass_fields__:
        value = getattr(part, name)
        if name != "low" and (value is None or value is False or value == 0):
            continue
        shown[name] = value.isoformat() if isinstance(value, date) else list(value) if name == "words" else value
    return shown


# --- reading -----------------------------------------------------------------------------------------------------


def _group(value: Json, deepest: int, more: Sequence[str] = ()) -> Group:
    _only(value, "match", "parts", *more)
    parts = value.get("parts", [])
    if not isinstance(parts, list):
        raise _wrong("“parts” is a list")
    if deepest < 1:
        raise InvalidInputError(f"Groups can be nested {DEEPEST} deep.", "rule")
    return Group(_choice(value, "match", Match, Match.ALL), tuple(_part(_mapping(part), deepest) for part in parts))


def _part(value: Json, deepest: int) -> Part:
    kind = value.get("kind")
    if kind is None:
        return _group(value, deepest - 1)
    if not isinstance(kind, str) or kind not in _READERS:
        raise _wrong(f"“kind” is one of {', '.join(_READERS)}")
    return _READERS[kind](value)


def _number(value: Json) -> Test:
    _only(value, "kind", "field", "test", "low", "high", "negated")
    return Number(
        _choice(value, "field", NumberField),
        _choice(value, "test", NumberTest),
        _integer(value, "low"),
        _integer(value, "high"),
        _negated(value),
    )


def _day(value: Json) -> Test:
    _only(value, "kind", "field", "test", "days", "first", "last", "negated")
    return Day(
        _choice(value, "field", DayField),
        _choice(value, "test", DayTest),
        _integer(value, "days"),
        _date(value, "first"),
        _date(value, "last"),
        _negated(value),
    )


def _words(value: Json) -> Test:
    _only(value, "kind", "field", "words", "negated")
    return Words(_choice(value, "field", WordField), _texts(value), _negated(value))


def _bought(value: Json) -> Test:
    _only(value, "kind", "by", "words", "days", "negated")
    return Bought(_choice(value, "by", Goods), _texts(value), _integer(value, "days"), _negated(value))


def _mailed(value: Json) -> Test:
    _only(value, "kind", "event", "mail", "days", "negated")
    return Mailed(
        _choice(value, "event", MailEvent),
        _choice(value, "mail", MailKind, MailKind.ANY),
        _integer(value, "days"),
        _negated(value),
    )


_READERS = {"number": _number, "day": _day, "words": _words, "bought": _bought, "mailed": _mailed}


def _mapping(value: object) -> Json:
    if not isinstance(value, dict):
        raise _wrong("a group or a condition is an object")
    return value


def _only(value: Json, *known: str) -> None:
    if unknown := sorted(str(name) for name in value if name not in known):
        raise _wrong(f"“{unknown[0][:40]}” does not belong here; {', '.join(known)} do")


def _choice(value: Json, name: str, choices: type[Choice], default: Choice | None = None) -> Choice:
    given = value.get(name, default)
    try:
        return choices(given)  # type: ignore[arg-type]  # what is no text is no member either
    except ValueError as error:
        raise _wrong(f"“{name}” is one of {', '.join(choices)}") from error


def _integer(value: Json, name: str) -> int:
    given = value.get(name, 0)
    if not isinstance(given, int) or isinstance(given, bool):
        raise _wrong(f"“{name}” is a whole number")
    return given


def _negated(value: Json) -> bool:
    given = value.get("negated", False)
    if not isinstance(given, bool):
        raise _wrong("“negated” is true or false")
    return given


def _date(value: Json, name: str) -> date | None:
    given = value.get(name)
    if given is None:
        return None
    try:
        return date.fromisoformat(given)  # type: ignore[arg-type]  # what is no text is refused below
    except (TypeError, ValueError) as error:
        raise _wrong(f"“{name}” is a day such as 2026-11-26") from error


def _texts(value: Json) -> tuple[str, ...]:
    given = value.get("words")
    if not isinstance(given, list) or not all(isinstance(word, str) for word in given):
        raise _wrong("“words” is a list of texts")
    return tuple(given)


# --- checking ----------------------------------------------------------------------------------------------------


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


def _wrong(what: str) -> InvalidInputError:
    return InvalidInputError(f"The rule of a segment is not right: {what}.", "rule")
