"""Webhooks that could not be applied: the reason, the payload, and trying them again."""

from __future__ import annotations

import streamlit as st

from backend.domain.connections import Delivery
from backend.domain.team import Actor, Permission
from backend.services.connections import deliveries
from backend.services.connections.connections import all_connections
from backend.services.context import Shop
from pages.components.ui import actions, formats
from pages.components.ui.shell import current_shop
from pages.components.ui.tables import Pager

_SHOWN_BYTES = 20_000


def show_failures(shop: Shop, actor: Actor) -> None:
    """The failed webhooks of each shop, newest first."""
    for connection in all_connections(shop):
        pager = Pager(f"failed_{connection.id}", "")
        page = deliveries.failed_deliveries(shop, actor, connection.id, cursor=pager.cursor)
        if not page.deliveries:
            continue
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.header(f"Failed: {formats.plain(connection.domain)}", anchor=False, width="content")
            key = f"replay_all_{connection.id}"
            actions.button("Replay all", _replay_all, connection.id, key=key, icon=":material/replay:")
        st.caption("Kept for 90 days. Correct the cause, then replay.")
        for delivery in page.deliveries:
            _show(shop, delivery)
        pager.show(page.cursor)


def _show(shop: Shop, delivery: Delivery) -> None:
    when = formats.moment(shop, delivery.received_at)
    with st.expander(f"{formats.plain(delivery.reason)} :gray[{formats.plain(delivery.topic)}, {when}]"):
        if st.toggle("Show payload", key=f"payload_{delivery.id}"):
            body = deliveries.get_delivery(shop, delivery.connection, delivery.id).body
            st.code(body[:_SHOWN_BYTES].decode("utf-8", "replace"), language=None, wrap_lines=True)
        with st.container(horizontal=True):
            where = (delivery.connection, delivery.id)
            actions.button("Replay", _replay, *where, key=f"replay_{delivery.id}", icon=":material/replay:")
            actions.button("Delete", _discard, *where, key=f"discard_{delivery.id}", icon=":material/delete:")


def _replay(connection_id: str, delivery_id: str) -> None:
    actions.act(
        Permission.MANAGE_CONNECTIONS,
        lambda actor: deliveries.replay(current_shop(), actor, connection_id, delivery_id),
        "A worker tries it again within seconds.",
    )


def _replay_all(connection_id: str) -> None:
    actions.act(
        Permission.MANAGE_CONNECTIONS,
        lambda actor: deliveries.replay_all(current_shop(), actor, connection_id),
        "Workers try them again within seconds.",
    )


def _discard(connection_id: str, delivery_id: str) -> None:
    actions.act(
        Permission.MANAGE_CONNECTIONS,
        lambda actor: deliveries.discard(current_shop(), actor, connection_id, delivery_id),
        "The webhook is deleted.",
    )
