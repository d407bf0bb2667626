"""What taking back needs to know about a kind of thing. The service that owns the things has a handler for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from backend.domain.changes import ChangeEntry, Fields, field_word
from backend.domain.team import Actor
from backend.errors import ConflictError
from backend.services.context import Shop
from backend.store.port import Write


class ChangedSinceError(ConflictError):
    """The thing is not as the change left it, so it stays as it is."""


@dataclass(frozen=True, slots=True)
class Handler:
    """How things of one kind are taken back.

    `current` gives for each entry the fields as they are now, at least those that the entry names, or None where the
    thing is gone. `take_back` restores one thing in one transaction with the given writes, if the thing still is as
    the entry says, and returns nothing; it raises `ChangedSinceError` otherwise (`check_unchanged`), and any other
    `BackendError` when that is not possible.
    """

    current: Callable[[Shop, Sequence[ChangeEntry]], Sequence[Fields | None]]
    take_back: Callable[[Shop, Actor, ChangeEntry, Sequence[Write]], None]


def refusal(entry: ChangeEntry, current: Fields | None) -> str:
    """Why the entry cannot be taken back from this state of the thing, or ""."""
    if entry.erased:
        return "The customer was erased."
    if current is None:
        return "" if entry.after is None else "It is gone."
    if entry.after is None:
        return "It is there again."
    names = ", ".join(map(field_word, entry.changed_since(current)))
    return f"Changed since: {names}." if names else ""


def check_unchanged(entry: ChangeEntry, current: Fields | None) -> None:
    """Raises: `ChangedSinceError` unless the thing still is as the entry says."""
    if why := refusal(entry, current):
        raise ChangedSinceError(why)
