"""The DNS records that a domain needs so that its mail is trusted, and what each of them contains now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from backend.domain.deliverability import Level, worst


class Subject(StrEnum):
    """What is checked. The value is its name for people."""

    SPF = "SPF"
    DKIM = "DKIM"
    DMARC = "DMARC"
    ALIGNMENT = "Alignment"
    MAIL_FROM = "MAIL FROM"
    ONE_CLICK = "One-click unsubscribe"


@dataclass(frozen=True, slots=True)
class DnsRecord:
    """A record to publish, as it is copied into the form of a DNS provider."""

    kind: str
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check, in a sentence; what to do about it, which records to publish, and what is there now."""

    subject: Subject
    level: Level
    sentence: str
    advice: str = ""
    publish: tuple[DnsRecord, ...] = ()
    found: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DomainReport:
    """All findings about the domain that mail is sent from."""

    domain: str
    checked_at: datetime
    findings: tuple[Finding, ...]

    @property
    def level(self) -> Level:
        return worst([finding.level for finding in self.findings])


@dataclass(frozen=True, slots=True)
class Identity:
    """What SES knows of a domain: the records of Easy DKIM, and the domain of the return path ("" is SES's own).

    `dkim_zone` is where SES keeps the keys. `region` is that of the account, such as "eu-central-1".
    """

    domain: str
    verified: bool
    dkim_tokens: tuple[str, ...]
    dkim_zone: str
    dkim_enabled: bool
    mail_from: str
    region: str


# --- SPF (RFC 7208) ----------------------------------------------------------------------------------------------

SPF_VERSION = "v=spf1"
MOST_SPF_LOOKUPS = 10
"""RFC 7208, 4.6.4: more of the terms that ask the DNS are a permanent error."""
MOST_VOID_LOOKUPS = 2
"""RFC 7208, 4.6.4: more look-ups that find nothing should be a permanent error."""
SES_SPF = "include:amazonses.com"

_ASKING = frozenset({"include", "a", "mx", "ptr", "exists", "redirect"})
_MECHANISMS = frozenset({"all", "include", "a", "mx", "ptr", "ip4", "ip6", "exists"})
_MODIFIERS = frozenset({"redirect", "exp"})


@dataclass(frozen=True, slots=True)
class SpfTerm:
    """One term of an SPF record, such as `~all` (qualifier "~") or `include:example.com` (value "example.com")."""

    name: str
    value: str = ""
    qualifier: str = "+"

    @property
    def asks(self) -> bool:
        """Whether it counts against the ten look-ups."""
        return self.name in _ASKING

    @property
    def known(self) -> bool:
        return self.name in _MECHANISMS or self.name in _MODIFIERS


def spf_records(texts: Sequence[str]) -> list[str]:
    """Those TXT values that are SPF records (RFC 7208, 4.5)."""
    return [text for text in texts if text.lower() == SPF_VERSION or text.lower().startswith(SPF_VERSION + " ")]


def spf_terms(record: str) -> list[SpfTerm]:
    """The terms of an SPF record. Unknown modifiers are left out, as the RFC wants; unknown mechanisms are kept."""
    terms = []
    for word in record.split()[1:]:
        qualifier, rest = (word[0], word[1:]) if word[0] in "+-~?" else ("+", word)
        name, equals, value = rest.partition("=")
        if equals and ":" not in name and "/" not in name:
            if name.lower() in _MODIFIERS:
                terms.append(SpfTerm(name.lower(), value))
            continue
        name, _, value = rest.partition(":")
        terms.append(SpfTerm(name.partition("/")[0].lower(), value.partition("/")[0], qualifier))
    return terms


# --- DMARC (RFC 9989, before it RFC 7489) ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Dmarc:
    """A DMARC record: what receivers should do, and whether domains must be equal ("s") or only related ("r")."""

    policy: str
    adkim: str = "r"
    aspf: str = "r"
    psd: str = ""
    reports_to: str = ""


def dmarc_records(texts: Sequence[str]) -> list[str]:
    """Those TXT values that are DMARC records."""
    return [text for text in texts if text.partition(";")[0].replace(" ", "").lower() == "v=dmarc1"]


def dmarc_of(record: str) -> Dmarc | None:
    """What a record says; None when its policy is none of those that exist."""
    pairs = (part.partition("=") for part in record.split(";")[1:])
    tags = {name.strip().lower(): value.strip() for name, _, value in pairs}
    policy = tags.get("p", "none" if tags.get("rua") else "").lower()
    if policy not in ("none", "quarantine", "reject"):
        return None
    return Dmarc(
        policy,
        tags.get("adkim", "r").lower(),
        tags.get("aspf", "r").lower(),
        tags.get("psd", "").lower(),
        tags.get("rua", ""),
    )


def parents_of(domain: str) -> list[str]:
    """The domain and those above it, down to a single label. Of long names the middle is left out (RFC 9989, 4.10)."""
    labels = domain.split(".")
    start = len(labels) - 7 if len(labels) > 8 else 1
    return [domain, *(".".join(labels[place:]) for place in range(start, len(labels)))]


def clean_domain(text: str) -> str:
    """A domain in small letters, from what somebody typed: an address or a web address will do."""
    domain = text.strip().lower().rpartition("@")[2].partition("://")[2] or text.strip().lower().rpartition("@")[2]
    return domain.partition("/")[0].partition(":")[0].strip(".")
