"""What an installation notes about itself as items: heartbeats, backups, the sender's domain, the audit log."""

from __future__ import annotations

import hashlib

import orjson

from backend.domain.audit import AuditEntry, AuditSeal
from backend.domain.backups import BackupState
from backend.domain.health import Beat, DutyBeat
from backend.domain.sender_domain import DomainReport, Finding
from backend.domain.time import from_text
from backend.records.conversion import key_of_row, reads
from backend.records.declared import As, Record, made_of, packed, parts, plain
from backend.store import schema
from backend.store.port import Item, Row, Value

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
_SEAL = Record(AuditSeal, given=("day",), blank=("previous",))
_ERASED = "_digest"
"""Ends the name of an attribute that holds the digest of a text which was erased."""

audit_item = _ENTRY.item


@reads(key_of_row)
def audit_from(row: Row) -> AuditEntry:
    at, entry_id = schema.moment_in(row.key.sk), schema.id_in(row.key.sk)
    return _ENTRY.read(row.item, at=from_text(at), id=entry_id)


def seal_item(seal: AuditSeal) -> Item:
    return _SEAL.item(seal)


@reads(key_of_row)
def seal_from(row: Row) -> AuditSeal:
    return _SEAL.read(row.item, day=row.key.sk)


def entry_digest(row: Row) -> bytes:
    """The digest of a stored entry, readable or not. Each attribute counts by a digest of its own."""
    parts = sorted(_counted(row, name, value) for name, value in row.item.items())
    return hashlib.sha256(orjson.dumps([row.key.sk, *parts])).digest()


def without_texts(row: Row, *names: str) -> Item:
    """The item of an entry without these texts, for an erasure of personal data. Digests take their place, so that the
    digest of the entry stays the same."""
    return dict(_counted(row, name, value) if name in names else (name, value) for name, value in row.item.items())


def _counted(row: Row, name: str, value: Value) -> tuple[str, str]:
    if name.endswith(_ERASED):
        return name, str(value)
    return f"{name}{_ERASED}", hashlib.sha256(f"{row.key.sk} {name} {value!r}".encode()).hexdigest()


_BACKUPS = Record(BackupState)


def backup_state_item(state: BackupState) -> Item:
    return _BACKUPS.item(state)


@reads(lambda item: schema.meta_key("backup"))
def backup_state_from(item: Item) -> BackupState:
    return _BACKUPS.read(item)
