"""Connected shops from the command line."""

from __future__ import annotations

from backend.domain.connections import DeliveryState, ShopKind
from backend.services.connections import connections, deliveries
from backend.services.context import Shop
from tests.cli.conftest import Run
from tests.connections.door import SECRET, Sender


def test_a_shop_is_connected_listed_rotated_and_removed(run: Run, shop: Shop) -> None:
    added = run("connections", "add", "woocommerce", "https://shop.example.com", "--secret", "-")
    (connection,) = connections.all_connections(shop)
    address, secret = added.out.split()
    assert address.endswith(f"/api/hooks/woocommerce/{connection.id}")
    assert len(secret) > 40
    assert "Webhooks" in added.err
    rotated = run("connections", "rotate", connection.id)
    assert rotated.out.strip() != secret
    assert len(connections.get_connection(shop, connection.id).secrets) == 2
    (listed,) = run("connections", "list", "--json").json
    assert (listed["domain"], listed["trouble"]) == ("shop.example.com", "It has not received a webhook yet.")
    assert secret not in run("connections", "list").out
    assert run("connections", "add", "shopify", "localhost").code == 1
    assert "is removed" in run("connections", "remove", connection.id).out
    assert connections.all_connections(shop) == []


def test_failed_webhooks_are_replayed(run: Run, shop: Shop) -> None:
    sender = Sender(shop, ShopKind.SHOPIFY, SECRET)
    sender.send("orders/create", {}, id="bad")
    assert run("connections", "replay", sender.connection.id).out == "1\n"
    assert deliveries.get_delivery(shop, sender.connection.id, "bad").state is DeliveryState.WAITING
    again = run("connections", "replay", sender.connection.id, "bad")
    assert (again.code, again.err) == (1, "This delivery has not failed, or is being tried again.\n")
