"""Which writes may be sent again when their answer was lost, and how one finds its own effect. Pure functions.

A transaction is recognised by its token, but costs twice as much. So a single write goes out as an ordinary one where
its repetition cannot be mistaken: its own effect makes its condition fail, and then the item is exactly as it left it.
That somebody else wrote the very same values in that moment is taken for our own write; items that are fought over
hold a moment to the microsecond.
"""

from __future__ import annotations

from backend.store.evaluate import holds, same
from backend.store.port import (
    Absent,
    AllOf,
    AnyOf,
    AsStored,
    AtLeast,
    Below,
    Check,
    Condition,
    Delete,
    Equals,
    Exists,
    Item,
    Missing,
    Put,
    Update,
    Write,
)


def is_repeatable(write: Write) -> bool:
    """Whether sending the write twice leaves and reports the same as once.

    Without a condition it does unless it adds; with one, if the second time finds the condition false.
    """
    if isinstance(write, Check) or (isinstance(write, Update) and write.add):
        return False
    if write.condition is None:
        return True
    if isinstance(write, Delete):
        return False  # a missing item does not show who removed it
    return _is_false_after(write.condition, write)


def is_made(write: Write, found: Item) -> bool:
    """Whether the item is as the write leaves it."""
    if isinstance(write, Put):
        return same(found, write.item)
    if isinstance(write, Update):
        return all(name in found and same(found[name], value) for name, value in write.set.items()) and not any(
            name in found for name in write.remove
        )
    return False


def _is_false_after(condition: Condition, write: Put | Update) -> bool:
    """Whether the condition is certainly false for the item after the write, with any item before it."""
    match condition:
        case AllOf(conditions):
            return any(_is_false_after(each, write) for each in conditions)
        case AnyOf(conditions):
            return all(_is_false_after(each, write) for each in conditions)
        case Absent() | AsStored():
            return True
        case Exists():
            return False
        case Equals(attribute, _) | Missing(attribute) | Below(attribute, _) | AtLeast(attribute, _):
            known = write.item if isinstance(write, Put) else dict(write.set)
            is_known = isinstance(write, Put) or attribute in write.set or attribute in write.remove
            return is_known and not holds(condition, known)
