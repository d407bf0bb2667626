"""Webhooks out: the endpoints, how each is, its log, and the dialogs that add, change and remove one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import streamlit as st

from backend.domain.connections import SECRET_OVERLAP
from backend.domain.outgoing import Endpoint, EventKind, OutgoingEvent, OutgoingState
from backend.domain.team import Actor, Permission
from backend.services.context import Shop
from backend.services.outgoing import endpoints, log
from pages.components.connections import forms
from pages.components.ui import actions, empty, formats
from pages.components.ui.actions import Trouble
from pages.components.ui.dialogs import Dialog
from pages.components.ui.forms import Form
from pages.components.ui.shell import current_shop
from pages.components.ui.state import Slot
from pages.components.ui.tables import Pager

_SECRET: Slot[str] = Slot("endpoints.secret")
_COLORS = {OutgoingState.WAITING: "orange", OutgoingState.DELIVERED: "green", OutgoingState.FAILED: "red"}
_DAYS = {1: "Last day", 3: "Last 3 days", 30: "Last 30 days"}


def show_endpoints(shop: Shop, actor: Actor) -> None:
    """All endpoints with their logs."""
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.caption(
            "Tell other programs about orders and emails. Events are signed (Standard Webhooks).", width="content"
        )
        ADD.opener("Add an endpoint", "", icon=":material/add:", primary=True)
    _show_secret()
    found = endpoints.list_endpoints(shop, actor)
    if not found:
        empty.nothing(":material/outbound:", "No endpoints", "Add the address of a program that wants to know.")
    for endpoint in found:
        _show(shop, actor, endpoint)


def _show_secret() -> None:
    secret = _SECRET.get()
    if secret is None:
        return
    with st.container(border=True):
        st.markdown(":material/key: Enter this secret in the other program now. It is not shown again.")
        st.code(secret, language=None, wrap_lines=True)
        st.button("I have copied it", key="endpoint_secret_copied", on_click=_SECRET.clear)


def _show(shop: Shop, actor: Actor, endpoint: Endpoint) -> None:
    with st.container(border=True):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.markdown(f"**{formats.plain(endpoints.host_of(endpoint))}** {_badge(endpoint)}", width="content")
            _show_buttons(endpoint)
        st.code(endpoint.url, language=None, wrap_lines=True)
        st.markdown(" ".join(f"`{kind.value}`" for kind in endpoint.events))
        if endpoint.off_reason:
            st.markdown(formats.plain(endpoint.off_reason))
        elif endpoint.failing_since:
            st.markdown(f"Failing since {formats.moment(shop, endpoint.failing_since)}. Events are tried again.")
        with st.expander("Delivery log", icon=":material/history:"):
            _show_log(shop, actor, endpoint)


def _badge(endpoint: Endpoint) -> str:
    if endpoint.off:
        return formats.badge("Off", "red")
    return formats.badge("Failing", "orange") if endpoint.failing_since else formats.badge("On", "green")


def _show_buttons(endpoint: Endpoint) -> None:
    with st.container(horizontal=True, width="content"):
        actions.button("Send a test", _test, endpoint.id, key=f"test_{endpoint.id}", icon=":material/science:")
        CHANGE.opener("Change", endpoint, icon=":material/edit:", key=endpoint.id)
        REMOVE.opener("Remove", endpoint, icon=":material/delete:", key=endpoint.id)


def _test(endpoint_id: str) -> None:
    actions.act(
        Permission.MANAGE_CONNECTIONS,
        lambda actor: log.send_test_event(current_shop(), actor, endpoint_id),
        "A worker posts the test event within seconds. The log shows how it ended.",
    )


def _show_log(shop: Shop, actor: Actor, endpoint: Endpoint) -> None:
    pager = Pager(f"outgoing_{endpoint.id}", "")
    page = log.list_events(shop, actor, endpoint.id, limit=10, cursor=pager.cursor)
    if not page.events:
        st.caption("Nothing has been posted yet.")
        return
    _show_events(shop, page.events)
    pager.show(page.cursor)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        days = st.selectbox(
            "Failed events of the", list(_DAYS), format_func=_DAYS.__getitem__, key=f"span_{endpoint.id}"
        )
        key = f"replay_span_{endpoint.id}"
        actions.button("Replay", _replay_span, endpoint.id, days, key=key, icon=":material/replay:")


def _show_events(shop: Shop, events: Sequence[OutgoingEvent]) -> None:
    for event in events:
        with st.container(horizontal=True, vertical_alignment="center"):
            badge = formats.badge(event.state.value.capitalize(), _COLORS[event.state])
            said = f"{formats.moment(shop, event.at)} `{event.kind.value}` {badge} {formats.plain(event.reason)}"
            st.markdown(said, width="stretch")
            if event.state is not OutgoingState.WAITING:
                actions.button("Replay", _replay, event, key=f"replay_{event.id}", type="tertiary")


def _replay(event: OutgoingEvent) -> None:
    actions.act(
        Permission.MANAGE_CONNECTIONS,
        lambda actor: log.replay_event(current_shop(), actor, event),
        "A worker posts it again within seconds.",
    )


def _replay_span(endpoint_id: str, days: int) -> None:
    now = current_shop().clock()
    actions.act(
        Permission.MANAGE_CONNECTIONS,
        lambda actor: log.replay_span(current_shop(), actor, endpoint_id, now - timedelta(days=days), now),
        "Failed events are posted again within seconds.",
    )


def _add(_: str) -> None:
    form = Form("add_endpoint")
    with form.area():
        url = st.text_input(
            "Address",
            max_chars=endpoints.LONGEST_URL,
            placeholder="https://example.com/webhooks",
            autocomplete="off",
            key=form.key("url"),
            persist_state="session",
        )
        kinds = st.multiselect(
            "Events",
            list(EventKind),
            format_func=lambda kind: kind.value,
            key=form.key("events"),
            persist_state="session",
        )
        missing = "" if url.strip() and kinds else "Enter an address and choose at least one event."
        pressed = form.pressed("Add", missing=missing, icon=":material/add:")
    if pressed:
        result = actions.attempt(
            Permission.MANAGE_CONNECTIONS,
            lambda actor: endpoints.add_endpoint(current_shop(), actor, forms.key(), url, kinds)[1],
            "The endpoint is added.",
        )
        if not isinstance(result, Trouble):
            form.done()
        _finish(result, ADD)


def _change(endpoint: Endpoint) -> None:
    with st.form("change_endpoint", border=False):
        kinds = st.multiselect(
            "Events", list(EventKind), default=list(endpoint.events), format_func=lambda kind: kind.value
        )
        missing = "" if kinds else "Choose at least one event."
        pressed = actions.submitted("Save", key="save_endpoint", missing=missing, icon=":material/check:")
    if pressed:
        result = actions.attempt(
            Permission.MANAGE_CONNECTIONS,
            lambda actor: endpoints.choose_events(current_shop(), actor, endpoint.id, kinds),
            "The events are saved.",
        )
        _finish(result, CHANGE)
    st.caption(f"A new secret: events are signed with the present one too for {SECRET_OVERLAP.days} days.")
    with st.container(horizontal=True):
        if st.button("Rotate secret", key="rotate_endpoint", icon=":material/autorenew:"):
            _finish(_rotated(endpoint), CHANGE)
        if st.button("Switch on" if endpoint.off else "Switch off", key="switch_endpoint"):
            _finish(_switched(endpoint), CHANGE)


def _rotated(endpoint: Endpoint) -> str | Trouble:
    return actions.attempt(
        Permission.MANAGE_CONNECTIONS,
        lambda actor: endpoints.rotate_secret(current_shop(), actor, forms.key(), endpoint.id),
        "",
    )


def _switched(endpoint: Endpoint) -> Endpoint | Trouble:
    return actions.attempt(
        Permission.MANAGE_CONNECTIONS,
        lambda actor: endpoints.switch(current_shop(), actor, endpoint.id, on=endpoint.off),
        "The endpoint is on." if endpoint.off else "The endpoint is off.",
    )


def _remove(endpoint: Endpoint) -> None:
    st.markdown(f"**{formats.plain(endpoints.host_of(endpoint))}** gets no more events.")
    if actions.pressed("Remove endpoint", key="remove_endpoint", icon=":material/delete:", stretch=True):
        result = actions.attempt(
            Permission.MANAGE_CONNECTIONS,
            lambda actor: endpoints.remove_endpoint(current_shop(), actor, endpoint.id),
            "The endpoint is removed.",
        )
        _finish(result, REMOVE)


def _finish(result: object, dialog: Dialog[Endpoint] | Dialog[str]) -> None:
    if isinstance(result, str):
        _SECRET.set(result)
    dialog.finish(result)


ADD: Dialog[str] = Dialog("add_endpoint", "Add an endpoint", _add, icon=":material/add:")
CHANGE: Dialog[Endpoint] = Dialog("change_endpoint", "Change an endpoint", _change, icon=":material/edit:")
REMOVE: Dialog[Endpoint] = Dialog("remove_endpoint", "Remove this endpoint?", _remove, icon=":material/delete:")
