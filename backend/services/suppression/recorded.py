"""What a recorded change keeps of an entry of the suppression list: the address and its reasons."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from backend.domain.changes import ChangeEntry
from backend.domain.customers import email_identity
from backend.domain.suppression import Suppression
from backend.domain.team import Actor, Permission
from backend.records.suppression import digest_of, fields_of
from backend.services.changes.recording import single
from backend.services.context import Shop
from backend.store.port import Write

KIND = "suppression"
Record: TypeAlias = "Callable[[Suppression | None, Suppression | None], Sequence[Write]]"
"""The writes that record what became of an entry; None is no entry."""


def recorded(shop: Shop, actor: Actor, summary: str, detail: str) -> Record:
    """Records the change of one entry as a change of its own, and in the audit log."""

    def record(before: Suppression | None, after: Suppression | None) -> Sequence[Write]:
        address = next(each.address for each in (before, after) if each is not None)
        digest = digest_of(email_identity(address))
        entry = ChangeEntry("", KIND, digest, name=address, before=fields_of(before), after=fields_of(after))
        return single(shop, actor, summary, Permission.MANAGE_SUPPRESSION, entry, audited=True, detail=detail)

    return record


def not_recorded(before: Suppression | None, after: Suppression | None) -> Sequence[Write]:
    return ()
