"""Customers: who buys, whether they may be emailed, and how they are found."""

from __future__ import annotations

import hashlib
import ipaddress
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from email_validator import EmailNotValidError, validate_email

from backend.domain.money import divided
from backend.domain.names import greeting_of, is_address
from backend.errors import InvalidInputError

MOST_TAGS = 250
"""As many as Shopify lets a customer or an order have."""
LISTED_TAGS = 15
"""So many of a customer's tags, the first ones, are in lists and counts: as many as one transaction can replace
together with everything else of a profile. Segments, exports and the customer's page know all of them."""


class ConsentSource(StrEnum):
    """The source of a customer's answer about marketing."""

    STAFF = "staff"
    IMPORT = "import"
    CUSTOMER = "customer"
    DEMO = "demo"


@dataclass(frozen=True, slots=True)
class Consent:
    """A customer's last answer about marketing email: what, when, and its source."""

    given: bool
    at: datetime
    source: ConsentSource
    by: str = ""


class ConsentMethod(StrEnum):
    """How an answer about marketing was given."""

    CHECKOUT = "checkout"
    FORM = "form"
    IMPORT = "import"
    API = "api"
    DOUBLE_OPT_IN = "double_opt_in"
    EMAIL_LINK = "email_link"
    STAFF = "staff"


@dataclass(frozen=True, slots=True)
class ConsentProof:
    """How we know of one answer about marketing email (GDPR, article 7(1)).

    `text` is what the customer answered to, or the version of it; `origin` where; `ip` the address they came from.
    """

    given: bool
    at: datetime
    method: ConsentMethod
    text: str = ""
    origin: str = ""
    ip: str = field(default="", repr=False)

    @property
    def sentence(self) -> str:
        """One line, without the address."""
        said = "Agreed to marketing" if self.given else "Refused marketing"
        return said + (f": “{self.text}”" if self.text else "") + (f" ({self.origin})" if self.origin else "")


@dataclass(frozen=True, slots=True)
class Customer:
    """One customer. `orders` and `revenue` (minor units, net of refunds) are kept totals, never set by hand.

    `name` is for display, and the address where no name is known. `given_name` and `family_name` are its two parts
    where a source or a person has said them.

    `email` is None for customers who cannot be emailed (point of sale). `first_day` is the shop's day of the earliest
    order, or "". `version` counts changes of the profile. `erased_at` says when everything personal was removed.
    """

    id: str
    name: str
    email: str | None
    created_at: datetime
    country: str = ""
    city: str = ""
    phone: str = ""
    tags: tuple[str, ...] = ()
    consent: Consent | None = None
    archived: bool = False
    source: str = ""
    orders: int = 0
    revenue: int = 0
    first_day: str = ""
    version: int = 1
    given_name: str = ""
    family_name: str = ""
    erased_at: datetime | None = None

    @property
    def real_name(self) -> str:
        """The name, or "" when what is shown as one is the address."""
        return "" if is_address(self.name) else self.name

    @property
    def greeting(self) -> str:
        """What to call the customer in an email, or ""."""
        return greeting_of(self.name, self.given_name)

    @property
    def average_order(self) -> int:
        """Minor units; 0 without orders."""
        return divided(self.revenue, self.orders) if self.orders else 0


@dataclass(frozen=True, slots=True)
class CustomerSummary:
    """What lists and leaderboards show of a customer."""

    id: str
    name: str
    email: str | None
    country: str
    tags: tuple[str, ...]
    archived: bool
    orders: int
    revenue: int
    created_at: datetime | None = None


class ActivityKind(StrEnum):
    """What happened, for a line of a customer's activity."""

    CREATED = "created"
    EDITED = "edited"
    NOTE = "note"
    CONSENT = "consent"
    TAGGED = "tagged"
    ARCHIVED = "archived"
    RESTORED = "restored"


@dataclass(frozen=True, slots=True)
class Activity:
    """One thing that happened to a customer's profile, or a note that somebody wrote.

    `proof` is there where it brought an answer about marketing.
    """

    id: str
    at: datetime
    by: str
    kind: ActivityKind
    text: str = ""
    proof: ConsentProof | None = None


def clean_email(text: str) -> str:
    """The address as it is kept and written to, validated by email-validator (syntax only, no network).

    Raises: `InvalidInputError` with a sentence.
    """
    if len(text) > 320:
        raise InvalidInputError("The email address is too long.", "email")
    try:
        return validate_email(text.strip(), check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError as error:
        raise InvalidInputError(f"“{text.strip()[:80]}” is not an email address: {error}", "email") from error


def email_identity(address: str) -> str:
    """What makes two addresses the same: upper and lower case do not count."""
    return address.casefold()


def address_digest(address: str) -> str:
    """What a page shows of the address that its link was sent to: enough to recognise it, not to read it."""
    return hashlib.sha256(email_identity(address).encode()).hexdigest()[:24]


def clean_ip(text: str) -> str:
    """An IPv4 or IPv6 address, or "".

    Raises: `InvalidInputError`.
    """
    try:
        return str(ipaddress.ip_address(text.strip())) if text.strip() else ""
    except ValueError as error:
        raise InvalidInputError("This is not an IP address.", "ip") from error


def clean_country(text: str) -> str:
    """An ISO 3166 code of two letters in upper case, or "".

    Raises: `InvalidInputError`.
    """
    code = text.strip().upper()
    if code and not (len(code) == 2 and code.isascii() and code.isalpha()):
        raise InvalidInputError(f"“{text.strip()[:20]}” is not a country code of two letters, such as DE.", "country")
    return code
