"""The last report about the sender's domain as an item."""

from __future__ import annotations

from backend.domain.sender_domain import DomainReport, Finding
from backend.records.conversion import reads
from backend.records.declared import As, Record, made_of, packed, plain
from backend.store import schema
from backend.store.port import Item

_FINDINGS = As(write=plain, read=lambda found: made_of(tuple[Finding, ...], found))
_REPORT = Record(DomainReport, keep_empty=True, findings=packed(_FINDINGS))


def report_item(report: DomainReport) -> Item:
    return _REPORT.item(report)


@reads(lambda item: schema.meta_key("domain-check"))
def report_from(item: Item) -> DomainReport:
    return _REPORT.read(item)
