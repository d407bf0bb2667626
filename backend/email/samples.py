"""Sample data of templates: a customer and an order that look like real ones, for previews and tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from backend.domain.customers import Customer
from backend.domain.orders import LineItem, Order, OrderStatus, Refund
from backend.domain.team import Member, Role


@dataclass(frozen=True)
class Sample:
    """What a template is shown with when no real customer is chosen."""

    customer: Customer
    order: Order
    member: Member
    links: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)


def read_sample(common: Mapping[str, Any], own: Mapping[str, Any]) -> Sample:
    """The sample of `_base/sample.json` with what the template's own changes in it, name by name."""
    merged = {name: {**common.get(name, {}), **own.get(name, {})} for name in {*common, *own}}
    customer = _customer(merged["customer"])
    return Sample(
        customer=customer,
        order=_order(merged["order"], customer),
        member=_member(merged["member"]),
        links=merged.get("links", {}),
        fields=merged.get("fields", {}),
    )


def _customer(written: Mapping[str, Any]) -> Customer:
    return Customer(
        id=written["id"],
        name=written["name"],
        email=written["email"],
        created_at=datetime.fromisoformat(written["created_at"]),
        city=written["city"],
        country=written["country"],
    )


def _order(written: Mapping[str, Any], customer: Customer) -> Order:
    lines = tuple(LineItem(*line) for line in written["lines"])
    discount, shipping, tax = written["discount"], written["shipping"], written["tax"]
    subtotal = sum(line.amount for line in lines) - discount
    placed_at = datetime.fromisoformat(written["placed_at"])
    refunded = written.get("refunded", 0)
    return Order(
        id=written["id"],
        number=written["number"],
        customer_id=customer.id,
        customer_name=customer.name,
        customer_email=customer.email,
        status=OrderStatus(written["status"]),
        placed_at=placed_at,
        lines=lines,
        subtotal=subtotal,
        total=subtotal + shipping + tax,
        currency=written["currency"],
        discount=discount,
        shipping=shipping,
        tax=tax,
        refunds=(Refund("sample", refunded, placed_at, "sample"),) if refunded else (),
        discount_code=written.get("discount_code", ""),
        country=customer.country,
    )


def _member(written: Mapping[str, Any]) -> Member:
    created_at = datetime.fromisoformat(written["created_at"])
    return Member(
        username=written["username"],
        name=written["name"],
        email=written["email"],
        role=Role(written["role"]),
        created_at=created_at,
        sessions_valid_from=created_at,
    )
