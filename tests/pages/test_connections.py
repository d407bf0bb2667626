"""The page of connected shops: one is added with its secret, its failures are replayed, and it is removed."""

from __future__ import annotations

from backend.bootstrap import open_connection_key
from backend.domain.connections import ShopKind
from backend.domain.team import Role
from backend.services.connections import connections
from pages.components.ui.shell import settings
from tests.connections import door
from tests.connections.door import Sender, apply_all
from tests.pages.dashboard import Dashboard
from tests.pages.reading import field, press, said
from tests.support import ENGINEER


def test_a_woocommerce_shop_is_connected_and_its_secret_is_shown_once(dashboard: Dashboard) -> None:
    app = press(dashboard.open("connections.py", Role.ENGINEER), "Connect a shop")
    app = app.segmented_control(key="new_kind").set_value(ShopKind.WOOCOMMERCE).run()
    field(app, "Shop domain").set_value("https://shop.example.com/")
    app = press(app, "Connect")
    assert not app.exception
    (connection,) = connections.all_connections(dashboard.shop)
    assert (connection.kind, connection.domain) == (ShopKind.WOOCOMMERCE, "shop.example.com")
    shown = [code.value for code in app.code]
    secret = connections.open_secret(open_connection_key(settings()), connection.secrets[0])
    assert secret in shown
    assert f"{settings().public_url}/api/hooks/woocommerce/{connection.id}" in shown
    app = press(app, "I have copied it")
    assert secret not in [code.value for code in app.code]


def test_a_shopify_shop_waits_for_its_secret(dashboard: Dashboard) -> None:
    app = press(dashboard.open("connections.py", Role.ENGINEER), "Connect a shop")
    field(app, "Shop domain").set_value("my-shop.myshopify.com")
    app = press(app, "Connect")
    assert "No secret has been entered" in said(app)
    app = press(app, "Enter secret")
    field(app, "Secret").set_value("shpss_0123456789abcdef")
    app = press(app, "Save secret")
    assert "It has not received a webhook yet." in said(app)


def test_failures_are_shown_with_their_payload_and_replayed(dashboard: Dashboard) -> None:
    sender = Sender(dashboard.shop)
    sender.send("orders/create", {}, id="bad")
    app = dashboard.open("connections.py", Role.ENGINEER)
    assert "The order has no name and no number" in " ".join(each.label for each in app.expander)
    app = app.toggle[0].set_value(True).run()
    assert "{}" in [code.value for code in app.code]
    app = press(app, "Replay")
    assert connections.view_of(dashboard.shop, sender.connection).waiting == 1
    apply_all(dashboard.shop)


def test_a_request_about_personal_data_is_listed_and_closed(dashboard: Dashboard) -> None:
    Sender(dashboard.shop).send("customers/redact", {"customer": {"id": 1}, "orders_to_redact": []})
    app = press(dashboard.open("connections.py", Role.ADMIN), "Mark as answered")
    assert "Closed by" in said(app)


def test_a_connection_is_removed(dashboard: Dashboard) -> None:
    Sender(dashboard.shop)
    app = press(press(dashboard.open("connections.py", Role.ADMIN), "Remove"), "Remove connection")
    assert "No shop is connected" in said(app)
    assert connections.list_connections(dashboard.shop, ENGINEER) == []
    assert door.SECRET not in said(app)


def test_a_token_is_entered_and_the_comparison_is_told(dashboard: Dashboard) -> None:
    sender = Sender(dashboard.shop)
    app = press(dashboard.open("connections.py", Role.ENGINEER), "Compare")
    field(app, "Access token").set_value("shpat_0123456789abcdef")
    app = press(app, "Save token")
    assert "The first comparison with the shop's orders begins within a minute." in said(app)
    connection = connections.get_connection(dashboard.shop, sender.connection.id)
    assert connections.open_token(open_connection_key(settings()), connection) == "shpat_0123456789abcdef"
    assert "shpat_" not in said(app)
    app = press(press(app, "Compare"), "Remove token")
    assert connections.get_connection(dashboard.shop, sender.connection.id).token is None
