"""DKIM: the signature by which a domain vouches for an email (RFC 6376). SES signs by keys that it renews itself."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from backend.domain.deliverability import Level
from backend.domain.sender_domain import DnsRecord, Finding, Identity, Subject
from backend.email.dns import Lookup, RecordKind

LEAST_BITS = 1024
"""Google, "Email sender guidelines": keys of 1,024 bits at least, better 2,048."""
GOOD_BITS = 2048


def check_ses_dkim(lookup: Lookup, identity: Identity) -> Finding:
    """Whether the aliases that Easy DKIM needs are published (AWS, "Easy DKIM in Amazon SES")."""
    if not identity.dkim_tokens:
        return Finding(
            Subject.DKIM,
            Level.BAD,
            f"SES has no DKIM keys for {identity.domain}.",
            "Open the identity in the SES console, and switch on Easy DKIM.",
        )
    wanted = [
        DnsRecord("CNAME", f"{token}._domainkey.{identity.domain}", f"{token}.{identity.dkim_zone}")
        for token in identity.dkim_tokens
    ]
    looked = [lookup.look_up(record.name, RecordKind.CNAME) for record in wanted]
    found = tuple(value for each in looked for value in each.values)
    missing = tuple(
        record for record, each in zip(wanted, looked, strict=True) if each.values != (record.value.lower(),)
    )
    if any(each.absence is not None and not each.absence.is_certain for each in looked):
        return Finding(Subject.DKIM, Level.UNKNOWN, "The DKIM records could not be looked up.", "Try again in a while.")
    if missing:
        there = len(wanted) - len(missing)
        return Finding(
            Subject.DKIM,
            Level.BAD,
            f"{there} of {len(wanted)} DKIM records of {identity.domain} are as SES needs them.",
            "Publish these. SES sees them within 72 hours, usually much sooner, and signs from then on.",
            missing,
            found,
        )
    if not identity.dkim_enabled:
        return Finding(
            Subject.DKIM,
            Level.WATCH,
            "The DKIM records are there, but SES does not sign yet.",
            "Switch DKIM signatures on for the identity in the SES console, or wait until SES has seen the records.",
            found=found,
        )
    return Finding(Subject.DKIM, Level.GOOD, f"SES signs mail of {identity.domain} with DKIM.", found=found)


def check_selectors(lookup: Lookup, domain: str, selectors: Sequence[str]) -> Finding:
    """Whether the keys of these selectors are published and long enough; selectors cannot be listed."""
    if not selectors:
        return Finding(
            Subject.DKIM,
            Level.UNKNOWN,
            "DKIM keys have names (selectors) that only the sending provider knows.",
            "Name them, to have them looked up. With SES nothing has to be named: it names its own.",
        )
    findings = [_check_selector(lookup, domain, selector) for selector in selectors]
    return max(findings, key=lambda finding: finding.level.weight)


def _check_selector(lookup: Lookup, domain: str, selector: str) -> Finding:
    name = f"{selector}._domainkey.{domain}"
    looked = lookup.look_up(name, RecordKind.TXT)
    if looked.absence is not None:
        level = Level.BAD if looked.absence.is_certain else Level.UNKNOWN
        return Finding(
            Subject.DKIM, level, f"{name} {looked.absence.value}.", "Publish the record that your provider names."
        )
    bits = max(_bits_of(text) for text in looked.values)
    if bits < LEAST_BITS:
        return Finding(
            Subject.DKIM,
            Level.BAD,
            f"{name} holds no key that receivers accept.",
            "Ask your provider for a key of 2,048 bits. An empty key (“p=”) means that it was withdrawn.",
            found=looked.values,
        )
    if bits < GOOD_BITS:
        return Finding(
            Subject.DKIM,
            Level.WATCH,
            f"The DKIM key of {selector} has {bits:,} bits.",
            "Have it replaced by one of 2,048 bits.",
            found=looked.values,
        )
    return Finding(Subject.DKIM, Level.GOOD, f"The DKIM key of {selector} is published.", found=looked.values)


def _bits_of(text: str) -> int:
    """How strong the key of a record is, as bits of RSA; 0 when there is none that can be read.

    An Ed25519 key (RFC 8463) is as strong as RSA with far more than 2,048.
    """
    pairs = (part.partition("=") for part in text.split(";"))
    tags = {name.strip().lower(): value.strip() for name, _, value in pairs}
    if tags.get("v", "DKIM1").upper() != "DKIM1":
        return 0
    try:
        key = base64.b64decode("".join(tags.get("p", "").split()), validate=True)
        if tags.get("k", "rsa").lower() == "ed25519":
            return GOOD_BITS if len(key) == 32 else 0
        public = load_der_public_key(key)
    except (binascii.Error, ValueError, UnsupportedAlgorithm):
        return 0
    return public.key_size if isinstance(public, RSAPublicKey) else 0
