"""Asks a connected shop for its orders that changed in a span of time, in the order of their changes.

Shopify's Admin REST API (resource Order) and WooCommerce's REST API v3 show orders as their webhooks do.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol
from urllib.parse import urlencode

import orjson

from backend.domain.connections import Connection, ShopKind
from backend.email.web import HttpWeb, Reach, Reached, Unreached
from backend.services.connections.payloads import Payload, parts

PAGE = 100
"""Orders of one answer; WooCommerce gives no more."""
LARGEST_PAGE = 32 * 1024 * 1024
_SECONDS = 20.0
_SHOPIFY_VERSION = "2026-10"
_NOT_ALLOWED = frozenset({401, 402, 403, 404, 423})
"""What will be answered the next time too: the token, the plan or the address is not right."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why the shop showed nothing, as a sentence. `is_final`: a person has to do something first."""

    sentence: str
    is_final: bool = False


class Ask(Protocol):
    """Makes a GET request."""

    def __call__(self, url: str, headers: Mapping[str, str]) -> Reached | Unreached: ...


def ask_publicly(url: str, headers: Mapping[str, str]) -> Reached | Unreached:
    """From public addresses alone, which are checked when they are connected to; no redirect is followed."""
    return HttpWeb(seconds=_SECONDS, reach=Reach.PUBLIC, kind="A connected shop").request(
        url, headers=headers, most=LARGEST_PAGE
    )


def orders_changed(
    ask: Ask, connection: Connection, token: str, since: datetime, until: datetime
) -> list[Payload] | Refusal:
    """A page of the orders that changed from `since` to `until`, the earliest change first."""
    request = _of_shopify if connection.kind is ShopKind.SHOPIFY else _of_woocommerce
    answer = ask(*request(connection.domain, token, since, until))
    if isinstance(answer, Unreached):
        return Refusal(f"The shop {answer.why}, so its orders cannot be compared.")
    if answer.status in _NOT_ALLOWED:
        return Refusal(f"The shop does not accept the API token (status {answer.status}). Enter another.", True)
    if answer.status != 200:
        return Refusal(f"The shop answered with status {answer.status}, so its orders cannot be compared yet.")
    try:
        found = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return Refusal("The shop did not answer with orders, so they cannot be compared.")
    return parts({"orders": found} if isinstance(found, list) else found if isinstance(found, dict) else {}, "orders")


def _of_shopify(domain: str, token: str, since: datetime, until: datetime) -> tuple[str, dict[str, str]]:
    query = {
        "status": "any",
        "limit": str(PAGE),
        "order": "updated_at asc",
        "updated_at_min": f"{_shown(since)}Z",
        "updated_at_max": f"{_shown(until)}Z",
    }
    url = f"https://{domain}/admin/api/{_SHOPIFY_VERSION}/orders.json?{urlencode(query)}"
    return url, {"X-Shopify-Access-Token": token}


def _of_woocommerce(domain: str, token: str, since: datetime, until: datetime) -> tuple[str, dict[str, str]]:
    """`modified_after` leaves the moment itself out, so it begins a second earlier."""
    query = {
        "per_page": str(PAGE),
        "orderby": "modified",
        "order": "asc",
        "dates_are_gmt": "true",
        "modified_after": _shown(since - timedelta(seconds=1)),
        "modified_before": _shown(until),
    }
    url = f"https://{domain}/wp-json/wc/v3/orders?{urlencode(query)}"
    return url, {"Authorization": f"Basic {base64.b64encode(token.encode()).decode()}"}


def _shown(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
