"""The list of API keys, and the dialogs that create, rotate and revoke one. A new key is shown until it is put away."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta

import streamlit as st

from backend.domain.api_keys import ApiKey, KeyState, Scope, permissions_of
from backend.domain.team import Actor, Permission
from backend.services.api_keys import keys
from backend.services.api_keys.keys import Issued
from backend.services.context import Shop
from pages.components.ui import actions, empty, formats
from pages.components.ui.actions import Trouble
from pages.components.ui.caching import who
from pages.components.ui.dialogs import Dialog
from pages.components.ui.forms import Form
from pages.components.ui.guard import require
from pages.components.ui.shell import current_shop
from pages.components.ui.state import Slot

_ISSUED: Slot[Issued] = Slot("api_keys.issued")
_COLORS = {KeyState.ACTIVE: "green", KeyState.EXPIRED: "gray", KeyState.REVOKED: "red"}
_OVERLAPS = {0: "None: the old key stops now", 1: "1 hour", 24: "1 day", 7 * 24: "7 days", 30 * 24: "30 days"}


def show_issued() -> None:
    """The key that was created last, the only time that it can be seen."""
    issued = _ISSUED.get()
    if issued is None:
        return
    with st.container(border=True):
        st.markdown(f":material/key: **{formats.plain(issued.key.name)}** · Copy the key now. It is not shown again.")
        st.code(issued.text, language=None, wrap_lines=True)
        st.button("I have copied it", key="key_copied", on_click=_ISSUED.clear)


def show_list(shop: Shop, found: Sequence[ApiKey]) -> None:
    """All keys: the active ones first."""
    if not found:
        empty.nothing(":material/vpn_key:", "No API keys", "Create one for each program that uses the API.")
        return
    now = shop.clock()
    for key in sorted(found, key=lambda each: each.state(now) is not KeyState.ACTIVE):
        _show_key(shop, key, key.state(now))


def _show_key(shop: Shop, key: ApiKey, state: KeyState) -> None:
    with st.container(border=True):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            badge = formats.badge(state.value.capitalize(), _COLORS[state])
            st.markdown(f"**{formats.plain(key.name)}** `{key.shown}…` {badge}", width="content")
            if state is KeyState.ACTIVE:
                with st.container(horizontal=True, width="content"):
                    if not key.replaced_by:
                        st.button("Rotate", key=f"rotate_{key.prefix}", on_click=ROTATE.open, args=(key,))
                    st.button("Revoke", key=f"revoke_{key.prefix}", on_click=REVOKE.open, args=(key,))
        st.markdown(" ".join(f"`{scope}`" for scope in sorted(key.scopes)))
        st.caption(" · ".join(_facts(shop, key)))


def _facts(shop: Shop, key: ApiKey) -> list[str]:
    facts = [f"Created {formats.moment(shop, key.created_at)} by {formats.plain(who(key.created_by))}"]
    if key.revoked_at:
        facts.append(f"Revoked {formats.moment(shop, key.revoked_at)}")
    elif key.expires_at:
        facts.append(f"Expires {formats.moment(shop, key.expires_at)}")
    facts.append(f"Last used {formats.moment(shop, key.last_used_at)}" if key.last_used_at else "Never used")
    return facts


def _create(_: str) -> None:
    shop, actor = current_shop(), require(Permission.MANAGE_API_KEYS)
    offered = [scope for scope in Scope if all(map(actor.may, permissions_of((scope,))))]
    form = Form("create_key")
    with form.area():
        name = st.text_input(
            "Name",
            max_chars=100,
            placeholder="Online shop",
            autocomplete="off",
            key=form.key("name"),
            persist_state="session",
        )
        scopes = st.multiselect(
            "Scopes",
            offered,
            help="A write scope includes reading. Choose no more than the program needs.",
            key=form.key("scopes"),
            persist_state="session",
        )
        today = shop.clock().astimezone(shop.zone).date()
        last = st.date_input(
            "Expires on",
            value=None,
            min_value=today,
            max_value=today + keys.LONGEST_LIFE - timedelta(days=2),
            format=formats.date_input_format(shop),
            help="Without a date, the key works until it is revoked.",
            key=form.key("last"),
            persist_state="session",
        )
        missing = "" if name.strip() and scopes else "Give the key a name and at least one scope."
        pressed = form.pressed("Create", missing=missing, icon=":material/add:")
    if pressed:
        ends = datetime.combine(last + timedelta(days=1), time(), shop.zone) if last else None

        def create(member: Actor) -> Issued:
            return keys.create_key(shop, member, name, scopes, expires_at=ends)

        result = actions.attempt(Permission.MANAGE_API_KEYS, create, "")
        if not isinstance(result, Trouble):
            form.done()
        _finish(result, CREATE)


def _rotate(key: ApiKey) -> None:
    st.markdown(f"A new key takes the place of **{formats.plain(key.name)}**, with the same scopes.")
    hours = st.selectbox(
        "Old key keeps working for", list(_OVERLAPS), index=2, format_func=_OVERLAPS.__getitem__, key="rotate_overlap"
    )
    if actions.pressed("Rotate key", key="rotate_now", icon=":material/autorenew:", stretch=True):

        def rotate(member: Actor) -> Issued:
            return keys.rotate_key(current_shop(), member, key.prefix, overlap=timedelta(hours=hours))

        _finish(actions.attempt(Permission.MANAGE_API_KEYS, rotate, ""), ROTATE)


def _revoke(key: ApiKey) -> None:
    st.markdown(f"Programs that use **{formats.plain(key.name)}** are refused at once. This cannot be undone.")
    if actions.pressed("Revoke key", key="revoke_now", icon=":material/block:", stretch=True):
        done = f"{key.name} no longer works."
        result = actions.attempt(
            Permission.MANAGE_API_KEYS, lambda actor: keys.revoke_key(current_shop(), actor, key.prefix), done
        )
        if isinstance(result, Trouble):
            actions.show_trouble(result)
        else:
            REVOKE.close()
            st.rerun()


def _finish(result: Issued | Trouble, dialog: Dialog[ApiKey] | Dialog[str]) -> None:
    if not isinstance(result, Trouble):
        _ISSUED.set(result)
    dialog.finish(result)


CREATE: Dialog[str] = Dialog("create_key", "Create an API key", _create, icon=":material/add:")
ROTATE: Dialog[ApiKey] = Dialog("rotate_key", "Rotate an API key", _rotate, icon=":material/autorenew:")
REVOKE: Dialog[ApiKey] = Dialog("revoke_key", "Revoke an API key", _revoke, icon=":material/block:")
