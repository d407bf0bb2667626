"""Erasing a customer: what of an order stays for the books, and the ledger that a restored backup is held against."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from backend.domain.addresses import Address
from backend.domain.customers import Customer
from backend.domain.orders import HistoryEntry, Order, OrderStatus

ERASED_NAME = "Erased customer"
UNDER_WAY = timedelta(days=60)
"""An order that is neither fulfilled nor cancelled is in flight for so long."""


class ErasureStep(StrEnum):
    """What an erasure works on, in this order. Each step may be repeated."""

    ORDERS = "orders"
    MAIL = "mail"
    SHOP_TABLE = "the shop's table"
    MAIL_TABLE = "the mail's table"
    FILES = "files"
    DONE = "done"

    @property
    def following(self) -> ErasureStep:
        steps = list(ErasureStep)
        return steps[min(steps.index(self) + 1, len(steps) - 1)]


@dataclass(frozen=True, slots=True)
class Erasure:
    """An entry of the ledger: a customer who was erased, when, and by whom.

    `values` are the address, phones and other ids by which what is left of the customer is found; they are removed
    when the last step is done. `cursor` says how far the step is.
    """

    customer: str
    at: datetime
    by: str
    step: ErasureStep
    values: tuple[str, ...] = ()
    cursor: str = ""
    version: int = 1

    @property
    def is_done(self) -> bool:
        return self.step is ErasureStep.DONE


def is_in_flight(status: OrderStatus, placed_at: datetime, now: datetime) -> bool:
    """Whether an order still needs its customer's name and address."""
    return status in (OrderStatus.PENDING, OrderStatus.PAID) and now - placed_at < UNDER_WAY


def erased(customer: Customer, at: datetime) -> Customer:
    """The customer without anything personal: totals, and the days on which they came, stay."""
    return Customer(
        id=customer.id,
        name=ERASED_NAME,
        email=None,
        created_at=customer.created_at,
        archived=True,
        source=customer.source,
        orders=customer.orders,
        revenue=customer.revenue,
        first_day=customer.first_day,
        version=customer.version + 1,
        erased_at=at,
    )


def anonymised(order: Order) -> Order:
    """The order as the books need it: number, amounts, taxes, products, dates, status, and the countries."""
    last = order.history[-1] if order.history else None
    return replace(
        order,
        customer_name=ERASED_NAME,
        customer_email=None,
        note="",
        discount_code="",
        shipping_address=_country_of(order.shipping_address),
        billing_address=_country_of(order.billing_address),
        refunds=tuple(replace(refund, reason="") for refund in order.refunds),
        fulfilments=tuple(replace(each, tracking_number="", tracking_url="") for each in order.fulfilments),
        history=(HistoryEntry(last.at, last.by, "The customer was erased."),) if last else (),
    )


def _country_of(address: Address | None) -> Address | None:
    return Address(country=address.country) if address and address.country else None
