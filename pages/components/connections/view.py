"""The list of connected shops with the state and figures of each, and the requests about personal data."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from backend.domain.connections import Connection, OrderComparison, PrivacyRequest
from backend.domain.team import Permission
from backend.services.connections.connections import ConnectionView, address_of, close_privacy_request
from backend.services.connections.trial import send_test, steps_of
from backend.services.context import Shop
from pages.components.connections import forms
from pages.components.ui import actions, empty, formats
from pages.components.ui.caching import who
from pages.components.ui.navigation import page_of
from pages.components.ui.shell import current_shop, settings

_ASKED = {"customers/data_request": "Hand over the customer's data", "customers/redact": "Erase the customer's data"}


def show_connections(shop: Shop, found: Sequence[ConnectionView]) -> None:
    if not found:
        empty.nothing(":material/hub:", "No shop is connected", "Connect your Shopify or WooCommerce shop.")
    for each in found:
        _show(shop, each)


def _show(shop: Shop, seen: ConnectionView) -> None:
    connection = seen.connection
    with st.container(border=True):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            trouble = bool(seen.trouble)
            badge = formats.badge("Needs attention" if trouble else "Working", "orange" if trouble else "green")
            st.markdown(f"**{formats.plain(connection.domain)}** {connection.kind.label} {badge}", width="content")
            _show_buttons(seen)
        if seen.trouble:
            st.markdown(formats.plain(seen.trouble))
        _show_figures(shop, seen)
        actions.show_refusal(f"test_{connection.id}")
        with st.expander("How to set up the shop", expanded=not connection.secrets, icon=":material/checklist:"):
            _show_steps(connection)


def _show_buttons(seen: ConnectionView) -> None:
    connection = seen.connection
    with st.container(horizontal=True, width="content"):
        actions.button("Send a test", _test, connection.id, key=f"test_{connection.id}", icon=":material/science:")
        label = "Rotate secret" if connection.secrets else "Enter secret"
        forms.SECRET.opener(label, connection, icon=":material/key:", key=connection.id)
        forms.TOKEN.opener("Compare", connection, icon=":material/sync:", key=connection.id)
        forms.REMOVE.opener("Remove", connection, icon=":material/delete:", key=connection.id)


def _test(connection_id: str) -> None:
    actions.act(
        Permission.MANAGE_CONNECTIONS,
        lambda actor: send_test(current_shop(), actor, forms.key(), settings().public_url, connection_id),
        "The test event has arrived. A worker reads it within seconds; it changes nothing.",
    )


def _show_figures(shop: Shop, seen: ConnectionView) -> None:
    figures = seen.figures
    with st.container(horizontal=True):
        st.metric("Applied", formats.count(shop, figures.applied), border=True)
        st.metric(
            "Unchanged", formats.count(shop, figures.unchanged), border=True, help="Repeated, or older than known."
        )
        st.metric("Waiting", formats.count(shop, seen.waiting), border=True)
        st.metric("Failed", formats.count(shop, seen.failed), border=True)
        st.metric("Refused", formats.count(shop, figures.refused), border=True, help="Not signed with the secret.")
    st.caption(" · ".join(_facts(shop, seen)))
    if seen.comparison is not None:
        st.caption(_compared(shop, seen.comparison))


def _compared(shop: Shop, found: OrderComparison) -> str:
    """What the comparison with the shop has found, or how far it is."""
    said = f"{formats.counted(shop, found.seen, 'order')} had changed, {formats.count(shop, found.missed)} of them had "
    said += f"not arrived, {formats.count(shop, found.behind)} were older here."
    if found.until is not None:
        return f"Comparing with the shop, up to {formats.moment(shop, found.since)} so far: {said}"
    if found.finished_at is not None:
        return f"Compared with the shop {formats.moment(shop, found.finished_at)}: {said}"
    return "The first comparison with the shop's orders begins within a minute."


def _facts(shop: Shop, seen: ConnectionView) -> list[str]:
    figures, connection = seen.figures, seen.connection
    facts = []
    if figures.last_at is not None:
        facts.append(f"Last event {formats.moment(shop, figures.last_at)}: {formats.plain(figures.last_topic)}")
        facts.append(f"applied after {figures.lag / 1000:.1f} s")
    if connection.secrets:
        facts.append(f"Secret of {formats.moment(shop, connection.secrets[0].since)}")
    facts += [
        f"the one before is valid until {formats.moment(shop, secret.until)}"
        for secret in connection.secrets[1:]
        if secret.until and secret.is_valid(shop.clock())
    ]
    return [*facts, f"Connected by {formats.plain(who(connection.created_by))}"]


def _show_steps(connection: Connection) -> None:
    st.code(address_of(settings().public_url, connection), language=None, wrap_lines=True)
    st.markdown("\n".join(f"{number}. {formats.plain(step)}" for number, step in enumerate(steps_of(connection), 1)))


def show_privacy_requests(shop: Shop, found: Sequence[PrivacyRequest]) -> None:
    """What customers asked their shop about their data. A person answers; nothing is erased by itself."""
    if not found:
        return
    st.header("Privacy requests", anchor=False)
    st.caption("Customers asked the shop about their data. Tillpost does not erase or hand over data by itself.")
    for request in found:
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            said = _ASKED.get(request.topic, request.topic)
            if request.done_at is None:
                state = formats.badge("Open", "orange")
            else:
                state = formats.badge(f"Closed by {formats.plain(who(request.done_by))}", "green")
            st.markdown(f"**{formats.plain(said)}** {formats.moment(shop, request.requested_at)} {state}")
            if request.customer:
                st.page_link(page_of("customer.py"), label="Customer", query_params={"id": request.customer})
            else:
                st.caption("This customer is not here.", width="content")
            if request.done_at is None:
                actions.button("Mark as answered", _close, request.id, key=f"close_{request.id}")


def _close(request_id: str) -> None:
    actions.act(
        Permission.MANAGE_CONNECTIONS,
        lambda actor: close_privacy_request(current_shop(), actor, request_id),
        "The request is closed.",
    )
