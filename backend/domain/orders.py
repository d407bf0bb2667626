"""Orders: line items, money, status, refunds, and what an order adds to the shop's totals."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from backend.domain.addresses import Address
from backend.domain.fulfilments import Fulfilment
from backend.domain.money import check_amount
from backend.domain.order_words import is_gift_card
from backend.domain.payments import Payment
from backend.domain.returns import Return
from backend.domain.text import clean_line
from backend.errors import InvalidInputError

LARGEST_QUANTITY = 100_000
BY_API = "api"
"""The source of orders that programs place by the API."""
SAME_WITHIN = timedelta(days=2)
"""How far apart two programs may place one order."""
MOST_LINES = 500
MOST_HISTORY = 500


class OrderStatus(StrEnum):
    """The status of an order. Refunds are amounts beside it, not a status."""

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
class RefundLine:
    """So many of one product that were refunded, and for how much of the refund, in minor units.

    `restocked` says that the goods are for sale again.
    """

    title: str
    quantity: int
    amount: int
    sku: str = ""
    restocked: bool = False


@dataclass(frozen=True, slots=True)
class Refund:
    """Money given back, in minor units. `id` makes a refund happen once.

    `amount` is what was given back; `lines` and `shipping` say what for, where somebody has said so, and may come to
    another sum.
    """

    id: str
    amount: int
    at: datetime
    by: str
    reason: str = ""
    lines: tuple[RefundLine, ...] = ()
    shipping: int = 0


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One change of an order: when, by whom, what."""

    at: datetime
    by: str
    text: str


@dataclass(frozen=True, slots=True)
class Order:
    """One order with its line items and history. Amounts are in minor units of the shop's currency.

    `subtotal` is after discounts, as Shopify writes it. For orders placed here the total is what is added up, for those
    from elsewhere it is that of their source, and `other` is the difference. `tax` is part of the prices when
    `tax_included`. `gift_cards` is what of the total are sold gift cards. `paid` is what was received where that is
    not what the status says, and `payments` are those that were recorded by hand. A `test` order never counts.
    `customer_name`, `country` and the two addresses are those of the order's day; a `billing_address` of None is the
    same as the shipping address.
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
    tip: int = 0
    duties: int = 0
    gift_cards: int = 0
    tax_included: bool = False
    test: bool = False
    paid: int | None = None
    shipping_address: Address | None = None
    billing_address: Address | None = None
    fulfilments: tuple[Fulfilment, ...] = ()
    payments: tuple[Payment, ...] = ()
    returns: tuple[Return, ...] = ()

    @property
    def billed_to(self) -> Address | None:
        """The address on the bill."""
        return self.billing_address or self.shipping_address

    @property
    def refunded(self) -> int:
        """Minor units given back so far."""
        return sum(refund.amount for refund in self.refunds)

    @property
    def received(self) -> int:
        """Minor units that the customer has paid, before refunds."""
        if self.paid is not None:
            return self.paid
        return 0 if self.status is OrderStatus.PENDING else self.total

    @property
    def refundable(self) -> int:
        """Minor units that can still be given back."""
        return max(self.received - self.refunded, 0)

    @property
    def balance(self) -> int:
        """Minor units that the customer still owes; below zero when the shop owes them. 0 for a cancelled order."""
        if self.status is OrderStatus.CANCELLED:
            return 0
        due = self.total - self.received
        return due if due >= 0 else min(due + self.refunded, 0)

    @property
    def added_up(self) -> int:
        """Minor units of subtotal, shipping, duties, tip, and the tax that is not in the prices."""
        return self.subtotal + self.shipping + self.duties + self.tip + (0 if self.tax_included else self.tax)

    @property
    def other(self) -> int:
        """Minor units by which the source's total differs from what adds up."""
        return self.total - self.added_up

    @property
    def taken_off(self) -> int:
        """Minor units between the sum of the line items and the subtotal: the discount, so far as it is on them."""
        return sum(line.amount for line in self.lines) - self.subtotal


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
    revenue: int


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
    """What the order adds to the totals (see `counted`)."""
    return counted(
        order.status,
        order.total,
        order.refunded,
        gift_cards=order.gift_cards,
        paid=order.paid,
        test=order.test,
    )


def counted(
    status: OrderStatus, total: int, refunded: int, *, gift_cards: int = 0, paid: int | None = None, test: bool = False
) -> Contribution:
    """Revenue is the total without the gift cards sold, less what was refunded of it, in minor units.

    A refund first gives back what was paid too much, then goods, then gift cards; what goes beyond the total is lost
    revenue again. A test order adds nothing.
    """
    if test:
        return NOTHING
    refunds = max(refunded - max((total if paid is None else paid) - total, 0), 0)
    goods = total - gift_cards
    refunds -= min(max(refunds - goods, 0), gift_cards)
    if status is OrderStatus.CANCELLED:
        return Contribution(0, 0, refunds, 1)
    return Contribution(1, goods - refunds, refunds, 0)


def paid_as(order: Order, status: OrderStatus) -> int | None:
    """What was received of an order that moves to a status (`Order.paid`): one that is marked as paid was paid in full.

    A step back from fulfilled, and a cancellation, leave what was paid as it was.
    """
    if status is OrderStatus.PENDING:
        return None
    if status is OrderStatus.PAID and order.status is not OrderStatus.FULFILLED:
        return None
    return order.received if order.received != order.total else None


def gift_cards_in(lines: tuple[LineItem, ...], total: int) -> int:
    """Minor units of the total that are gift cards: money that is owed, which is revenue when it is spent."""
    return min(sum(line.amount for line in lines if is_gift_card(line.title)), total)


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


def numbers_alike(number: str) -> tuple[str, str]:
    """The ways in which two programs may write one number: Shopify's has a "#" before it."""
    bare = number.removeprefix("#")
    return bare, f"#{bare}"


def is_same_order(order: Order, customer_id: str, placed_at: datetime) -> bool:
    """Whether an order with this number that came by another way is this one: of the same customer, days apart at most.

    Programs count their orders by themselves, so the number alone says too little.
    """
    return order.customer_id == customer_id and abs(order.placed_at - placed_at) <= SAME_WITHIN
