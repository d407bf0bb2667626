"""Customers as the API takes and gives them."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Self

from pydantic import Field

from backend.api.v1.models.common import Address, Country, Given, Moment, Shown, Text
from backend.domain.customers import (
    MOST_TAGS,
    Activity,
    ConsentMethod,
    ConsentProof,
    ConsentSource,
    Customer,
    CustomerSummary,
)
from backend.domain.erasure import Erasure
from backend.domain.merging import Merge
from backend.services.customer_data.erasure import ErasurePreview
from backend.services.customer_data.merge import MergePreview
from backend.services.customers.customers import Profile

Tags = Annotated[list[Annotated[str, Field(max_length=100)]], Field(max_length=MOST_TAGS)]


class CustomerIn(Given):
    """A new customer. Their answer about marketing email is recorded by a call of its own, with its proof."""

    name: Annotated[Text, Field(description="Made of the given and the family name without it.")] = ""
    given_name: Text = ""
    family_name: Text = ""
    email: Address = ""
    country: Country = ""
    city: Text = ""
    phone: Annotated[str, Field(max_length=50)] = ""
    tags: Tags = []

    @property
    def profile(self) -> Profile:
        return Profile(**{**self.model_dump(), "tags": tuple(self.tags)})


class CustomerChange(Given):
    """What changes; what is left out stays. A new given or family name makes a new name, unless that is given too."""

    name: Text | None = None
    given_name: Text | None = None
    family_name: Text | None = None
    email: Address | None = None
    country: Country | None = None
    city: Text | None = None
    phone: Annotated[str, Field(max_length=50)] | None = None
    tags: Tags | None = None

    def profile_of(self, before: Customer) -> Profile:
        """The whole profile after the change."""
        given = self.model_dump(exclude_none=True)
        parts = {name: given.get(name, getattr(before, name)) for name in ("given_name", "family_name")}
        if not given.keys() & parts.keys():
            parts = {}
        return Profile(
            name=given.get("name", "" if parts else before.name),
            email=given.get("email", before.email or ""),
            country=given.get("country", before.country),
            city=given.get("city", before.city),
            phone=given.get("phone", before.phone),
            tags=tuple(given.get("tags", before.tags)),
            **parts,
        )


class ErasureOut(Shown):
    """What an erasure would do, or how far it is. `reasons` say why it is not possible now."""

    customer_id: str
    state: Annotated[str, Field(description="possible, refused, running or done")]
    erased_at: Moment | None
    orders: int = 0
    messages: int = 0
    notes: int = 0
    addresses: int = 0
    reasons: list[str] = []

    @classmethod
    def of(cls, found: ErasurePreview | Erasure) -> Self:
        if isinstance(found, Erasure):
            return cls(customer_id=found.customer, state="done" if found.is_done else "running", erased_at=found.at)
        return cls(
            customer_id=found.customer.id,
            state="refused" if found.reasons else "possible",
            erased_at=None,
            orders=found.orders,
            messages=found.messages,
            notes=found.notes,
            addresses=found.addresses,
            reasons=list(found.reasons),
        )


class MergeIn(Given):
    """Who becomes part of the customer in the address."""

    customer_id: Annotated[str, Field(max_length=20, description="The id of the customer who is merged in.")]
    two_accounts: Annotated[bool, Field(strict=True, description="Also when both have an id at a shop.")] = False


class MergeOut(Shown):
    """What a merge would do, or how far it is. `reasons` say why it is not possible now."""

    kept: str
    gone: str
    state: Annotated[str, Field(description="possible, refused, running or done")]
    merged_at: Moment | None = None
    orders: int = 0
    messages: int = 0
    notes: int = 0
    addresses: int = 0
    two_accounts: Annotated[bool, Field(description="Both have an id of their own at a shop.")] = False
    reasons: list[str] = []

    @classmethod
    def of(cls, found: MergePreview | Merge) -> Self:
        if isinstance(found, Merge):
            state = "done" if found.is_done else "running"
            return cls(kept=found.kept, gone=found.gone, state=state, merged_at=found.at)
        return cls(
            kept=found.kept.id,
            gone=found.gone.id,
            state="refused" if found.reasons else "possible",
            orders=found.orders,
            messages=found.messages,
            notes=found.notes,
            addresses=found.addresses,
            two_accounts=found.has_two_accounts,
            reasons=list(found.reasons),
        )


class ConsentIn(Given):
    """A customer's own answer about marketing email, and how you know of it."""

    given: Annotated[bool, Field(strict=True)]
    text: Annotated[
        str, Field(min_length=1, max_length=1000, description="What the customer agreed to, word for word.")
    ]
    origin: Annotated[
        str, Field(min_length=1, max_length=200, description="Where they answered, such as a page or form.")
    ]
    ip: Annotated[str, Field(max_length=45, description="The address from which they answered.")] = ""

    method: ConsentMethod = ConsentMethod.API
    at: Annotated[Moment | None, Field(description="When they answered; now without it.")] = None

    def proof(self, now: datetime) -> ConsentProof:
        return ConsentProof(self.given, self.at or now, self.method, self.text, self.origin, self.ip)


class ConsentOut(Shown):
    """The answer that counts."""

    given: bool
    at: Moment
    source: ConsentSource
    by: str = ""


class CustomerListed(Shown):
    """What lists show of a customer."""

    id: str
    name: str
    email: str | None
    country: str
    tags: list[str]
    archived: bool
    orders: int
    revenue: int
    currency: str

    @classmethod
    def of(cls, found: CustomerSummary | Customer, currency: str) -> Self:
        return cls.read(found, currency=currency)


class CustomerOut(CustomerListed):
    """A customer. `revenue` is net of refunds; `orders` leaves out cancelled ones."""

    given_name: str
    family_name: str
    city: str
    phone: str
    consent: ConsentOut | None
    source: str
    created_at: Moment
    version: int


class ConsentProofOut(Shown):
    """One of a customer's answers with its proof. Earlier ones have a text alone."""

    at: Moment
    by: str
    text: str
    given: bool | None = None
    method: ConsentMethod | None = None
    origin: str = ""
    ip: str = ""

    @classmethod
    def of(cls, found: Activity) -> Self:
        if found.proof is None:
            return cls(at=found.at, by=found.by, text=found.text)
        return cls(by=found.by, **asdict(found.proof))
