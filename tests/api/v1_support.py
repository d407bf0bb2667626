"""A client of the API in this process, with a key."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from typing import Any

import httpx

from backend.api.app import create_app
from backend.api.v1 import ApiSettings
from backend.api.v1.gate import Limits
from backend.domain.api_keys import Scope
from backend.services.api.request_rate import RatePolicy
from backend.services.api_keys.keys import create_key
from backend.services.api_keys.tokens import Tokens
from backend.services.context import Shop
from backend.services.sending.mailer import Mailer
from tests.mailing.processes import NoTransport
from tests.mailing.worker_script import mailer_on
from tests.support import ADMIN, in_own_loop

SEALING_KEY = b"a key for tests that is long enough"
_numbers = itertools.count(1)


class Client:
    """Requests to `/api/v1` with a key of these scopes, each write with an idempotency key of its own."""

    def __init__(
        self,
        shop: Shop,
        scopes: Iterable[Scope] = tuple(Scope),
        *,
        rate: RatePolicy | None = None,
        limits: Limits | None = None,
        origins: tuple[str, ...] = (),
        trusted: str = "",
        tokens: Tokens | None = None,
    ) -> None:
        self.shop = shop
        self.key = create_key(shop, ADMIN, "Online shop", scopes).text
        self.limits = limits or Limits()
        rate = rate or RatePolicy(100_000, 10)
        settings = ApiSettings(self.mailer, lambda: SEALING_KEY, origins, rate, self.limits, tokens)
        self.app = create_app(lambda: shop, v1=settings, trusted_proxies=trusted)

    def mailer(self) -> Mailer:
        return mailer_on(self.shop, NoTransport())

    def __call__(
        self,
        method: str,
        path: str,
        json: Any = None,
        *,
        key: str | None = None,
        once: str | None = None,
        version: int | None = None,
        headers: dict[str, str] | None = None,
        **more: Any,
    ) -> httpx.Response:
        """The answer. `key` "" sends none; `once` is the idempotency key, a new one for a POST without it."""
        key = self.key if key is None else key
        sent = {"Authorization": f"Bearer {key}"} if key else {}
        if method == "POST" and once is None:
            once = f"test-{next(_numbers)}"
        if once:
            sent["Idempotency-Key"] = once
        if version is not None:
            sent["If-Match"] = f'"{version}"'
        sent |= headers or {}

        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, client=("192.0.2.7", 4711))
            async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
                body = {"json": json} if json is not None else {}
                return await client.request(method, f"/v1{path}", headers=sent, **body, **more)

        return in_own_loop(ask)


def order(amount: int = 1290, **more: object) -> dict[str, object]:
    """The body of an order of Maria's for one tea."""
    return {
        "customer": {"name": "Maria Lopez", "email": "maria@example.com"},
        "lines": [{"title": "Assam tea", "quantity": 1, "unit_price": amount, "sku": "TEA-1"}],
        "currency": "USD",
        "status": "paid",
        **more,
    }


Ask = Callable[..., httpx.Response]
