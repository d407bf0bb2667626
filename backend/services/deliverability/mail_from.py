"""MAIL FROM: the return path, to which bounces go. A domain of one's own puts SPF in line with the sender."""

from __future__ import annotations

from backend.domain.deliverability import Level
from backend.domain.sender_domain import SES_SPF, SPF_VERSION, DnsRecord, Finding, Identity, Subject, spf_records
from backend.email.dns import Lookup, RecordKind

_SUGGESTED = "bounce"


def check_mail_from(lookup: Lookup, identity: Identity) -> Finding:
    """Whether the return path is a domain of the shop's, with the records that SES needs.

    AWS, "Using a custom MAIL FROM domain": exactly one MX record, to the region's feedback server, and an SPF record.
    """
    name = identity.mail_from or f"{_SUGGESTED}.{identity.domain}"
    server = f"feedback-smtp.{identity.region}.amazonses.com"
    mx, spf = DnsRecord("MX", name, f"10 {server}"), DnsRecord("TXT", name, f"{SPF_VERSION} {SES_SPF} ~all")
    if not identity.mail_from:
        return Finding(
            Subject.MAIL_FROM,
            Level.GOOD,
            "Bounces go to a domain of SES, which works. A domain of your own would put SPF in line as well.",
            f"To have it, set {name} as custom MAIL FROM domain of the identity in the SES console, and publish these.",
            (mx, spf),
        )
    servers, texts = lookup.look_up(name, RecordKind.MX), lookup.look_up(name, RecordKind.TXT)
    if any(each.absence is not None and not each.absence.is_certain for each in (servers, texts)):
        return Finding(Subject.MAIL_FROM, Level.UNKNOWN, f"{name} could not be looked up.", "Try again in a while.")
    names = [value.partition(" ")[2] for value in servers.values]
    records = spf_records(texts.values)
    missing: tuple[DnsRecord, ...] = () if names == [server] else (mx,)
    missing += () if len(records) == 1 and SES_SPF in records[0].lower() else (spf,)
    found = (*servers.values, *records)
    if not missing:
        return Finding(Subject.MAIL_FROM, Level.GOOD, f"Bounces go to {name}, as SES needs it.", found=found)
    others = " It has other mail servers besides; there must be this one only." if len(names) > 1 else ""
    return Finding(
        Subject.MAIL_FROM,
        Level.WATCH,
        f"{name} is not set up as SES needs it.{others}",
        "Publish these in place of what is there. Until then SES uses a domain of its own, or refuses to send.",
        missing,
        found,
    )
