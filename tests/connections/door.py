"""A connected shop in tests: it signs and posts webhooks to the API, as Shopify and WooCommerce do."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import httpx

from backend.api.app import create_app
from backend.domain.connections import Connection, ShopKind
from backend.services.connections.connections import add_connection
from backend.services.connections.duty import apply_due
from backend.services.context import Shop
from tests.support import ENGINEER, in_own_loop

KEY = b"a key of thirty-two bytes or more"
SECRET = "shpss_0123456789abcdef"
DOMAIN = "johns-apparel.myshopify.com"
_numbers = count(1)


@dataclass
class Sender:
    """One connected shop."""

    shop: Shop
    kind: ShopKind = ShopKind.SHOPIFY
    secret: str = SECRET
    connection: Connection = field(init=False)

    def __post_init__(self) -> None:
        domain = DOMAIN if self.kind is ShopKind.SHOPIFY else "shop.example.com"
        self.connection = add_connection(self.shop, ENGINEER, KEY, self.kind, domain, self.secret)

    def request(self, topic: str, payload: Any, *, id: str = "", secret: str = "", **more: str) -> httpx.Request:
        """A signed request. A payload of bytes is sent as it is; `more` are headers with underscores."""
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        signed = base64.b64encode(hmac.digest((secret or self.secret).encode(), body, hashlib.sha256)).decode()
        own = id or f"delivery-{next(_numbers)}"
        if self.kind is ShopKind.SHOPIFY:
            headers = {
                "X-Shopify-Hmac-Sha256": signed,
                "X-Shopify-Topic": topic,
                "X-Shopify-Webhook-Id": own,
                "X-Shopify-Shop-Domain": DOMAIN,
            }
        else:
            headers = {
                "X-WC-Webhook-Signature": signed,
                "X-WC-Webhook-Topic": topic,
                "X-WC-Webhook-Delivery-ID": own,
            }
        headers |= {name.replace("_", "-"): value for name, value in more.items()}
        address = f"/hooks/{self.kind.value}/{self.connection.id}"
        return httpx.Request("POST", f"http://testserver{address}", content=body, headers=headers)

    def post(self, topic: str, payload: Any, **more: str) -> int:
        return posted(self.shop, [self.request(topic, payload, **more)])[0]

    def send(self, topic: str, payload: Any, **more: str) -> None:
        """Posts a webhook, and lets the worker apply what waits."""
        assert self.post(topic, payload, **more) == 200
        apply_all(self.shop)


def posted(shop: Shop, requests: list[httpx.Request]) -> list[int]:
    """The status of the answer to each request, made one after another."""
    app = create_app(lambda: shop, connection_key=lambda: KEY)

    async def send() -> list[int]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as client:
            return [(await client.send(request)).status_code for request in requests]

    return in_own_loop(send)


def apply_all(shop: Shop) -> int:
    done, stop = 0, threading.Event()
    while applied := apply_due(shop, stop):
        done += applied
    return done
