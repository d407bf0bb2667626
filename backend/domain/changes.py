"""Recorded changes: what somebody did to one thing or to many, with before and after, so that it can be undone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, TypeAlias

from backend.domain.team import Permission

KEPT = timedelta(days=30)
"""How long a change can be undone; after that it is removed."""

Fields: TypeAlias = Mapping[str, Any]
"""Values by the names of their fields, as items hold them: texts, whole numbers, flags, None, lists and mappings."""


_WORDS = {
    "addresses": "postal addresses",
    "bill_to": "billing address",
    "grounds": "reasons",
    "lines": "line items",
    "ship_to": "shipping address",
    "sku": "SKU",
}


def field_word(name: str) -> str:
    """What people call a field."""
    return _WORDS.get(name) or name.replace("_", " ")


class ChangeState(StrEnum):
    """How far a change is. An open one is being made, or was interrupted; either way it can be undone."""

    OPEN = "open"
    DONE = "done"
    UNDOING = "undoing"
    UNDONE = "undone"


@dataclass(frozen=True, slots=True)
class Change:
    """Something that somebody did. `summary` is a few words without anybody's name or address.

    `needs` is what one must be allowed to do for making and for undoing it. `count` is how many entries it has, known
    once it is done; `taken_back` how many of them were undone.
    """

    id: str
    at: datetime
    by: str
    role: str
    summary: str
    needs: Permission
    state: ChangeState = ChangeState.OPEN
    count: int = 0
    undone_at: datetime | None = None
    undone_by: str = ""
    taken_back: int = 0


@dataclass(frozen=True, slots=True)
class ChangeEntry:
    """One thing that a change touched: a `kind` ("customer") and an `id` of this kind.

    `before` and `after` have the fields that the change touched; None before says that the change made the thing, None
    after that it removed it. A thing that is touched several times has an entry for each `step`, which sort by time.
    `name` is what people call the thing, `people` are the customers whose personal values are in it.

    `undone` says that it was taken back, `left` why it was not, `erased` that its values are gone.
    """

    change: str
    kind: str
    id: str
    step: str = ""
    name: str = ""
    before: Fields | None = None
    after: Fields | None = None
    people: tuple[str, ...] = ()
    undone: bool = False
    left: str = ""
    erased: bool = False

    def changed_since(self, current: Fields) -> tuple[str, ...]:
        """The names of the fields that are no longer as the change left them."""
        before, after = self.before or {}, self.after or {}
        return tuple(name for name in after if _restored(current.get(name), before.get(name), after[name]) is _CHANGED)

    def restored(self, current: Fields) -> Fields:
        """The fields as they are when this entry is taken back. Only for what has not changed since."""
        before, after = self.before or {}, self.after or {}
        return {name: _restored(current.get(name), before.get(name), after[name]) for name in after}


def difference(before: Fields, after: Fields) -> tuple[Fields, Fields]:
    """The fields in which two states of a thing differ, with the values of each."""
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return {name: before.get(name) for name in names}, {name: after.get(name) for name in names}


_CHANGED = object()


def _restored(current: Any, before: Any, after: Any) -> Any:
    """The value of a field before, or `_CHANGED`. Of lists of words (tags) only the difference is taken back."""
    if current == after:
        return before
    if not all(map(_is_words, (current, before, after))):
        return _CHANGED
    added, removed = set(after) - set(before), [word for word in before if word not in after]
    if not added <= set(current) or set(removed) & set(current):
        return _CHANGED
    return [*(word for word in current if word not in added), *removed]


def _is_words(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)
