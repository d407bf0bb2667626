"""One action on many things: each is changed by itself, and the result says which were refused and why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from backend.domain.team import Actor, Permission
from backend.errors import BackendError, InvalidInputError, PermissionDeniedError
from backend.services.audit import log as audit_log
from backend.services.changes.recording import Recording, begin, finish
from backend.services.context import Shop

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
    """The ids of what was changed, how many were as wanted already, and what was refused.

    `change` is the id of the recorded change, by which it is undone; "" when nothing changed.
    """

    changed: tuple[str, ...]
    unchanged: int
    refused: tuple[Refused, ...]
    change: str = ""

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


@dataclass(frozen=True, slots=True)
class Action:
    """What is done to many things, for the recorded change and the audit log, and what one needs for it."""

    summary: str
    needs: Permission
    audited: str
    target: str


def recorded_each_of(
    shop: Shop,
    actor: Actor,
    action: Action,
    things: Sequence[Thing],
    change: Callable[[Recording, Thing], bool],
    id_of: Callable[[Thing], str],
    name: Callable[[Thing], str],
) -> BulkResult:
    """As `each_of`, as one recorded change with one audit entry. Raises: as `each_of`."""
    actor.require(action.needs)
    recording = begin(shop, actor, action.summary, action.needs)
    result = each_of(things, lambda thing: change(recording, thing), id_of, name)
    if not result.changed:
        finish(shop, recording, 0)
        return result
    noted = audit_log.entry(shop, actor, action.audited, action.target, result.summary, change=recording.id)
    finish(shop, recording, len(result.changed), noted)
    return replace(result, change=recording.id)
