"""Tries dead letters again, after what was wrong has been fixed."""

from __future__ import annotations

import contextlib
import math
import time
from dataclasses import dataclass

from backend.domain.events import DeadLetter
from backend.domain.team import Actor, Permission
from backend.errors import ConditionFailedError, InvalidInputError, UnreadableItemError
from backend.records.events import dead_letter_from
from backend.services.audit import log as audit_log
from backend.services.context import Shop
from backend.services.events.consequences import EventPolicy
from backend.services.events.dead_letters import PARTITION, get_dead_letter, key_of_letter
from backend.services.events.drain import fault_of, is_down
from backend.services.events.intake import take_in
from backend.services.unreadable.items import set_aside
from backend.store import schema
from backend.store.port import Delete, Exists, Plus, Query, Row, Update

AT_ONCE = 50
"""How many letters are read at once."""
REPLAY = "replay"


@dataclass(frozen=True, slots=True)
class Replay:
    """How many letters could be applied now (or were about foreign mail) and are gone, and how many are still dead.

    A `cursor` says that its time was over before all were tried.
    """

    done: int
    dead: int
    reason: str = ""
    cursor: str | None = None


def replay_dead_letter(shop: Shop, actor: Actor, letter_id: str, policy: EventPolicy | None = None) -> Replay:
    """Tries one letter again.

    Raises: `PermissionDeniedError`, `NotFoundError`, `InvalidInputError` when not all of it was kept.
    """
    actor.require(Permission.REPAIR_MAIL)
    letter = get_dead_letter(shop, letter_id)
    if not letter.whole:
        raise InvalidInputError("Only the beginning of this letter was kept, so it cannot be replayed.", "letter")
    reason = _try_again(shop, letter, policy or EventPolicy())
    audit_log.note(shop, actor, "replayed a dead letter", f"dead letter {letter_id}", reason or "It was applied.")
    return Replay(int(not reason), int(bool(reason)), reason)


def replay_all(
    shop: Shop,
    actor: Actor,
    policy: EventPolicy | None = None,
    *,
    after: Replay | None = None,
    seconds: float = math.inf,
) -> Replay:
    """Tries all letters again, the oldest first. One that cannot be read or applied does not stop the others.

    In about so many seconds; it goes on `after` what came of the call before, and counts that as well.

    Raises: `PermissionDeniedError`; as the store, when it is unavailable.
    """
    actor.require(Permission.REPAIR_MAIL)
    total, ends = after or Replay(0, 0), time.monotonic() + seconds
    before = total
    while True:
        page = shop.store.query(Query(schema.MAIL, PARTITION, limit=AT_ONCE, cursor=total.cursor))
        done = sum(_is_done(shop, row, policy or EventPolicy()) for row in page.rows)
        total = Replay(total.done + done, total.dead + len(page.rows) - done, cursor=page.cursor)
        if page.cursor is None or time.monotonic() >= ends:
            break
    summary = f"{total.done - before.done} applied, {total.dead - before.dead} still dead"
    audit_log.note(shop, actor, "replayed all dead letters", "dead letters", summary)
    return total


def _is_done(shop: Shop, row: Row, policy: EventPolicy) -> bool:
    try:
        letter = dead_letter_from(row)
    except UnreadableItemError as error:
        set_aside(shop, row.key, error.reason)
        return False
    return letter.whole and not _try_again(shop, letter, policy)


def _try_again(shop: Shop, letter: DeadLetter, policy: EventPolicy) -> str:
    """ "" when the letter is not dead any more; else why it still is."""
    key = key_of_letter(letter.id)
    try:
        intake = take_in(shop, [letter.body], REPLAY, policy, keep_dead=False)
        reason = intake.reasons[0] if intake.dead else ""
    except Exception as error:
        if is_down(error):
            raise
        reason = fault_of(error) or "Other changes of the same message kept coming between."
    if not reason:
        shop.store.delete(Delete(key))
        return ""
    with contextlib.suppress(ConditionFailedError):  # somebody else has replayed or discarded it meanwhile
        shop.store.update(Update(key, set={"reason": reason}, add={"tries": Plus(1)}, condition=Exists()))
    return reason
