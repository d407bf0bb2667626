"""Writes the audit log: an entry stands in the transaction of its deed, so that neither is without the other."""

from __future__ import annotations

from backend.domain.audit import AuditEntry
from backend.domain.ids import new_entry_id
from backend.domain.team import Actor
from backend.domain.time import to_text
from backend.records.audit import audit_item
from backend.services.context import Shop
from backend.store import schema
from backend.store.port import Put

_LONGEST = 500


def entry(shop: Shop, actor: Actor, action: str, target: str = "", detail: str = "") -> Put:
    """The write that notes a deed, for the transaction that does it. See `AuditEntry` for what the words are."""
    deed = AuditEntry(
        at=shop.clock(),
        id=new_entry_id(),
        actor=actor.username,
        role=actor.role.value,
        action=action,
        target=target[:_LONGEST],
        detail=detail[:_LONGEST],
    )
    return Put(schema.audit_key(to_text(deed.at), deed.id), audit_item(deed))


def note(shop: Shop, actor: Actor, action: str, target: str = "", detail: str = "") -> None:
    """Notes a deed that has no transaction of its own, right after it was done."""
    shop.store.put(entry(shop, actor, action, target, detail))
