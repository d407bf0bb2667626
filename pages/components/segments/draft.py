"""What somebody is building, kept while they work on it: a tree of groups and conditions, each with a number.

Widgets keep what they say under keys that carry these numbers, so that adding or taking away one condition leaves the
others as they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from backend.domain.segments import Group, Match, Segment, Test
from pages.components.ui.state import Slot, forget_fields


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
class SegmentDraft:
    """`seen` is the segment that it began with: saving refers to its version. `serial` differs with each beginning."""

    seen: Segment
    serial: int
    root: Branch
    next_number: int
    new: bool = False

    def key(self, number: int, name: str) -> str:
        """The key of a widget of a condition or group."""
        return f"{self.prefix}{number}_{name}"

    @property
    def prefix(self) -> str:
        return f"segment_{self.serial}_"

    def add(self, branch: Branch, test: Test | None) -> None:
        """Adds a condition at the end of a group; None adds a group."""
        number, self.next_number = self.next_number, self.next_number + 1
        branch.parts.append(Branch(number, Match.ANY) if test is None else Condition(number, test))

    def keep(self, theirs: Segment) -> None:
        """The person knows that somebody else was faster: saving replaces that version."""
        self.seen = theirs

    def remove(self, number: int) -> None:
        """Takes a condition or a group away."""
        for branch in _branches(self.root):
            branch.parts = [part for part in branch.parts if part.number != number]


_SERIAL: Slot[int] = Slot("segment.serial")


def draft_of(segment: Segment, *, new: bool = False) -> SegmentDraft:
    """The draft of this segment. Who has a draft of an older version keeps it."""
    return _slot(segment.id).get() or begin(segment, new=new)


def begin(segment: Segment, *, new: bool = False) -> SegmentDraft:
    """A draft that says what the segment says."""
    serial = (_SERIAL.get() or 0) + 1
    _SERIAL.set(serial)
    numbers = iter(range(1_000_000))
    root = _branch(segment.rule.group, numbers)
    draft = SegmentDraft(segment, serial, root, next(numbers), new)
    _slot(segment.id).set(draft)
    return draft


def forget(segment_id: str) -> None:
    """The next page begins with what is saved."""
    draft = _slot(segment_id).get()
    if draft is not None:
        forget_fields(draft.prefix)
    _slot(segment_id).clear()


def _slot(segment_id: str) -> Slot[SegmentDraft]:
    return Slot(f"segment.draft.{segment_id}")


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
