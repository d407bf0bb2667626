"""Orders: line items, money, status, refunds, and what an order adds to the shop's totals."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from backend.domain.money import check_amount
from backend.domain.text import clean_line
from backend.errors import InvalidInputError

LARGEST_QUANTITY = 100_000
MOST_LINES = 500
MOST_HISTORY = 500


class OrderStatus(StrEnum):
    """Where an order stands. Refunds are amounts beside it, not a status."""

    PENDING = "pending"
    PAID = "paid"
    FULFILLED = "fulfilled"
    CANCELLED = "cancelled"


NEXT_STATUSES: dict[OrderStatus, tuple[OrderStatus, ...]] = {
    OrderStatus.PENDING: (OrderStatus.PAID, OrderStatus.CANCELLED),
    OrderStatus.PAID: (OrderStatus.FULFILLED, OrderStatus.PENDING, OrderStatus.CANCELLED),
    OrderStatus.FULFILLED: (OrderStatus.PAID, OrderStatus.CANCELLED),
    OrderStatus.CANCELLED: (OrderStatus.PENDING, OrderStatus.PAID),
}
"""What a person may change a status to. Backwards steps undo a mistake."""


@dataclass(frozen=True, slots=True)
class LineItem:
    """One product of an order. `unit_price` is in minor units."""

    title: str
    quantity: int
    unit_price: int
    sku: str = ""

    @property
    def amount(self) -> int:
        """Minor units before discounts."""
        return self.quantity * self.unit_price


@dataclass(frozen=True, slots=True)
class Refund:
    """Money given back, in minor units. `id` makes a refund happen once."""

    id: str
    amount: int
    at: datetime
    by: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One change of an order: when, by whom, what."""

    at: datetime
    by: str
    text: str


@dataclass(frozen=True, slots=True)
class Order:
    """One order with its line items and history. Amounts are in minor units of the shop's currency.

    `subtotal` is after discounts, as Shopify writes it: `total = subtotal + shipping + tax` for orders placed here;
    orders from elsewhere keep the figures of their source. `customer_name` and `country` are those of the order's day.
    """

    id: str
    number: str
    customer_id: str
    customer_name: str
    customer_email: str | None
    status: OrderStatus
    placed_at: datetime
    lines: tuple[LineItem, ...]
    subtotal: int
    total: int
    currency: str
    discount: int = 0
    shipping: int = 0
    tax: int = 0
    refunds: tuple[Refund, ...] = ()
    history: tuple[HistoryEntry, ...] = ()
    source: str = ""
    country: str = ""
    discount_code: str = ""
    note: str = ""
    version: int = 1

    @property
    def refunded(self) -> int:
        """Minor units given back so far."""
        return sum(refund.amount for refund in self.refunds)

    @property
    def refundable(self) -> int:
        """Minor units that can still be given back."""
        return self.total - self.refunded


@dataclass(frozen=True, slots=True)
class OrderSummary:
    """What lists show of an order. Amounts are in minor units."""

    id: str
    number: str
    customer_id: str
    customer_name: str
    status: OrderStatus
    placed_at: datetime
    total: int
    refunded: int
    source: str


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one order adds to every total that it counts in: its customer, its month, its day.

    A cancelled order counts neither as an order nor as revenue; what was refunded counts in any case.
    """

    orders: int
    revenue: int
    refunded: int
    cancelled: int

    def minus(self, other: Contribution) -> Contribution:
        """The change from the other to this one."""
        return Contribution(
            self.orders - other.orders,
            self.revenue - other.revenue,
            self.refunded - other.refunded,
            self.cancelled - other.cancelled,
        )


NOTHING = Contribution(0, 0, 0, 0)


def contribution_of(order: Order) -> Contribution:
    """Revenue is the total less what was refunded, in minor units."""
    if order.status is OrderStatus.CANCELLED:
        return Contribution(0, 0, order.refunded, 1)
    return Contribution(1, order.total - order.refunded, order.refunded, 0)


def check_line(line: LineItem) -> LineItem:
    """The line item with its texts cleaned.

    Raises: `InvalidInputError` for a missing title, a quantity below one, or an absurd price or quantity.
    """
    title = clean_line(line.title, "Product", longest=300, required=True)
    if not 1 <= line.quantity <= LARGEST_QUANTITY:
        raise InvalidInputError(
            f"The quantity of “{title[:60]}” must be between 1 and {LARGEST_QUANTITY:,}.", "quantity"
        )
    check_amount(line.unit_price, f"The price of “{title[:60]}”")
    return LineItem(title, line.quantity, line.unit_price, clean_line(line.sku, "SKU", longest=100))


def check_lines(lines: tuple[LineItem, ...]) -> tuple[LineItem, ...]:
    """All line items, cleaned.

    Raises: `InvalidInputError` when there is none, or more than 500.
    """
    if not lines:
        raise InvalidInputError("An order needs at least one line item.", "lines")
    if len(lines) > MOST_LINES:
        raise InvalidInputError(f"An order has {len(lines):,} line items; {MOST_LINES} are possible.", "lines")
    return tuple(check_line(line) for line in lines)
