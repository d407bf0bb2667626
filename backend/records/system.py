"""What an installation notes about itself as items: heartbeats, checks of the sender's domain, the audit log."""

from __future__ import annotations

from backend.domain.audit import AuditEntry
from backend.domain.health import Beat, DutyBeat
from backend.domain.sender_domain import DomainReport, Finding
from backend.domain.time import from_text
from backend.records.conversion import key_of_row, reads
from backend.records.declared import As, Record, made_of, packed, parts, plain
from backend.store import schema
from backend.store.port import Item, Row

_DUTY = Record(DutyBeat, needed=("patience",), patience=parts(1), began_at="began", ended_at="ended", trouble_now="now")
_BEAT = Record(Beat, given=("process",), blank=("version",), skew_ms="skew")

beat_item = _BEAT.item


@reads(key_of_row)
def beat_from(row: Row) -> Beat:
    return _BEAT.read(row.item, process=schema.process_of(row.key))


_FINDINGS = As(write=plain, read=lambda found: made_of(tuple[Finding, ...], found))
_REPORT = Record(DomainReport, keep_empty=True, findings=packed(_FINDINGS))

report_item = _REPORT.item


@reads(lambda item: schema.meta_key("domain-check"))
def report_from(item: Item) -> DomainReport:
    return _REPORT.read(item)


_ENTRY = Record(AuditEntry, given=("at", "id"), blank=("role",))

audit_item = _ENTRY.item


@reads(key_of_row)
def audit_from(row: Row) -> AuditEntry:
    at, entry_id = schema.moment_in(row.key.sk), schema.id_in(row.key.sk)
    return _ENTRY.read(row.item, at=from_text(at), id=entry_id)
