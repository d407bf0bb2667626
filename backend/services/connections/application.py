"""Applies one delivery: an order, a refund or a customer of a connected shop, or a request about personal data.

The same delivery twice, or an older one after a newer, changes nothing, so a worker that dies may begin again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from backend.domain.connections import Connection, Delivery, DeliveryState, PrivacyRequest, ShopKind
from backend.domain.customers import email_identity
from backend.domain.imports import Fault, Outcome
from backend.domain.team import SHOPIFY, WOOCOMMERCE, Actor
from backend.records.connections import privacy_item
from backend.records.values import optional_text
from backend.services.connections import refunds, shopify, woocommerce
from backend.services.connections.payloads import Payload, part, payload_of, said
from backend.services.context import Shop
from backend.services.imports.customer_plan import CustomerCandidate, CustomerPlanner
from backend.services.imports.order_file import OrderCandidate
from backend.services.imports.order_plan import OrderPlanner
from backend.services.imports.steps import ImportStep
from backend.services.imports.writes import write_one
from backend.store import schema
from backend.store.port import Absent, Key, Put


class Applied(NamedTuple):
    """What became of a delivery, and why where that is not plain. `WAITING`: what it is about is not here yet."""

    state: DeliveryState
    reason: str = ""


_ACTORS: Mapping[ShopKind, Actor] = {ShopKind.SHOPIFY: SHOPIFY, ShopKind.WOOCOMMERCE: WOOCOMMERCE}
_STATES = {
    Outcome.CREATED: DeliveryState.APPLIED,
    Outcome.UPDATED: DeliveryState.APPLIED,
    Outcome.UNCHANGED: DeliveryState.UNCHANGED,
}
_Apply = Callable[[Shop, Connection, Delivery, Payload], Applied]


def apply(shop: Shop, connection: Connection, delivery: Delivery) -> Applied:
    """Applies a delivery, and says what became of it.

    Raises: `InvalidInputError` for a payload that cannot be taken over; as the store.
    """
    topics = _TOPICS[connection.kind]
    doing = topics.get(delivery.topic.lower())
    if doing is None:
        return Applied(DeliveryState.IGNORED, f"Tillpost has no use for “{delivery.topic[:60]}”.")
    return doing(shop, connection, delivery, payload_of(delivery.body))


def _order(shop: Shop, connection: Connection, delivery: Delivery, payload: Payload) -> Applied:
    read = shopify.order_from if connection.kind is ShopKind.SHOPIFY else woocommerce.order_from
    if connection.kind is ShopKind.WOOCOMMERCE and said(payload, "status") in woocommerce.NO_ORDERS:
        return Applied(DeliveryState.IGNORED, "This is a draft, or lies in the bin.")
    candidate = read(shop, connection, delivery, payload)
    if delivery.test:
        return _tested()
    return _written(shop, connection, candidate)


def _customer(shop: Shop, connection: Connection, delivery: Delivery, payload: Payload) -> Applied:
    read = shopify.customer_from if connection.kind is ShopKind.SHOPIFY else woocommerce.customer_from
    candidate = read(connection, delivery, payload)
    return _tested() if delivery.test else _written(shop, connection, candidate)


def _refund(shop: Shop, connection: Connection, delivery: Delivery, payload: Payload) -> Applied:
    refund = shopify.refund_from(shop, payload)
    if delivery.test:
        return _tested()
    return Applied(*refunds.apply_refund(shop, _ACTORS[connection.kind], connection, refund))


def _privacy(shop: Shop, connection: Connection, delivery: Delivery, payload: Payload) -> Applied:
    """Notes the request for a person; nothing is erased or handed over by itself."""
    if delivery.test:
        return _tested()
    customer = part(payload, "customer")
    asked = max(len(_ids(payload, "orders_requested")), len(_ids(payload, "orders_to_redact")))
    request = PrivacyRequest(
        id=schema.delivery_digest(schema.delivery_key(connection.id, delivery.id)),
        connection=connection.id,
        topic=delivery.topic,
        requested_at=delivery.received_at,
        customer=_known_customer(shop, customer),
        orders=asked,
    )
    put = Put(schema.privacy_request_key(request.id), privacy_item(request), Absent())
    if shop.store.get(put.key) is None:
        shop.store.put(put)
    return Applied(DeliveryState.NOTED, "A person has to answer this request.")


def _ids(payload: Payload, name: str) -> list[object]:
    found = payload.get(name)
    return found if isinstance(found, list) else []


def _known_customer(shop: Shop, customer: Payload) -> str:
    """The id here of somebody whom the shop names; "" when nobody here is meant."""
    keys: list[Key] = []
    if email := said(customer, "email"):
        keys.append(schema.email_key(email_identity(email)))
    if number := said(customer, "id"):
        keys.append(schema.identity_key(f"id#{number}"))
    found = (shop.store.get(key) for key in keys)
    return next((optional_text(item, "customer") or "" for item in found if item is not None), "")


def _tested() -> Applied:
    return Applied(DeliveryState.IGNORED, "A test event: it was read and understood, and changes nothing.")


def _written(shop: Shop, connection: Connection, candidate: OrderCandidate | CustomerCandidate) -> Applied:
    actor = _ACTORS[connection.kind]
    step: ImportStep | Fault
    if isinstance(candidate, OrderCandidate):
        step = write_one(shop, OrderPlanner(shop, actor), candidate)
    else:
        step = write_one(shop, CustomerPlanner(shop, actor), candidate)
    if isinstance(step, Fault):
        return Applied(DeliveryState.FAILED, step.reason)
    return Applied(_STATES[step.outcome], "; ".join(repair.reason for repair in candidate.repairs)[:300])


_TOPICS: Mapping[ShopKind, Mapping[str, _Apply]] = {
    ShopKind.SHOPIFY: {
        **dict.fromkeys(
            (
                "orders/create",
                "orders/updated",
                "orders/paid",
                "orders/fulfilled",
                "orders/partially_fulfilled",
                "orders/cancelled",
            ),
            _order,
        ),
        "refunds/create": _refund,
        "customers/create": _customer,
        "customers/update": _customer,
        "customers/data_request": _privacy,
        "customers/redact": _privacy,
    },
    ShopKind.WOOCOMMERCE: {
        "order.created": _order,
        "order.updated": _order,
        "order.restored": _order,
        "customer.created": _customer,
        "customer.updated": _customer,
    },
}
TOPICS: Mapping[ShopKind, tuple[str, ...]] = {kind: tuple(topics) for kind, topics in _TOPICS.items()}
"""The topics that Tillpost applies."""
