"""The door for webhooks: only what is signed is stored, once, whole, and before it is answered."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from backend.domain.connections import SECRET_OVERLAP
from backend.domain.team import Permission
from backend.errors import InvalidInputError, PermissionDeniedError, StoreBusyError
from backend.services.connections import connections
from backend.services.context import Shop
from tests.connections.door import KEY, SECRET, Sender, apply_all, posted
from tests.connections.payloads import shopify_order
from tests.connections.test_shopify import figures, orders_of
from tests.recount import everything
from tests.support import ADMIN, ENGINEER, MANAGER, STAFF, TestClock, opened_shop

OTHER = "another secret of the shop"


@pytest.fixture
def sender(shop: Shop) -> Sender:
    return Sender(shop)


def test_what_is_not_signed_with_the_secret_is_refused_and_not_stored(shop: Shop, sender: Sender) -> None:
    good = sender.request("orders/create", shopify_order())
    forged = sender.request("orders/create", shopify_order(), secret=OTHER)
    unsigned = sender.request("orders/create", shopify_order())
    del unsigned.headers["X-Shopify-Hmac-Sha256"]
    changed = sender.request("orders/create", shopify_order())
    changed = type(changed)("POST", changed.url, content=changed.content + b" ", headers=changed.headers)
    foreign = sender.request("orders/create", shopify_order(), X_Shopify_Shop_Domain="other.myshopify.com")
    unknown = sender.request("orders/create", shopify_order())
    unknown.url = unknown.url.copy_with(path="/hooks/shopify/AAAAAAAAAA")
    assert posted(shop, [forged, unsigned, changed, foreign, unknown]) == [401] * 5
    assert figures(shop, sender).waiting == 0
    assert figures(shop, sender).figures.refused == 4
    assert "is not the one" in figures(shop, sender).trouble
    assert posted(shop, [good]) == [200]


def test_forgers_are_limited_and_genuine_webhooks_from_the_same_address_are_not(shop: Shop, sender: Sender) -> None:
    forged = [sender.request("orders/create", b"{}", secret=OTHER) for _ in range(25)]
    assert posted(shop, [*forged, sender.request("orders/create", shopify_order())]) == [401] * 20 + [429] * 5 + [200]


def test_after_a_rotation_both_secrets_are_valid_for_two_days(shop: Shop, sender: Sender, clock: TestClock) -> None:
    def old() -> int:
        return sender.post("a/b", b"{}", secret=SECRET)

    def new() -> int:
        return sender.post("a/b", b"{}", secret=OTHER)

    connections.set_secret(shop, ENGINEER, KEY, sender.connection.id, OTHER)
    assert (old(), new()) == (200, 200)
    clock.now += SECRET_OVERLAP
    assert (old(), new()) == (401, 200)
    connections.set_secret(shop, ENGINEER, KEY, sender.connection.id, SECRET)
    connections.end_old_secret(shop, ENGINEER, sender.connection.id)
    assert (old(), new()) == (200, 401)


def test_a_connection_without_a_secret_accepts_nothing(shop: Shop) -> None:
    sender = Sender(shop, secret="")
    assert sender.post("a/b", b"{}", secret=SECRET) == 401
    assert "No secret" in figures(shop, sender).trouble
    connections.set_secret(shop, ENGINEER, KEY, sender.connection.id, SECRET)
    assert sender.post("a/b", b"{}", secret=SECRET) == 200


def test_secrets_are_stored_sealed(shop: Shop, sender: Sender) -> None:
    assert SECRET not in str([row.item for row in everything(shop)])
    stored = connections.get_connection(shop, sender.connection.id).secrets[0]
    assert connections.open_secret(KEY, stored) == SECRET
    assert connections.open_secret(KEY[::-1], stored) is None


def test_large_bodies_are_stored_whole_and_larger_ones_refused(shop: Shop, sender: Sender) -> None:
    large = shopify_order(note_attributes=[{"name": f"{n}", "value": os.urandom(700).hex()} for n in range(2500)])
    assert sender.post("orders/create", large) == 200
    assert apply_all(shop) == 1
    assert sorted(orders_of(shop)) == ["#1001"]
    assert not [row for row in everything(shop) if row.key.sk.startswith("P#")]
    assert sender.post("orders/create", b"x" * (5 * 1024 * 1024 + 1)) == 413
    assert sender.post("orders/create", os.urandom(5 * 1024 * 1024)) == 413
    assert figures(shop, sender).waiting == 0


def test_what_cannot_be_stored_is_answered_with_503(
    shop: Shop, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: object) -> None:
        raise StoreBusyError("The store is busy.")

    monkeypatch.setattr(type(shop.store), "put", busy)
    assert sender.post("orders/create", shopify_order()) == 503


def test_nothing_that_was_answered_is_lost_by_a_kill(tmp_path: Path) -> None:
    """A process stores and answers, and is killed before a worker applies anything; the next one applies all."""
    program = textwrap.dedent(
        """
        import os, signal, sys
        from tests.connections.door import Sender
        from tests.connections.payloads import shopify_order
        from tests.support import opened_shop

        with opened_shop(sys.argv[1]) as shop:
            sender = Sender(shop)
            answers = [sender.post("orders/create", shopify_order(number)) for number in range(1001, 1011)]
            print(answers.count(200), flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
        """
    )
    url = f"sqlite:///{tmp_path}/shop.db"
    run = subprocess.run([sys.executable, "-c", program, url], capture_output=True, text=True, check=False)
    assert (run.stdout.strip(), run.returncode) == ("10", -signal.SIGKILL), run.stderr
    with opened_shop(url) as shop:
        assert apply_all(shop) == 10
        assert len(orders_of(shop)) == 10


def test_a_worker_that_dies_after_it_applied_does_no_harm(shop: Shop, sender: Sender, clock: TestClock) -> None:
    from backend.services.connections import duty

    assert sender.post("orders/create", shopify_order()) == 200
    (row,) = duty._due(shop)
    taken = duty._take(shop, row)
    assert taken is not None
    assert duty._take(shop, row) is None
    duty._result(shop, taken.delivery)
    clock.forward(seconds=61)
    assert apply_all(shop) == 1
    assert len(orders_of(shop)) == 1
    assert figures(shop, sender).figures.unchanged == 1


def test_who_may_manage_connections(shop: Shop, sender: Sender) -> None:
    for actor in (MANAGER, STAFF):
        with pytest.raises(PermissionDeniedError):
            connections.list_connections(shop, actor)
        with pytest.raises(PermissionDeniedError):
            connections.set_secret(shop, actor, KEY, sender.connection.id, OTHER)
    assert ADMIN.may(Permission.MANAGE_CONNECTIONS)
    assert [view.connection.id for view in connections.list_connections(shop, ENGINEER)] == [sender.connection.id]


@pytest.mark.parametrize("domain", ["", "localhost", "-a.example.com", "a b.example.com", "javascript:alert(1)"])
def test_a_domain_that_is_none_is_refused(shop: Shop, domain: str) -> None:
    with pytest.raises(InvalidInputError):
        connections.clean_domain(domain)


def test_an_address_is_as_good_as_its_domain() -> None:
    assert connections.clean_domain("https://My-Shop.myshopify.com/admin") == "my-shop.myshopify.com"
