"""Tries dead letters again, after what was wrong has been mended."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from backend.domain.events import DeadLetter
from backend.domain.team import Actor, Permission
from backend.errors import ConditionFailedError, InvalidInputError
from backend.records.events import dead_letter_from
from backend.services import audit
from backend.services.context import Shop
from backend.services.events.dead_letters import PARTITION, get_dead_letter, key_of_letter
from backend.services.events.following import EventPolicy
from backend.services.events.intake import take_in
from backend.store import schema
from backend.store.port import Delete, Exists, Plus, Query, Update

AT_ONCE = 500
"""How many one call replays at most."""
REPLAY = "replay"


@dataclass(frozen=True, slots=True)
class Replay:
    """How many letters could be applied now (or were about foreign mail) and are gone, and how many are still dead."""

    done: int
    dead: int
    reason: str = ""


def replay_dead_letter(shop: Shop, actor: Actor, letter_id: str, policy: EventPolicy | None = None) -> Replay:
    """Tries one letter again.

    Raises: `PermissionDeniedError`, `NotFoundError`, `InvalidInputError` when not all of it was kept.
    """
    actor.require(Permission.REPAIR_MAIL)
    letter = get_dead_letter(shop, letter_id)
    if not letter.whole:
        raise InvalidInputError("Only the beginning of this letter was kept, so it cannot be replayed.", "letter")
    reason = _try_again(shop, letter, policy or EventPolicy())
    audit.note(shop, actor, "replayed a dead letter", f"dead letter {letter_id}", reason or "It was applied.")
    return Replay(int(not reason), int(bool(reason)), reason)


def replay_all(shop: Shop, actor: Actor, policy: EventPolicy | None = None) -> Replay:
    """Tries all letters again, the oldest first, 500 at most.

    Raises: `PermissionDeniedError`.
    """
    actor.require(Permission.REPAIR_MAIL)
    rows = shop.store.query(Query(schema.MAIL, PARTITION, limit=AT_ONCE)).rows
    done = dead = 0
    for row in rows:
        letter = dead_letter_from(row)
        if letter.whole and not _try_again(shop, letter, policy or EventPolicy()):
            done += 1
        else:
            dead += 1
    audit.note(shop, actor, "replayed all dead letters", "dead letters", f"{done} applied, {dead} still dead")
    return Replay(done, dead)


def _try_again(shop: Shop, letter: DeadLetter, policy: EventPolicy) -> str:
    """ "" when the letter is not dead any more; else why it still is."""
    intake = take_in(shop, [letter.body], REPLAY, policy, keep_dead=False)
    key = key_of_letter(letter.id)
    if not intake.dead:
        shop.store.delete(Delete(key))
        return ""
    reason = intake.reasons[0]
    with contextlib.suppress(ConditionFailedError):  # somebody else has replayed or discarded it meanwhile
        shop.store.update(Update(key, set={"reason": reason}, add={"tries": Plus(1)}, condition=Exists()))
    return reason
