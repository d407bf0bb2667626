"""What the callers do. Locust runs it in an environment of its own, so it knows nothing of the program.

LOAD holds, as JSON, the API key, and the address and secret of the webhooks.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import random
import uuid
from itertools import count

from locust import FastHttpUser, constant_throughput, task

_GIVEN = json.loads(os.environ["LOAD"])
_PEOPLE = 500
_numbers = count(1)
_callers = count(1)


class _Caller(FastHttpUser):
    """Each comes from an address of its own, as a proxy reports it."""

    abstract = True
    connection_timeout = network_timeout = 20.0

    def on_start(self) -> None:
        self.headers = {
            "Authorization": f"Bearer {_GIVEN['key']}",
            "Content-Type": "application/json",
            "X-Forwarded-For": f"203.0.113.{next(_callers) % 250 + 1}",
        }

    def read(self, path: str, name: str) -> None:
        self.client.get(f"/api/v1{path}", name=name, headers=self.headers)


class Storefront(_Caller):
    """Places orders, one after the other."""

    weight = 8

    @task
    def order(self) -> None:
        headers = self.headers | {"Idempotency-Key": str(uuid.uuid4())}
        person = random.randrange(_PEOPLE)  # noqa: S311 - a sample, nothing secret
        body = {
            "customer": {"name": f"Customer {person}", "email": f"c{person}@example.com"},
            "lines": [
                {"title": "Assam tea, 100 g", "quantity": 2, "unit_price": 1290, "sku": "TEA-1"},
                {"title": "Tea strainer", "quantity": 1, "unit_price": 890, "sku": "TEA-9"},
            ],
            "currency": "USD",
            "shipping": 590,
            "status": "paid",
        }
        self.client.post("/api/v1/orders", name="order", data=json.dumps(body), headers=headers)


class Staff(_Caller):
    """Looks at lists and figures, twice a second."""

    weight = 2
    wait_time = constant_throughput(2)

    @task(3)
    def orders(self) -> None:
        self.read("/orders?limit=50", "staff: orders")

    @task(3)
    def search(self) -> None:
        self.read(f"/customers?search=customer+{random.randrange(_PEOPLE)}", "staff: search")  # noqa: S311 - a sample

    @task(1)
    def figures(self) -> None:
        self.read("/statistics/sales", "staff: figures")


class Provider(_Caller):
    """Posts signed webhooks of a shop, one after the other."""

    weight = 2

    @task
    def webhook(self) -> None:
        number = next(_numbers)
        body = json.dumps({"id": number, "topic": "checkouts/update", "note": "x" * 2000}).encode()
        signature = hmac.digest(_GIVEN["secret"].encode(), body, hashlib.sha256)
        headers = self.headers | {
            "X-Shopify-Hmac-Sha256": base64.b64encode(signature).decode(),
            "X-Shopify-Topic": "checkouts/update",
            "X-Shopify-Webhook-Id": str(uuid.uuid4()),
            "X-Shopify-Shop-Domain": _GIVEN["domain"],
        }
        self.client.post(_GIVEN["hook"], name="webhook", data=body, headers=headers)
