"""Rules as JSON and back. What comes from outside is checked: its shape, its words, its depth and its size."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, Field, fields
from datetime import date
from enum import StrEnum
from typing import Any, TypeVar, get_type_hints

from backend.domain.segment_checks import check_rule
from backend.domain.segments import DEEPEST, Bought, Day, Group, Mailed, Match, Number, Part, Rule, Test, Words
from backend.errors import InvalidInputError

Choice = TypeVar("Choice", bound=StrEnum)
Json = Mapping[str, object]

_TESTS: dict[str, type[Test]] = {"number": Number, "day": Day, "words": Words, "bought": Bought, "mailed": Mailed}
_KINDS = {test: kind for kind, test in _TESTS.items()}


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
    return check_rule(Rule(group, _truth(whole, "archived")))


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
    if not isinstance(kind, str) or kind not in _TESTS:
        raise _wrong(f"“kind” is one of {', '.join(_TESTS)}")
    test = _TESTS[kind]
    _only(value, "kind", *test.__dataclass_fields__)
    types = get_type_hints(test)
    return test(**{each.name: _value(value, each, types[each.name]) for each in fields(test)})


def _value(value: Json, field: Field[Any], type_: type[Any]) -> Any:
    """What a condition says in this field."""
    if isinstance(type_, type) and issubclass(type_, StrEnum):
        return _choice(value, field.name, type_, None if field.default is MISSING else field.default)
    readers: dict[type[Any], Callable[[Json, str], object]] = {int: _integer, bool: _truth, tuple[str, ...]: _texts}
    return readers.get(type_, _date)(value, field.name)


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


def _truth(value: Json, name: str) -> bool:
    given = value.get(name, False)
    if not isinstance(given, bool):
        raise _wrong(f"“{name}” is true or false")
    return given


def _date(value: Json, name: str) -> date | None:
    given = value.get(name)
    if given is None:
        return None
    try:
        return date.fromisoformat(given)  # type: ignore[arg-type]  # what is no text is refused below
    except (TypeError, ValueError) as error:
        raise _wrong(f"“{name}” is a day such as 2026-11-26") from error


def _texts(value: Json, name: str) -> tuple[str, ...]:
    given = value.get(name)
    if not isinstance(given, list) or not all(isinstance(word, str) for word in given):
        raise _wrong(f"“{name}” is a list of texts")
    return tuple(given)


def _wrong(what: str) -> InvalidInputError:
    return InvalidInputError(f"The rule of a segment is not right: {what}.", "rule")
