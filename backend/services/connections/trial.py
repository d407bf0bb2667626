"""A test event: an order that nobody placed, signed and posted to the connection's own address, through the door that
the shop uses. It is stored, read by a worker, and changes nothing.
"""

from __future__ import annotations

from typing import Any

import orjson

from backend.domain.connections import Connection, ShopKind
from backend.domain.ids import new_order_id
from backend.domain.team import Actor, Permission
from backend.domain.time import to_text
from backend.email.web import HttpWeb, Unreached
from backend.errors import ConflictError
from backend.services.connections.connections import address_of, get_connection, open_secret
from backend.services.connections.intake import HEADERS, signature_of
from backend.services.context import Shop

SECONDS = 5.0
"""How long Shopify waits for an answer."""


def send_test(shop: Shop, actor: Actor, key: bytes, public_url: str, connection_id: str) -> str:
    """Sends one, and returns the id under which it is stored.

    Raises: `PermissionDeniedError`, `NotFoundError`, `ConflictError` that says why it did not arrive.
    """
    actor.require(Permission.MANAGE_CONNECTIONS)
    connection = get_connection(shop, connection_id)
    secret = open_secret(key, connection.secrets[0]) if connection.secrets else None
    if secret is None:
        raise ConflictError("Enter the secret first: without it nothing can be signed.")
    delivery_id = f"test-{new_order_id(shop.clock())}"
    body = orjson.dumps(_sample(shop, connection.kind))
    names = HEADERS[connection.kind]
    headers = {
        "Content-Type": "application/json",
        names.signature: signature_of(secret, body),
        names.topic: "orders/create" if connection.kind is ShopKind.SHOPIFY else "order.created",
        names.id: delivery_id,
        names.test: "true",
    } | ({names.domain: connection.domain} if names.domain else {})
    answer = HttpWeb(seconds=SECONDS, kind="A test event").request(address_of(public_url, connection), body, headers)
    if isinstance(answer, Unreached):
        raise ConflictError(f"The address in PUBLIC_URL {answer.why}.")
    if answer.status != 200:
        raise ConflictError(f"The address in PUBLIC_URL answered with status {answer.status} instead of 200.")
    return delivery_id


def _sample(shop: Shop, kind: ShopKind) -> dict[str, Any]:
    now = to_text(shop.clock())
    if kind is ShopKind.SHOPIFY:
        line = {"name": "Test product", "quantity": 1, "price": "10.00"}
        return {
            "id": 1,
            "name": "#TEST",
            "test": True,
            "currency": shop.currency,
            "financial_status": "paid",
            "subtotal_price": "10.00",
            "total_price": "10.00",
            "created_at": now,
            "updated_at": now,
            "line_items": [line],
        }
    line = {"name": "Test product", "quantity": 1, "subtotal": "10.00", "total": "10.00"}
    return {
        "id": 1,
        "number": "TEST",
        "status": "processing",
        "currency": shop.currency,
        "total": "10.00",
        "date_created_gmt": now,
        "date_modified_gmt": now,
        "line_items": [line],
    }


def steps_of(connection: Connection) -> list[str]:
    """What the shop's admin does, in order, as sentences."""
    if connection.kind is ShopKind.SHOPIFY:
        return [
            "In Shopify, open Settings → Notifications → Webhooks.",
            "Choose “Create webhook”. Event: “Order creation”. Format: JSON. URL: the address above.",
            "Repeat this for “Order update”, “Order payment”, “Order fulfillment”, “Order cancellation”, “Refund "
            "create”, “Customer creation” and “Customer update”.",
            "Below the list, Shopify shows the key that signs all webhooks. Enter it here with “Enter secret”.",
            "In Shopify, choose “Send test” beside a webhook. It appears here within seconds.",
        ]
    return [
        "In WordPress, open WooCommerce → Settings → Advanced → Webhooks.",
        "Choose “Add webhook”. Status: Active. Topic: “Order created”. Delivery URL: the address above. Secret: the "
        "one that you entered here. API version: WP REST API Integration v3.",
        "Repeat this for “Order updated”, “Customer created” and “Customer updated”, with the same secret.",
        "Save each. WooCommerce greets the address at once; the first event appears here with the next order.",
    ]
