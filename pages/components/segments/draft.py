"""What somebody is building, kept while they work on it: a tree of groups and conditions, each with a number.

Widgets keep what they say under keys that carry these numbers, so that adding or taking away one condition leaves the
others as they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from backend.domain.segments import Group, Match, Segment, Test
from pages.components.ui.state import Slot


@dataclass(slots=True)
class Condition:
    """A condition as it was when it was added or loaded."""

    number: int
    test: Test


@dataclass(slots=True)
class Branch:
    """A group of conditions and of further groups."""

    number: int
    match: Match
    parts: list[Condition | Branch] = field(default_factory=list)


@dataclass(slots=True)
class Draft:
    """`seen` is the segment that it began with: saving refers to its version. `serial` differs with each beginning."""

    seen: Segment
    serial: int
    root: Branch
    next_number: int
    new: bool = False

    def key(self, number: int, name: str) -> str:
        """The key of a widget of a condition or group."""
        return f"segment_{self.serial}_{number}_{name}"

    def add(self, branch: Branch, test: Test | None) -> None:
        """Adds a condition at the end of a group; None adds a group."""
        number, self.next_number = self.next_number, self.next_number + 1
        branch.parts.append(Branch(number, Match.ANY) if test is None else Condition(number, test))

    def remove(self, number: int) -> None:
        """Takes a condition or a group away."""
        for branch in _branches(self.root):
            branch.parts = [part for part in branch.parts if part.number != number]


_DRAFT: Slot[Draft] = Slot("segment.draft")
_SERIAL: Slot[int] = Slot("segment.serial")


def draft_of(segment: Segment, *, new: bool = False) -> Draft:
    """The draft of this segment; another segment begins anew. Who has a draft of an older version keeps it."""
    draft = _DRAFT.get()
    if draft is None or draft.seen.id != segment.id:
        draft = begin(segment, new=new)
    return draft


def begin(segment: Segment, *, new: bool = False) -> Draft:
    """A draft that says what the segment says."""
    serial = (_SERIAL.get() or 0) + 1
    _SERIAL.set(serial)
    numbers = iter(range(1_000_000))
    root = _branch(segment.rule.group, numbers)
    draft = Draft(segment, serial, root, next(numbers), new)
    _DRAFT.set(draft)
    return draft


def forget() -> None:
    """The next page begins with what is saved."""
    _DRAFT.clear()


def _branch(group: Group, numbers: Iterator[int]) -> Branch:
    branch = Branch(next(numbers), group.match)
    for part in group.parts:
        branch.parts.append(_branch(part, numbers) if isinstance(part, Group) else Condition(next(numbers), part))
    return branch


def _branches(branch: Branch) -> Iterator[Branch]:
    yield branch
    for part in branch.parts:
        if isinstance(part, Branch):
            yield from _branches(part)
