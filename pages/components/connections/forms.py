"""The dialogs that connect a shop, enter or rotate its secret, and remove it. A secret made here is shown once."""

from __future__ import annotations

import streamlit as st

from backend.bootstrap import open_connection_key
from backend.domain.connections import SECRET_OVERLAP, Connection, ShopKind
from backend.domain.team import Actor, Permission
from backend.services.connections import connections
from pages.components.ui import actions, formats
from pages.components.ui.actions import Trouble
from pages.components.ui.dialogs import Dialog
from pages.components.ui.forms import Form
from pages.components.ui.shell import current_shop, settings
from pages.components.ui.state import Slot

_MADE: Slot[str] = Slot("connections.secret")
_MAKE, _ENTER = "Create one here", "Enter the shop's"


def key() -> bytes:
    """The key with which this installation seals the secrets."""
    return open_connection_key(settings())


def show_new_secret() -> None:
    """The secret that was made last, the only time that it can be seen."""
    made = _MADE.get()
    if made is None:
        return
    with st.container(border=True):
        st.markdown(":material/key: Enter this secret in the shop now. It is not shown again.")
        st.code(made, language=None, wrap_lines=True)
        st.button("I have copied it", key="secret_copied", on_click=_MADE.clear)


def _add(_: str) -> None:
    kind = st.segmented_control(
        "Shop system", list(ShopKind), format_func=lambda each: each.label, default=ShopKind.SHOPIFY, key="new_kind"
    )
    chosen = kind or ShopKind.SHOPIFY
    form = Form("connect_shop")
    with form.area():
        domain = st.text_input(
            "Shop domain",
            max_chars=253,
            placeholder="my-shop.myshopify.com" if chosen is ShopKind.SHOPIFY else "shop.example.com",
            autocomplete="off",
            key=form.key("domain"),
            persist_state="session",
        )
        if chosen is ShopKind.SHOPIFY:
            st.caption("Shopify makes the secret when you create the first webhook. Enter it afterwards.")
        else:
            st.caption("A secret is created now. You enter it in WooCommerce with each webhook.")
        missing = "" if domain.strip() else "Enter the shop's domain."
        pressed = form.pressed("Connect", missing=missing, icon=":material/add:")
    if not pressed:
        return
    secret = connections.new_secret() if chosen is ShopKind.WOOCOMMERCE else ""

    def add(actor: Actor) -> Connection:
        return connections.add_connection(current_shop(), actor, key(), chosen, domain, secret)

    result = actions.attempt(Permission.MANAGE_CONNECTIONS, add, "The shop is connected. Set up its webhooks next.")
    if not isinstance(result, Trouble):
        form.done()
    _finish(result, secret, ADD)


def _secret(connection: Connection) -> None:
    can_make = connection.kind is ShopKind.WOOCOMMERCE
    if can_make:
        way = st.segmented_control("Secret", [_MAKE, _ENTER], default=_MAKE, key="secret_way") or _MAKE
    else:
        way = _ENTER
    with st.form("enter_secret", border=False):
        secret = ""
        if way == _ENTER:
            secret = st.text_input(
                "Secret", type="password", max_chars=connections.LONGEST_SECRET, autocomplete="off"
            ).strip()
        if connection.secrets:
            days = SECRET_OVERLAP.days
            st.caption(f"The present secret stays valid for {days} days, so that no webhook is refused meanwhile.")
        missing = "" if secret or way == _MAKE else "Enter the secret."
        pressed = actions.submitted("Save secret", key="save_secret", missing=missing, icon=":material/key:")
    if pressed:
        made = connections.new_secret() if way == _MAKE else ""
        result = actions.attempt(
            Permission.MANAGE_CONNECTIONS,
            lambda actor: connections.set_secret(current_shop(), actor, key(), connection.id, made or secret),
            "The secret is saved.",
        )
        _finish(result, made, SECRET)
    if len(connection.secrets) > 1:
        actions.button("End the secret before now", _end_old, connection.id, key="end_old", icon=":material/block:")


def _end_old(connection_id: str) -> None:
    actions.act(
        Permission.MANAGE_CONNECTIONS,
        lambda actor: connections.end_old_secret(current_shop(), actor, connection_id),
        "Only the present secret is valid now.",
    )
    SECRET.close()


def _token(connection: Connection) -> None:
    is_woo = connection.kind is ShopKind.WOOCOMMERCE
    st.markdown(
        "Every night Tillpost asks the shop for orders that changed, and takes over what webhooks have not brought. "
        + (
            "In WooCommerce, open **Settings → Advanced → REST API** and add a key with the permission Read."
            if is_woo
            else "In Shopify, create an app with the scope `read_orders`, and copy its Admin API access token."
        )
    )
    with st.form("enter_token", border=False):
        longest = connections.LONGEST_SECRET
        first = st.text_input(
            "Consumer key" if is_woo else "Access token", type="password", max_chars=longest, autocomplete="off"
        ).strip()
        second = (
            st.text_input("Consumer secret", type="password", max_chars=longest, autocomplete="off").strip()
            if is_woo
            else ""
        )
        missing = "" if first and (second or not is_woo) else "Enter the key and the secret." if is_woo else "Enter it."
        pressed = actions.submitted("Save token", key="save_token", missing=missing, icon=":material/sync:")
    if pressed:
        entered = f"{first}:{second}" if is_woo else first
        result = actions.attempt(
            Permission.MANAGE_CONNECTIONS,
            lambda actor: connections.set_token(current_shop(), actor, key(), connection.id, entered),
            "The token is saved. The first comparison begins within a minute.",
        )
        _finish(result, "", TOKEN)
    if connection.token is not None:
        actions.button("Remove token", _remove_token, connection.id, key="remove_token", icon=":material/delete:")


def _remove_token(connection_id: str) -> None:
    actions.act(
        Permission.MANAGE_CONNECTIONS,
        lambda actor: connections.set_token(current_shop(), actor, key(), connection_id, ""),
        "The token is removed. Orders are not compared any more.",
    )
    TOKEN.close()


def _remove(connection: Connection) -> None:
    st.markdown(
        f"Webhooks of **{formats.plain(connection.domain)}** are refused from now on. Its orders and customers stay. "
        "Delete the webhooks in the shop too."
    )
    if actions.pressed("Remove connection", key="remove_now", icon=":material/delete:", stretch=True):
        result = actions.attempt(
            Permission.MANAGE_CONNECTIONS,
            lambda actor: connections.remove_connection(current_shop(), actor, connection.id),
            "The connection is removed.",
        )
        _finish(result, "", REMOVE)


def _finish(result: object, made: str, dialog: Dialog[Connection] | Dialog[str]) -> None:
    if made and not isinstance(result, Trouble):
        _MADE.set(made)
    dialog.finish(result)


ADD: Dialog[str] = Dialog("connect_shop", "Connect a shop", _add, icon=":material/add:")
SECRET: Dialog[Connection] = Dialog("connection_secret", "Secret", _secret, icon=":material/key:")
TOKEN: Dialog[Connection] = Dialog("connection_token", "Compare with the shop", _token, icon=":material/sync:")
REMOVE: Dialog[Connection] = Dialog("remove_connection", "Remove this connection?", _remove, icon=":material/delete:")
