"""One action on many things: each is changed by itself, and the result says which were refused and why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from backend.errors import BackendError, InvalidInputError, PermissionDeniedError

Thing = TypeVar("Thing")

MOST = 100
"""How many things one action takes: a page of a list."""


@dataclass(frozen=True, slots=True)
class Refused:
    """What stayed as it was: what people call it, and the reason in a sentence."""

    name: str
    why: str


@dataclass(frozen=True, slots=True)
class BulkResult:
    """The ids of what was changed, how many were as wanted already, and what was refused."""

    changed: tuple[str, ...]
    unchanged: int
    refused: tuple[Refused, ...]

    @property
    def summary(self) -> str:
        """For the audit log."""
        refused = f", {len(self.refused)} refused" if self.refused else ""
        return f"{len(self.changed)} changed{refused}"


def each_of(
    things: Sequence[Thing],
    change: Callable[[Thing], bool],
    id_of: Callable[[Thing], str],
    name: Callable[[Thing], str],
) -> BulkResult:
    """Changes one after the other. `change` says whether it changed anything, and refuses by raising.

    Raises: `InvalidInputError` for more than `MOST`, `PermissionDeniedError`.
    """
    if len(things) > MOST:
        raise InvalidInputError(f"Choose {MOST} at most.")
    changed, unchanged, refused = [], 0, []
    for thing in things:
        try:
            if change(thing):
                changed.append(id_of(thing))
            else:
                unchanged += 1
        except PermissionDeniedError:
            raise
        except BackendError as error:
            refused.append(Refused(name(thing), error.sentence))
    return BulkResult(tuple(changed), unchanged, tuple(refused))
