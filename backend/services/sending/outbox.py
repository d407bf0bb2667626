"""Empties the local outbox, for people who run the mail."""

from __future__ import annotations

from backend.domain.team import Actor, Permission
from backend.email.transports.outbox_reader import Outbox
from backend.services.audit import log as audit_log
from backend.services.context import Shop


def clear_outbox(shop: Shop, actor: Actor, outbox: Outbox) -> int:
    """Removes all emails of the outbox and returns how many; the ledger keeps what it knows of them.

    Raises: `PermissionDeniedError`.
    """
    actor.require(Permission.REPAIR_MAIL)
    removed = outbox.clear()
    audit_log.note(shop, actor, "cleared the outbox", "outbox:local", f"{removed} emails")
    return removed
