"""Entries of the audit log as items."""

from __future__ import annotations

from backend.domain.audit import AuditEntry
from backend.domain.time import from_text
from backend.records.conversion import key_of_row, reads
from backend.records.declared import Record
from backend.store import schema
from backend.store.port import Item, Row

_ENTRY = Record(AuditEntry, given=("at", "id"), blank=("role",))


def audit_item(entry: AuditEntry) -> Item:
    return _ENTRY.item(entry)


@reads(key_of_row)
def audit_from(row: Row) -> AuditEntry:
    at, entry_id = schema.moment_in(row.key.sk), schema.id_in(row.key.sk)
    return _ENTRY.read(row.item, at=from_text(at), id=entry_id)
