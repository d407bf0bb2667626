"""What an import reads from a file, its outcomes, and what was wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from backend.domain.addresses import Address
from backend.domain.fulfilments import Fulfilment
from backend.domain.orders import LineItem, OrderStatus

FILE_SOURCES = ("shopify", "woocommerce", "etsy", "square", "bigcommerce", "stripe", "other")
"""What the orders of files are called by where they come from; a person may give another name."""


class ImportKind(StrEnum):
    """What a file holds."""

    ORDERS = "orders"
    CUSTOMERS = "customers"
    PRODUCTS = "products"
    SUPPRESSIONS = "suppressions"


@dataclass(frozen=True, slots=True)
class ImportedOrder:
    """One order of a file, cleaned and checked. Amounts are in minor units of the shop's currency.

    `email` is None for people without an address. `identities` are other identifiers: see `customer_identities`.
    `consent` None means that the file says nothing about marketing. With `paid` None the status decides.
    `fulfilments` None: the source says nothing of parcels.
    """

    number: str
    name: str
    email: str | None
    status: OrderStatus
    placed_at: datetime
    lines: tuple[LineItem, ...]
    subtotal: int
    total: int
    discount: int = 0
    shipping: int = 0
    tax: int = 0
    refunded: int = 0
    cancelled_at: datetime | None = None
    discount_code: str = ""
    note: str = ""
    country: str = ""
    city: str = ""
    phone: str = ""
    tags: tuple[str, ...] = ()
    consent: bool | None = None
    identities: tuple[str, ...] = ()
    tip: int = 0
    duties: int = 0
    gift_cards: int = 0
    tax_included: bool = False
    test: bool = False
    paid: int | None = None
    shipping_address: Address | None = None
    billing_address: Address | None = None
    fulfilments: tuple[Fulfilment, ...] | None = None


@dataclass(frozen=True, slots=True)
class OrderMapping:
    """What the columns of a table of orders are: titles by field. `source` names the program or shop of the orders.

    `label` is what a recognised file is.
    """

    source: str
    columns: Mapping[str, str]
    label: str = ""


@dataclass(frozen=True, slots=True)
class ImportedCustomer:
    """One customer of a file, cleaned and checked. "" and None mean that the file says nothing.

    `refused_address` is what the file has as the email address where it cannot be written to; `address` is the postal
    one.
    The three fields of the consent prove it: when, by which text, from which IP address.
    """

    id: str = ""
    email: str = ""
    name: str = ""
    country: str = ""
    city: str = ""
    phone: str = ""
    tags: tuple[str, ...] = ()
    consent: bool | None = None
    given_name: str = ""
    family_name: str = ""
    refused_address: str = ""
    address: Address | None = None
    consent_at: datetime | None = None
    consent_text: str = ""
    consent_ip: str = ""


@dataclass(frozen=True, slots=True)
class ImportedProduct:
    """One product or variant of a file, cleaned and checked. `price` is in minor units, None where there is none."""

    title: str
    variant: str = ""
    sku: str = ""
    price: int | None = None
    picture: str = ""
    archived: bool = False


@dataclass(frozen=True, slots=True)
class Fault:
    """Why an order or a customer of a file was left out. `line` counts physical lines from 1; `column` may be ""."""

    name: str
    line: int
    column: str
    reason: str


@dataclass(frozen=True, slots=True)
class Repair:
    """What was repaired in an order or a customer of a file, which was imported. Fields as in `Fault`."""

    name: str
    line: int
    column: str
    reason: str


@dataclass(frozen=True, slots=True)
class Skipped:
    """A row that is no order or customer: titles again, a sum of the rows above, a line above or below the table."""

    line: int
    reason: str


class Outcome(StrEnum):
    """The outcome of an order or a customer of a file."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    FAILED = "failed"


@dataclass(slots=True)
class Counts:
    """How often each outcome occurred."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    failed: int = 0

    def add(self, outcome: Outcome) -> None:
        setattr(self, outcome.value, getattr(self, outcome.value) + 1)

    def copy(self) -> Counts:
        return replace(self)

    @property
    def total(self) -> int:
        return self.created + self.updated + self.unchanged + self.failed

    def as_dict(self) -> dict[str, int]:
        return {outcome.value: getattr(self, outcome.value) for outcome in Outcome}


@dataclass(frozen=True, slots=True)
class ImportProgress:
    """How far an import is: the share of the work that is done, between 0 and 1, and the outcomes so far."""

    share: float
    counts: Counts


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What an import did. `report` is the CSV of what was left out or repaired, None when that was nothing.

    `repaired` counts the cells that were put right, `new` the orders that started automations.
    `missed` are orders that a connected shop has placed since `missed_since`, and that had not arrived by webhook.

    An import of orders counts customers too: those that it created. A suppression that is there already is unchanged.
    """

    kind: ImportKind
    orders: Counts = field(default_factory=Counts)
    customers: Counts = field(default_factory=Counts)
    seconds: float = 0.0
    report: Path | None = None
    encoding: str = ""
    suppressions: Counts = field(default_factory=Counts)
    repaired: int = 0
    products: Counts = field(default_factory=Counts)
    new: int = 0
    missed: int = 0
    missed_since: datetime | None = None

    @property
    def counts(self) -> Counts:
        """The counts of what the file holds."""
        return {
            ImportKind.ORDERS: self.orders,
            ImportKind.CUSTOMERS: self.customers,
            ImportKind.SUPPRESSIONS: self.suppressions,
            ImportKind.PRODUCTS: self.products,
        }[self.kind]

    def figures(self) -> dict[str, object]:
        """The result for programs: `{"orders": {…}, "customers": {"created": 1}, "seconds": 0.5}`."""
        if self.kind is not ImportKind.ORDERS:
            return {self.kind.value: self.counts.as_dict(), "seconds": round(self.seconds, 3)}
        figures: dict[str, object] = {
            "orders": self.orders.as_dict(),
            "customers": {"created": self.customers.created},
            "seconds": round(self.seconds, 3),
        }
        figures |= {"repaired": self.repaired} if self.repaired else {}
        figures |= {"had_not_arrived": self.missed} if self.missed else {}
        return figures | ({"treated_as_new": self.new} if self.new else {})
