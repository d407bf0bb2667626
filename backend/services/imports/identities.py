"""Identities of a customer without an email address: the source's own id, the phone, or an unusable address."""

from __future__ import annotations

from functools import lru_cache

from backend.domain.customers import email_identity
from backend.domain.phones import e164_of

_LONGEST = 300


@lru_cache(1 << 15)
def identities_of(source_id: str, phone: str, refused_address: str, region: str) -> tuple[str, ...]:
    """Such as `("id#6543210987", "phone#+4930123456")`, the most reliable first.

    `refused_address` is an invalid address; words such as "n/a" are ignored.
    """
    number = e164_of(phone, region) if phone else None
    refused = refused_address if "@" in refused_address else ""
    parts = (("id", source_id.removeprefix("'")), ("phone", number or ""), ("address", email_identity(refused)))
    return tuple(f"{kind}#{value[:_LONGEST]}" for kind, value in parts if value)
