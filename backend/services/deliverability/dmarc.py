"""DMARC: what receivers shall do with mail that nobody vouches for, and whether the sender's domain is in line.

The organisational domain is found by walking up the tree (RFC 9989, 4.10), which needs no list of public suffixes.
Receivers that still go by RFC 7489 use such a list; both agree wherever the domain itself has a record.
"""

from __future__ import annotations

from dataclasses import dataclass

from backend.domain.deliverability import Level
from backend.domain.sender_domain import Dmarc, DnsRecord, Finding, Subject, dmarc_of, dmarc_records, parents_of
from backend.email.dns import Lookup, RecordKind


@dataclass(frozen=True, slots=True)
class DmarcState:
    """The records on the way up from a domain: `own` is what holds for it, `organisation` whom it belongs to.

    `broken` are records that receivers cannot use, `late` says that something could not be looked up.
    """

    organisation: str
    own: Dmarc | None = None
    holder: str = ""
    text: str = ""
    broken: tuple[str, ...] = ()
    late: bool = False


def dmarc_state_of(lookup: Lookup, domain: str) -> DmarcState:
    """Looks up the domain and all above it."""
    found: list[tuple[str, Dmarc, str]] = []
    broken: list[str] = []
    late = False
    for name in parents_of(domain):
        looked = lookup.look_up(f"_dmarc.{name}", RecordKind.TXT)
        late = late or (looked.absence is not None and not looked.absence.is_certain)
        records = dmarc_records(looked.values)
        record = dmarc_of(records[0]) if len(records) == 1 else None
        if record is not None:
            found.append((name, record, records[0]))
            if record.psd == "n" or (record.psd == "y" and name != domain):
                break
        elif records and name == domain:
            broken = records
    if not found:
        return DmarcState(domain, broken=tuple(broken), late=late)
    holder, own, text = found[0]
    return DmarcState(_organisation(domain, found), own, holder, text, tuple(broken), late)


def _organisation(domain: str, found: list[tuple[str, Dmarc, str]]) -> str:
    top, record, _ = found[-1]
    if record.psd != "y" or top == domain:
        return top
    labels = domain.split(".")
    return ".".join(labels[-len(top.split(".")) - 1 :])  # one below the public suffix


def check_dmarc(dmarc: DmarcState, domain: str) -> Finding:
    """The state of the DMARC record that applies to the domain."""
    wanted = DnsRecord("TXT", f"_dmarc.{dmarc.organisation}", f"v=DMARC1; p=none; rua=mailto:dmarc@{domain}")
    if dmarc.broken:
        several = f"{len(dmarc.broken)} DMARC records" if len(dmarc.broken) > 1 else "a DMARC record without a policy"
        return Finding(
            Subject.DMARC,
            Level.BAD,
            f"_dmarc.{domain} has {several}, so receivers act as if there were none.",
            "Keep exactly one, with a policy.",
            (wanted,),
            dmarc.broken,
        )
    if dmarc.own is None and dmarc.late:
        return Finding(Subject.DMARC, Level.UNKNOWN, "DMARC could not be looked up.", "Try again in a while.")
    if dmarc.own is None:
        return Finding(
            Subject.DMARC,
            Level.WATCH,
            f"{domain} has no DMARC record. Gmail and Yahoo demand one of everybody who sends much.",
            "Publish this record. Reports go to the address in it, so it has to exist.",
            (wanted,),
        )
    found = (dmarc.text,)
    if dmarc.own.policy == "none":
        return Finding(
            Subject.DMARC,
            Level.GOOD,
            f"{dmarc.holder} has a DMARC record that only watches (p=none).",
            "Once the reports show none but your own mail, make it “p=quarantine”: then nobody else can use your name.",
            found=found,
        )
    return Finding(
        Subject.DMARC, Level.GOOD, f"{dmarc.holder} protects its name by DMARC (p={dmarc.own.policy}).", found=found
    )


def check_alignment(lookup: Lookup, domain: str, dmarc: DmarcState, *, signed_by: str, mail_from: str) -> Finding:
    """Whether the domain that people see is in line with the one that signs, or with the return path.

    One of the two is enough. "" is a domain of the provider's, or unknown.
    """
    own = dmarc.own or Dmarc("none")
    by_dkim = bool(signed_by) and _in_line(lookup, domain, dmarc, signed_by, strict=own.adkim == "s")
    by_spf = bool(mail_from) and _in_line(lookup, domain, dmarc, mail_from, strict=own.aspf == "s")
    if by_dkim or by_spf:
        ways = [name for name, holds in (("DKIM", by_dkim), ("SPF", by_spf)) if holds]
        both = "" if len(ways) == 2 else " One of them is enough; both are safer, because forwarding breaks SPF."
        return Finding(Subject.ALIGNMENT, Level.GOOD, f"{domain} is in line with {' and '.join(ways)}.{both}")
    if not signed_by and not mail_from:
        return Finding(
            Subject.ALIGNMENT,
            Level.UNKNOWN,
            "Which domain signs the mail, and which is its return path, is known only of SES.",
            "Look at the headers of an email that arrived: “dkim=pass” with your domain is what counts.",
        )
    strict = " The DMARC record asks for equal domains (adkim=s, aspf=s)." if "s" in (own.adkim, own.aspf) else ""
    return Finding(
        Subject.ALIGNMENT,
        Level.BAD,
        f"Neither the signature nor the return path is of {domain}, so DMARC fails.{strict}",
        "Verify the sender's own domain at SES with Easy DKIM, or relax the DMARC record to adkim=r and aspf=r.",
    )


def _in_line(lookup: Lookup, domain: str, dmarc: DmarcState, other: str, *, strict: bool) -> bool:
    if other == domain:
        return True
    return not strict and dmarc_state_of(lookup, other).organisation == dmarc.organisation
