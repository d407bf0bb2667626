"""The last report about the sender's domain as an item."""

from __future__ import annotations

from dataclasses import asdict

import orjson

from backend.domain.deliverability import Level
from backend.domain.sender_domain import DnsRecord, DomainReport, Finding, Subject
from backend.domain.time import from_text, to_text
from backend.records.conversion import reads
from backend.records.values import MalformedItemError, text
from backend.store import schema
from backend.store.port import Item


def report_item(report: DomainReport) -> Item:
    findings = orjson.dumps([asdict(finding) for finding in report.findings])
    return {"domain": report.domain, "checked_at": to_text(report.checked_at), "findings": findings}


@reads(lambda item: schema.meta_key("domain-check"))
def report_from(item: Item) -> DomainReport:
    findings = item.get("findings", b"")
    if not isinstance(findings, bytes):
        raise MalformedItemError("findings is not bytes")
    return DomainReport(
        text(item, "domain"),
        from_text(text(item, "checked_at")),
        tuple(
            Finding(
                Subject(found["subject"]),
                Level(found["level"]),
                found["sentence"],
                found["advice"],
                tuple(DnsRecord(**record) for record in found["publish"]),
                tuple(found["found"]),
            )
            for found in orjson.loads(findings)
        ),
    )
