"""What webhooks have not brought is found every night, applied as webhooks are, and reported."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from backend.domain.connections import ShopKind
from backend.email.web import Reached, Unreached
from backend.errors import InvalidInputError, PermissionDeniedError
from backend.services.connections import comparison, shop_orders
from backend.services.connections.comparison import compare_due
from backend.services.connections.connections import get_connection, remove_connection, set_token, view_of
from backend.services.context import Shop
from backend.store import schema
from tests.connections.door import DOMAIN, KEY, Sender, apply_all
from tests.connections.payloads import shopify_order, woo_order
from tests.connections.test_shopify import orders_of
from tests.recount import assert_totals_hold, everything
from tests.services.test_repairing import audit_entries
from tests.support import ENGINEER, STAFF, TestClock

TOKEN = "shpat_0123456789abcdef"
LATER = "2026-11-26T20:00:00Z"


@dataclass
class Platform:
    """A shop's API: it shows the orders that changed in the span that it is asked for, a page of them."""

    orders: list[dict[str, Any]]
    page: int = shop_orders.PAGE
    down: Reached | Unreached | None = None
    asked: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)

    def __call__(self, url: str, headers: Mapping[str, str]) -> Reached | Unreached:
        self.asked.append((url, headers))
        if self.down is not None:
            return self.down
        query = {name: value[0] for name, value in parse_qs(urlsplit(url).query).items()}
        name = "updated_at" if "updated_at_min" in query else "date_modified_gmt"
        first, last = (query[each].removesuffix("Z") for each in _SPANS[name])
        inside = first.__le__ if name == "updated_at" else first.__lt__
        found = [each for each in self.orders if inside(each[name][:19]) and each[name][:19] <= last]
        found = sorted(found, key=lambda each: each[name])[: self.page]
        return Reached(200, json.dumps({"orders": found} if name == "updated_at" else found).encode())


_SPANS = {
    "updated_at": ("updated_at_min", "updated_at_max"),
    "date_modified_gmt": ("modified_after", "modified_before"),
}


def order(number: int, second: int = 0) -> dict[str, Any]:
    at = f"2026-11-26T13:30:{second:02}Z"
    return shopify_order(number, created_at=at, updated_at=at)


@pytest.fixture
def sender(shop: Shop) -> Sender:
    sender = Sender(shop)
    set_token(shop, ENGINEER, KEY, sender.connection.id, TOKEN)
    return sender


def compared(shop: Shop, ask: Platform) -> int:
    """How many requests a night's comparison took."""
    before = len(ask.asked)
    while compare_due(shop, KEY, ask):
        pass
    apply_all(shop)
    return len(ask.asked) - before


def test_what_did_not_arrive_is_taken_over_and_told(shop: Shop, sender: Sender, clock: TestClock) -> None:
    sender.send("orders/create", order(1))
    clock.forward(hours=3)
    ask = Platform([order(1), order(2), order(3), {**order(4), "updated_at": "2026-11-26T23:00:00Z"}])
    assert compared(shop, ask) == 1
    assert sorted(orders_of(shop)) == ["#1", "#2", "#3"]
    seen = view_of(shop, get_connection(shop, sender.connection.id))
    assert seen.comparison is not None
    assert (seen.comparison.seen, seen.comparison.missed, seen.comparison.behind) == (3, 2, 0)
    assert seen.trouble.startswith("2 orders had not arrived")
    assert compared(shop, ask) == 0
    clock.forward(days=1)
    ask.orders.append({**order(1), "updated_at": LATER, "note": "Call first"})
    assert compared(shop, ask) == 1
    seen = view_of(shop, get_connection(shop, sender.connection.id))
    assert seen.comparison is not None
    assert (seen.comparison.seen, seen.comparison.missed, seen.comparison.behind) == (2, 1, 1)
    assert orders_of(shop)["#1"].note == "Call first"
    assert_totals_hold(shop)


def test_an_older_version_changes_nothing(shop: Shop, sender: Sender, clock: TestClock) -> None:
    sender.send("orders/updated", {**order(1, second=30), "note": "Newer"})
    clock.forward(hours=3)
    before = everything(shop)
    compare_due(shop, KEY, Platform([order(1)]))
    apply_all(shop)
    assert orders_of(shop)["#1"].note == "Newer"
    assert [row for row in everything(shop) if "#" in row.key.sk] == [row for row in before if "#" in row.key.sk]


def test_many_orders_come_in_pages_and_a_worker_that_died_goes_on(
    shop: Shop, sender: Sender, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where more than a page changed in one second."""
    for module in (comparison, shop_orders):
        monkeypatch.setattr(module, "PAGE", 4)
    clock.forward(hours=3)
    ask = Platform([order(number, second=min(number, 5)) for number in range(1, 9)], page=4)
    assert compare_due(shop, KEY, ask)
    ask.down = Unreached("did not answer in time")
    assert compare_due(shop, KEY, ask)
    assert not compare_due(shop, KEY, ask)
    seen = view_of(shop, get_connection(shop, sender.connection.id))
    assert seen.trouble == "The shop did not answer in time, so its orders cannot be compared."
    ask.down = None
    clock.forward(minutes=10)
    compared(shop, ask)
    seen = view_of(shop, get_connection(shop, sender.connection.id))
    assert sorted(orders_of(shop)) == [f"#{number}" for number in range(1, 9)]
    assert seen.comparison is not None
    assert (seen.comparison.missed, seen.comparison.seen) == (8, 8)


def test_woocommerce_is_asked_in_its_own_way(shop: Shop, clock: TestClock) -> None:
    sender = Sender(shop, ShopKind.WOOCOMMERCE)
    with pytest.raises(InvalidInputError, match="consumer key"):
        set_token(shop, ENGINEER, KEY, sender.connection.id, TOKEN)
    set_token(shop, ENGINEER, KEY, sender.connection.id, "ck_0123456789:cs_0123456789")
    clock.forward(hours=3)
    at = "2026-11-26T13:30:00"
    draft = woo_order(728, status="checkout-draft", date_modified_gmt=at)
    ask = Platform([woo_order(727, date_created_gmt=at, date_modified_gmt=at), draft])
    compared(shop, ask)
    assert list(orders_of(shop)) == ["727"]
    url, headers = ask.asked[0]
    assert url.startswith("https://shop.example.com/wp-json/wc/v3/orders?per_page=100&orderby=modified&order=asc&")
    assert base64.b64decode(headers["Authorization"].removeprefix("Basic ")) == b"ck_0123456789:cs_0123456789"


def test_a_token_that_does_not_work_waits_for_a_person(shop: Shop, sender: Sender, clock: TestClock) -> None:
    ask = Platform([], down=Reached(401))
    assert compared(shop, ask) == 1
    sender.send("orders/create", order(1))
    assert "does not accept the API token" in view_of(shop, get_connection(shop, sender.connection.id)).trouble
    clock.forward(minutes=30)
    assert compared(shop, ask) == 0
    set_token(shop, ENGINEER, KEY, sender.connection.id, "shpat_another_one_0123")
    ask.down = None
    assert compared(shop, ask) == 1
    assert ask.asked[-1][1] == {"X-Shopify-Access-Token": "shpat_another_one_0123"}
    assert ask.asked[-1][0].startswith(f"https://{DOMAIN}/admin/api/")


@pytest.mark.parametrize("answer", [Reached(429), Reached(500), Reached(302), Reached(200, b"<html>")])
def test_a_shop_that_cannot_answer_is_asked_again_later(
    shop: Shop, sender: Sender, clock: TestClock, answer: Reached
) -> None:
    ask = Platform([order(1)], down=answer)
    assert compared(shop, ask) == 1
    clock.forward(hours=3)
    ask.down = None
    assert compared(shop, ask) == 1
    assert list(orders_of(shop)) == ["#1"]


def test_the_token_is_sealed_is_in_no_log_and_goes_with_the_connection(shop: Shop, sender: Sender) -> None:
    assert not any(TOKEN in repr(row) for row in everything(shop))
    assert "entered an API token of a connection" in [entry.action for entry in audit_entries(shop)]
    with pytest.raises(PermissionDeniedError):
        set_token(shop, STAFF, KEY, sender.connection.id, "")
    set_token(shop, ENGINEER, KEY, sender.connection.id, "")
    assert not compare_due(shop, KEY, Platform([]))
    remove_connection(shop, ENGINEER, sender.connection.id)
    assert shop.store.get(schema.comparison_key(sender.connection.id)) is None


def test_of_two_workers_one_asks(shared_shop: Shop) -> None:
    sender = Sender(shared_shop)
    set_token(shared_shop, ENGINEER, KEY, sender.connection.id, TOKEN)
    inner: list[bool] = []

    def ask(url: str, headers: Mapping[str, str]) -> Reached:
        inner.append(compare_due(shared_shop, KEY, Platform([])))
        return Reached(200, b'{"orders": []}')

    assert compare_due(shared_shop, KEY, ask)
    assert inner == [False]


def test_the_first_comparison_begins_with_the_connection(shop: Shop, clock: TestClock) -> None:
    sender = Sender(shop)
    clock.forward(days=100)
    set_token(shop, ENGINEER, KEY, sender.connection.id, TOKEN)
    ask = Platform([])
    compared(shop, ask)
    first = (clock() - timedelta(days=60)).strftime("%Y-%m-%dT%H%%3A%M%%3A%S")
    assert f"updated_at_min={first}Z" in ask.asked[0][0]
