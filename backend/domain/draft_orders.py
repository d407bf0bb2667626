"""Draft orders: written like an order, counted nowhere, and placed when they are completed; and their link to pay."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import quote, urlsplit

from backend.domain.money import plain
from backend.domain.orders import Order
from backend.errors import InvalidInputError

LONGEST_DAYS = 365
_LONGEST_URL = 500
_PLACEHOLDER = re.compile(r"\{(.*?)\}")


class DraftState(StrEnum):
    """How far a draft order is. Expired follows from the time and is never stored."""

    OPEN = "open"
    LINK_SENT = "link_sent"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


WAITING = (DraftState.OPEN, DraftState.LINK_SENT)
"""States of drafts that nobody has decided about; after a time they are expired."""


@dataclass(frozen=True, slots=True)
class DraftOrder:
    """A draft, and the order that it would be: `order.placed_at` is when the draft was last changed.

    `placed` is the id of the order that was placed when it was completed.
    """

    order: Order
    state: DraftState = DraftState.OPEN
    placed: str = ""

    @property
    def token(self) -> str:
        """What names the draft outside, such as in its link to pay; nobody can guess it."""
        return f"{self.order.customer_id}-{self.order.id}"


@dataclass(frozen=True, slots=True)
class DraftSummary:
    """What lists show of a draft. `total` is in minor units."""

    id: str
    number: str
    customer_id: str
    customer_name: str
    state: DraftState
    changed_at: datetime
    total: int


@dataclass(frozen=True, slots=True)
class DraftSettings:
    """`payment_url` is the shop's own page for payments, with placeholders; "" until it is set.

    Drafts expire `days` after their last change, never at 0. `taken` is how many numbers are used.
    """

    payment_url: str = ""
    days: int = 0
    taken: int = 0

    def state_of(self, state: DraftState, changed_at: datetime, now: datetime) -> DraftState:
        """The state as it is shown now."""
        return DraftState.EXPIRED if state in WAITING and changed_at < self.expired_before(now) else state

    def expired_before(self, now: datetime) -> datetime:
        """Drafts that were last changed before this moment are expired."""
        return now - timedelta(days=self.days) if self.days else datetime.min.replace(tzinfo=now.tzinfo)

    def link_of(self, draft: DraftOrder) -> str:
        """Where the customer pays the draft; "" while the shop has set no address."""
        return _filled(self.payment_url, _values(draft))


def draft_number(place: int) -> str:
    """The number of the draft at this place, counted from 1, such as "D12"."""
    return f"D{place}"


def clean_payment_url(text: str) -> str:
    """The address of the shop's page for payments; "" for none.

    Raises: `InvalidInputError` when it is not https, or has other placeholders than a draft fills.
    """
    url, known = text.strip(), _NAMES
    if not url:
        return ""
    unknown = [name for name in _PLACEHOLDER.findall(url) if name not in known]
    if unknown:
        wanted = ", ".join(f"{{{name}}}" for name in known)
        raise InvalidInputError(f"“{{{unknown[0][:40]}}}” cannot be filled in. Use {wanted}.", "payment_url")
    try:
        parts = urlsplit(url)
        host = parts.hostname if parts.scheme == "https" else None
    except ValueError:
        host = None
    rest = _filled(url, dict.fromkeys(known, ""))
    if not host or "{" in host or len(url) > _LONGEST_URL or re.search(r"[\s<>\"'{}\\]", rest):
        raise InvalidInputError("The payment address has to begin with https:// and the shop's domain.", "payment_url")
    return url


_NAMES = ("number", "amount", "currency", "token")


def _values(draft: DraftOrder) -> dict[str, str]:
    order = draft.order
    return {
        "number": order.number,
        "amount": str(plain(order.total, order.currency)),
        "currency": order.currency,
        "token": draft.token,
    }


def _filled(url: str, values: dict[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda found: quote(values[found[1]], safe=""), url)
