"""The door for webhooks of shops: verified, stored whole and durable, and answered. Workers do the rest.

Nothing is said about why something is refused: a wrong signature, an unknown connection and a foreign shop look alike.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from backend.domain.connections import Connection, Delivery, DeliveryState, ShopKind
from backend.domain.time import to_text
from backend.errors import AlreadyExistsError
from backend.records.connections import MOST_PARTS, delivery_items
from backend.services.connections.connections import connection_or_none, open_secret
from backend.services.context import Shop
from backend.store import schema
from backend.store.meter import access_pattern
from backend.store.port import Absent, Plus, Put, Update

_PING = re.compile(rb"webhook_id=\d{1,20}")
"""What WooCommerce posts, unsigned, when somebody saves a webhook."""
_ID_LENGTH = 200


class Received(Enum):
    """What became of a request."""

    KEPT = "kept"
    KNOWN = "known already"
    PING = "ping"
    REFUSED = "refused"
    TOO_LARGE = "too large"


@dataclass(frozen=True, slots=True)
class Headers:
    """The names of the headers by which a shop signs and describes a delivery."""

    signature: str
    topic: str
    id: str
    domain: str = ""
    triggered_at: str = ""
    test: str = ""


HEADERS: Mapping[ShopKind, Headers] = {
    ShopKind.SHOPIFY: Headers(
        "x-shopify-hmac-sha256",
        "x-shopify-topic",
        "x-shopify-webhook-id",
        "x-shopify-shop-domain",
        "x-shopify-triggered-at",
        "x-shopify-test",
    ),
    ShopKind.WOOCOMMERCE: Headers(
        "x-wc-webhook-signature", "x-wc-webhook-topic", "x-wc-webhook-delivery-id", test="x-tillpost-test"
    ),
}


def receive(
    shop: Shop, key: bytes, kind: ShopKind, connection_id: str, headers: Mapping[str, str], body: bytes
) -> Received:
    """Takes in one request. `headers` are by lower-case names, `key` opens the secrets. Stored when it returns.

    Raises: as the store; the shop then sends the webhook again.
    """
    with access_pattern("webhook"):
        connection = connection_or_none(shop, connection_id)
        if connection is not None and connection.kind is not kind:
            connection = None
        if connection is not None and kind is ShopKind.WOOCOMMERCE and _PING.fullmatch(body.strip()):
            return Received.PING
        names = HEADERS[kind]
        if not _is_signed(shop, key, connection, headers.get(names.signature, ""), body) or connection is None:
            return Received.REFUSED
        domain = headers.get(names.domain, "").lower() if names.domain else ""
        if domain and connection.domain and domain != connection.domain:
            return Received.REFUSED
        return store_delivery(shop, _delivery(shop, connection, names, headers, body))


def note_refusal(shop: Shop, connection_id: str) -> None:
    """Counts a request that was refused, for a connection that exists."""
    if connection_or_none(shop, connection_id) is None:
        return
    counted = {"last_refused_at": to_text(shop.clock())}
    shop.store.update(Update(schema.connection_figures_key(connection_id), set=counted, add={"refused": Plus(1)}))


def signature_of(secret: str, body: bytes) -> str:
    """How Shopify and WooCommerce sign: base64 of the HMAC-SHA256 over the body as it is sent."""
    return base64.b64encode(hmac.digest(secret.encode(), body, hashlib.sha256)).decode()


def _is_signed(shop: Shop, key: bytes, connection: Connection | None, given: str, body: bytes) -> bool:
    """Every valid secret is tried, and one that nobody has where there is none, so that all take the same time."""
    now, found = shop.clock(), False
    secrets = [open_secret(key, each) for each in connection.secrets if each.is_valid(now)] if connection else []
    for secret in secrets or [None]:
        is_right = hmac.compare_digest(signature_of(secret or "-", body).encode(), given.encode())
        found = found or (is_right and secret is not None)
    return found


def _delivery(shop: Shop, connection: Connection, names: Headers, headers: Mapping[str, str], body: bytes) -> Delivery:
    topic = headers.get(names.topic, "")[:100]
    own = headers.get(names.id, "").strip()[:_ID_LENGTH]
    return Delivery(
        connection=connection.id,
        id=own or hashlib.sha256(topic.encode() + body).hexdigest(),
        topic=topic,
        received_at=shop.clock(),
        state=DeliveryState.WAITING,
        body=body,
        triggered_at=headers.get(names.triggered_at, "")[:40] if names.triggered_at else "",
        test=headers.get(names.test, "").lower() == "true",
    )


def store_delivery(shop: Shop, delivery: Delivery) -> Received:
    """Keeps a delivery for the workers, once. Raises: as the store."""
    items = delivery_items(delivery, delivery.received_at)
    if len(items) > MOST_PARTS:
        return Received.TOO_LARGE
    known = AlreadyExistsError("This delivery is here already.")
    puts = [Put(key, item, Absent(), known) for key, item in items]
    try:
        if len(puts) == 1:
            shop.store.put(puts[0])
        else:
            shop.store.transact(puts)
    except AlreadyExistsError:
        return Received.KNOWN
    return Received.KEPT
