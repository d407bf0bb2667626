"""Entries of the audit log as items."""

from __future__ import annotations

from backend.domain.audit import AuditEntry
from backend.domain.time import from_text
from backend.records.conversion import key_of_row, reads
from backend.records.values import text, without_empty
from backend.store.port import Item, Row


def audit_item(entry: AuditEntry) -> Item:
    return without_empty(
        {
            "actor": entry.actor,
            "role": entry.role,
            "action": entry.action,
            "target": entry.target,
            "detail": entry.detail,
        }
    )


@reads(key_of_row)
def audit_from(row: Row) -> AuditEntry:
    at, _, entry_id = row.key.sk.partition("#")
    return AuditEntry(
        at=from_text(at),
        id=entry_id,
        actor=text(row.item, "actor"),
        role=text(row.item, "role", ""),
        action=text(row.item, "action"),
        target=text(row.item, "target", ""),
        detail=text(row.item, "detail", ""),
    )
