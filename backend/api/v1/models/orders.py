"""Orders as the API takes and gives them."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field

from backend.api.v1.models.common import Amount, Country, Currency, Given, Moment, Shown, Text
from backend.api.v1.models.customers import CustomerIn, CustomerOut
from backend.domain.addresses import Address as PostalAddress
from backend.domain.draft_orders import DraftOrder, DraftSettings, DraftState, DraftSummary
from backend.domain.fulfilments import Tracking
from backend.domain.orders import (
    LARGEST_QUANTITY,
    MOST_LINES,
    LineItem,
    Order,
    OrderStatus,
    OrderSummary,
)
from backend.services.orders.orders import OrderDraft

MOST_IN_A_BATCH = 100


class Line(BaseModel):
    """One product of an order."""

    model_config = Given.model_config
    title: Text
    quantity: Annotated[int, Field(strict=True, ge=1, le=LARGEST_QUANTITY)] = 1
    unit_price: Amount
    sku: Annotated[str, Field(max_length=100)] = ""


class PostalAddressModel(BaseModel):
    """A postal address; any field may be empty."""

    model_config = Given.model_config
    name: Text = ""
    company: Text = ""
    street: Text = ""
    street2: Text = ""
    city: Annotated[str, Field(max_length=100)] = ""
    postcode: Annotated[str, Field(max_length=20)] = ""
    region: Annotated[str, Field(max_length=100)] = ""
    country: Country = ""
    phone: Annotated[str, Field(max_length=50)] = ""

    @classmethod
    def of(cls, address: PostalAddress) -> Self:
        return cls(**asdict(address))


class _Content(Given):
    """What an order and a draft order are written with."""

    customer_id: Annotated[str, Field(max_length=20)] = ""
    customer: CustomerIn | None = None
    lines: Annotated[list[Line], Field(min_length=1, max_length=MOST_LINES)]
    currency: Currency
    discount: Amount = 0
    shipping: Amount = 0
    tax: Amount = 0
    note: Annotated[str, Field(max_length=5000)] = ""
    shipping_address: PostalAddressModel | None = None

    def draft(self, customer_id: str) -> OrderDraft:
        address = self.shipping_address
        return OrderDraft(
            customer_id=customer_id,
            lines=tuple(LineItem(line.title, line.quantity, line.unit_price, line.sku) for line in self.lines),
            discount=self.discount,
            shipping=self.shipping,
            tax=self.tax,
            note=self.note,
            currency=self.currency,
            shipping_address=PostalAddress(**address.model_dump()) if address else None,
        )


class OrderIn(_Content):
    """A new order of a customer who is known by `customer_id`, or by the address of `customer`.

    A customer with an unknown address is added, if the key may write customers. `reference` is the order's number at
    your side: it places one order, whatever the idempotency key.
    """

    status: OrderStatus = OrderStatus.PENDING
    placed_at: Moment | None = None
    reference: Annotated[str, Field(max_length=100)] = ""

    def draft(self, customer_id: str) -> OrderDraft:
        draft = super().draft(customer_id)
        return replace(draft, status=self.status, placed_at=self.placed_at, reference=self.reference)


class DraftIn(_Content):
    """A draft order. The customer is named as in an order."""


class OrderChange(Given):
    """What becomes of an order."""

    status: OrderStatus


class RefundIn(Given):
    """Money given back. Without an amount it is all that is left."""

    amount: (
        Annotated[int, Field(strict=True, ge=1, description="In minor units; all that is left without it.")] | None
    ) = None
    reason: Text = ""


class RefundOut(Shown):
    """A refund of an order."""

    id: str
    amount: int
    at: Moment
    by: str
    reason: str


class FulfilmentIn(Given):
    """A parcel. `quantities` are of each line, in their order; all that is left without them."""

    quantities: Annotated[
        list[Annotated[int, Field(strict=True, ge=0, le=LARGEST_QUANTITY)]], Field(max_length=MOST_LINES)
    ] = []
    carrier: Annotated[str, Field(max_length=100)] = ""
    tracking_number: Annotated[str, Field(max_length=100)] = ""
    tracking_url: Annotated[str, Field(max_length=500, pattern="^(https://.*)?$")] = ""
    notify: Annotated[bool, Field(strict=True, description="Whether automations email the customer.")] = True

    @property
    def tracking(self) -> Tracking:
        return Tracking(self.carrier, self.tracking_number, self.tracking_url)


class PackedOut(Shown):
    """So many of one product in a parcel or a return."""

    title: str
    quantity: int
    sku: str


class FulfilmentOut(Shown):
    """A parcel of an order."""

    id: str
    at: Moment
    by: str
    items: list[PackedOut]
    carrier: str
    tracking_number: str
    tracking_url: str


class PaymentIn(Given):
    """What a customer has paid of an order."""

    amount: (
        Annotated[int, Field(strict=True, ge=1, description="In minor units; all of the balance without it.")] | None
    ) = None
    method: Annotated[str, Field(max_length=100)] = ""
    notify: Annotated[bool, Field(strict=True, description="Whether automations email the customer.")] = True


class PaymentOut(Shown):
    """A payment that was recorded."""

    id: str
    amount: int
    at: Moment
    by: str
    method: str


class ReturnIn(Given):
    """Goods that come back. `quantities` are of each line, in their order."""

    quantities: Annotated[
        list[Annotated[int, Field(strict=True, ge=0, le=LARGEST_QUANTITY)]], Field(max_length=MOST_LINES)
    ]
    reason: Text = ""


class ReturnOut(Shown):
    """A return of an order; `received_at` is null until the goods have arrived."""

    id: str
    at: Moment
    by: str
    items: list[PackedOut]
    reason: str
    received_at: Moment | None
    restocked: bool


class HistoryOut(Shown):
    """One change of an order."""

    at: Moment
    by: str
    text: str


class OrderListed(Shown):
    """What lists show of an order."""

    id: str
    number: str
    customer_id: str
    customer_name: str
    status: OrderStatus
    placed_at: Moment
    total: int
    refunded: int
    currency: str
    source: str

    @classmethod
    def of(cls, found: OrderSummary | Order, currency: str) -> Self:
        return cls.read(found, id=public_id(found.customer_id, found.id), currency=currency)


class OrderOut(OrderListed):
    """An order. `customer` is there when it was asked for with `expand=customer`."""

    customer_email: str | None
    customer: CustomerOut | None = None
    lines: list[Line]
    subtotal: int
    discount: int
    shipping: int
    tax: int
    refundable: int
    balance: int
    refunds: list[RefundOut]
    fulfilments: list[FulfilmentOut]
    payments: list[PaymentOut]
    returns: list[ReturnOut]
    history: list[HistoryOut]
    shipping_address: PostalAddressModel | None
    note: str
    version: int

    @classmethod
    def of_order(cls, order: Order, customer: CustomerOut | None = None) -> Self:
        return cls.read(
            order,
            id=public_id(order.customer_id, order.id),
            customer=customer,
            lines=_lines_of(order),
            shipping_address=_address_of(order),
        )


class DraftListed(Shown):
    """What lists show of a draft order."""

    id: str
    number: str
    customer_id: str
    customer_name: str
    state: DraftState
    changed_at: Moment
    total: int
    currency: str

    @classmethod
    def listed(cls, found: DraftSummary, currency: str) -> Self:
        return cls.read(found, id=public_id(found.customer_id, found.id), currency=currency)


class DraftOut(DraftListed):
    """A draft order. `id` is the token of its link; `payment_url` is "" while the shop has set no payment address.

    `order_id` is the order that was placed when it was completed.
    """

    lines: list[Line]
    subtotal: int
    discount: int
    shipping: int
    tax: int
    shipping_address: PostalAddressModel | None
    note: str
    history: list[HistoryOut]
    version: int
    payment_url: str
    order_id: str | None

    @classmethod
    def of(cls, draft: DraftOrder, settings: DraftSettings, now: datetime) -> Self:
        order = draft.order
        return cls.read(
            order,
            id=draft.token,
            state=settings.state_of(draft.state, order.placed_at, now),
            changed_at=order.placed_at,
            lines=_lines_of(order),
            shipping_address=_address_of(order),
            payment_url=settings.link_of(draft),
            order_id=public_id(order.customer_id, draft.placed) if draft.placed else None,
        )


class CompletionIn(Given):
    """How a draft order becomes an order."""

    status: Literal[OrderStatus.PENDING, OrderStatus.PAID] = OrderStatus.PAID
    total: (
        Annotated[int, Field(strict=True, ge=0, description="What was paid, in minor units; another total is a 409.")]
        | None
    ) = None


class BatchIn(Given):
    """Up to 100 orders, each of which is placed or refused by itself."""

    orders: Annotated[list[OrderIn], Field(min_length=1, max_length=MOST_IN_A_BATCH)]


class BatchResult(BaseModel):
    """What became of one order of a batch: its id and number, or the problem's type and sentence."""

    status: int = Field(
        description="As a call of its own would have answered: 201, 200 for one that was there, or 4xx."
    )
    id: str | None = None
    number: str | None = None
    customer_id: str | None = None
    type: str | None = None
    detail: str | None = None


class BatchOut(BaseModel):
    """The results, in the order of the orders."""

    results: list[BatchResult]


def _lines_of(order: Order) -> list[Line]:
    """Lines are not checked again: an import may have brought what a caller may not send."""
    return [Line.model_construct(**{name: getattr(line, name) for name in Line.model_fields}) for line in order.lines]


def _address_of(order: Order) -> PostalAddressModel | None:
    return PostalAddressModel.of(order.shipping_address) if order.shipping_address else None


def public_id(customer_id: str, order_id: str) -> str:
    """The id of an order for outside: it says whose it is, so that it is found with one read."""
    return f"{customer_id}-{order_id}"
