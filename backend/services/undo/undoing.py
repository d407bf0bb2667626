"""Takes a recorded change back, thing by thing. What has changed since is left as it is and listed.

Each thing is restored in one transaction with the mark in its entry. So whoever runs an undo again after an
interruption, or at the same time, finds the mark and goes on with the next.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from backend.domain.changes import Change, ChangeEntry, ChangeState
from backend.domain.team import Actor
from backend.domain.time import to_text
from backend.errors import (
    BackendError,
    ConditionFailedError,
    ConflictError,
    PermissionDeniedError,
    StoreBusyError,
    StoreUnreachableError,
)
from backend.records.changes import entry_key
from backend.services.audit import log as audit_log
from backend.services.bulk import Refused
from backend.services.changes.handler import refusal
from backend.services.changes.reading import entries_of, get_change, read_entry
from backend.services.context import Shop
from backend.services.undo.handlers import HANDLERS
from backend.store import schema
from backend.store.port import AllOf, Exists, Missing, Update

_AT_ONCE = 100
_OPEN = AllOf((Exists(), Missing("undone"), Missing("erased")))


@dataclass(frozen=True, slots=True)
class Undo:
    """What an undo does, or has done: how many things it takes back, and those that it leaves, with the reason.

    `before` is how many were taken back earlier.
    """

    taken_back: int
    left: tuple[Refused, ...]
    before: int = 0

    @property
    def summary(self) -> str:
        """For the audit log."""
        left = f", {len(self.left)} left" if self.left else ""
        return f"{self.taken_back + self.before} taken back{left}"


def preview_undo(shop: Shop, actor: Actor, change_id: str) -> Undo:
    """What undoing the change would do now.

    Raises: `NotFoundError`, `PermissionDeniedError`.
    """
    change = _permitted(shop, actor, change_id)
    taken_back, before, left = 0, 0, []
    for kind, handler in HANDLERS.items():
        entries = entries_of(shop, change.id, kind)
        while some := list(islice(entries, _AT_ONCE)):
            open_entries = [entry for entry in some if not entry.undone]
            before += len(some) - len(open_entries)
            for entry, current in zip(open_entries, handler.current(shop, open_entries), strict=True):
                if why := refusal(entry, current):
                    left.append(Refused(entry.name or entry.id, why))
                else:
                    taken_back += 1
    return Undo(taken_back, tuple(left), before)


def undo_change(shop: Shop, actor: Actor, change_id: str) -> Undo:
    """Takes the change back as far as possible. A second time does what is left.

    Raises: `NotFoundError`, `PermissionDeniedError`; `StoreBusyError` and `StoreUnreachableError` interrupt it.
    """
    change = _permitted(shop, actor, change_id)
    _note(shop, actor, change, ChangeState.UNDOING, "began to undo a change", change.summary)
    taken_back, before, left = 0, 0, []
    for entry in _all_entries(shop, change):
        if entry.undone:
            before += 1
        elif why := _take_back(shop, actor, entry):
            left.append(Refused(entry.name or entry.id, why))
        else:
            taken_back += 1
    done = Undo(taken_back, tuple(left), before)
    counts = {"taken_back": taken_back + before, "count": taken_back + before + len(left)}
    _note(shop, actor, change, ChangeState.UNDONE, "undid a change", done.summary, **counts)
    return done


def _permitted(shop: Shop, actor: Actor, change_id: str) -> Change:
    change = get_change(shop, actor, change_id)
    actor.require(change.needs)
    return change


def _all_entries(shop: Shop, change: Change) -> Iterator[ChangeEntry]:
    return (entry for kind in HANDLERS for entry in entries_of(shop, change.id, kind))


def _take_back(shop: Shop, actor: Actor, entry: ChangeEntry) -> str:
    """Restores one thing; returns why it was left, or ""."""
    if entry.erased:
        return refusal(entry, None)
    by_another = ConflictError("Somebody else has just taken this back.")
    mark = Update(entry_key(entry), set={"undone": True}, remove=["left"], condition=_OPEN, otherwise=by_another)
    try:
        HANDLERS[entry.kind].take_back(shop, actor, entry, [mark])
        return ""
    except (PermissionDeniedError, StoreBusyError, StoreUnreachableError):
        raise
    except BackendError as error:
        return _left(shop, entry, error.sentence)


def _left(shop: Shop, entry: ChangeEntry, why: str) -> str:
    """Notes why a thing was left, unless somebody else has taken it back meanwhile."""
    found = read_entry(shop, entry)
    if found is not None and found.undone:
        return ""
    with contextlib.suppress(ConditionFailedError):
        shop.store.update(Update(entry_key(entry), set={"left": why}, condition=_OPEN))
    return why


def _note(
    shop: Shop, actor: Actor, change: Change, state: ChangeState, action: str, detail: str, **counts: int
) -> None:
    """The change's state and the audit entry about it, together."""
    set_ = {"state": state.value, "undone_at": to_text(shop.clock()), "undone_by": actor.username, **counts}
    head = Update(schema.change_key(change.id), set=set_, condition=Exists())
    shop.store.transact([head, audit_log.entry(shop, actor, action, f"change:{change.id}", detail)])
