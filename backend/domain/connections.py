"""Connections to shops that send webhooks, and the deliveries that they make."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

SECRET_OVERLAP = timedelta(days=2)
"""How long the secret before stays valid after a rotation: as long as an admin needs to enter the new one."""
PATIENCE = (30, 120, 600, 1800, 3600, 7200)
"""Seconds after which a delivery that has to wait is tried again: four hours in all, as long as Shopify repeats one."""
SILENT_AFTER = timedelta(days=3)
"""A connection that has worked and then brings nothing for so long may have lost its subscription."""
NEW_FOR = timedelta(days=1)
"""An order that arrives later than this after it was placed is history, and starts no automations."""


class ShopKind(StrEnum):
    """The program that a connected shop runs on."""

    SHOPIFY = "shopify"
    WOOCOMMERCE = "woocommerce"

    @property
    def label(self) -> str:
        return {ShopKind.SHOPIFY: "Shopify", ShopKind.WOOCOMMERCE: "WooCommerce"}[self]


class DeliveryState(StrEnum):
    """What became of a delivery."""

    WAITING = "waiting"
    APPLIED = "applied"
    UNCHANGED = "unchanged"
    IGNORED = "ignored"
    NOTED = "noted"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Secret:
    """A signing secret, sealed with the installation's key. `until` is when one that was replaced ends."""

    sealed: str
    since: datetime
    until: datetime | None = None

    def is_valid(self, now: datetime) -> bool:
        return self.until is None or now < self.until


@dataclass(frozen=True, slots=True)
class Connection:
    """One connected shop. `domain` is the shop's own, "" for any; `source` is what its orders are called here.

    `secrets` are the current one and the one before it, at most; without one nothing is accepted. With a `token` of
    the shop's own API, its orders are compared with those here every night.
    """

    id: str
    kind: ShopKind
    domain: str
    source: str
    created_at: datetime
    created_by: str
    secrets: tuple[Secret, ...] = ()
    version: int = 1
    token: Secret | None = None


@dataclass(frozen=True, slots=True)
class OrderComparison:
    """How far the orders of a shop are compared with those here: all that it changed before `since`.

    One that is under way goes until `until`. Of it, or else of the last one, `seen` orders had changed there; `missed`
    of them had not arrived, and `behind` were older here. `trouble` is why it cannot go on now.
    """

    since: datetime
    due_at: datetime
    until: datetime | None = None
    seen: int = 0
    missed: int = 0
    behind: int = 0
    finished_at: datetime | None = None
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class ConnectionFigures:
    """What a connection has brought so far. `lag` is how long the last delivery waited, in milliseconds."""

    received: int = 0
    applied: int = 0
    unchanged: int = 0
    ignored: int = 0
    noted: int = 0
    failed: int = 0
    refused: int = 0
    last_at: datetime | None = None
    last_topic: str = ""
    last_refused_at: datetime | None = None
    lag: int = 0


@dataclass(frozen=True, slots=True)
class Delivery:
    """One webhook as it was received. `triggered_at` is the sender's moment, or "" where it gives none.

    `parts` says how many further items hold the rest of a large body. A `test` event is read, and changes nothing.
    """

    connection: str
    id: str
    topic: str
    received_at: datetime
    state: DeliveryState
    body: bytes = b""
    triggered_at: str = ""
    tries: int = 0
    reason: str = ""
    parts: int = 0
    test: bool = False


@dataclass(frozen=True, slots=True)
class PrivacyRequest:
    """A customer's request that a shop passes on: to hand over data, or to erase it. `done_by` closes it."""

    id: str
    connection: str
    topic: str
    requested_at: datetime
    customer: str
    orders: int = 0
    done_at: datetime | None = None
    done_by: str = ""
