"""Saved views beside the filters of a list: open one, save what is chosen now, remove one."""

from __future__ import annotations

from urllib.parse import parse_qs, urlencode

import streamlit as st

from backend.domain.team import Actor, Permission
from backend.domain.views import ListPage, View
from backend.services.context import Shop
from backend.services.views.saved import NAME_LENGTH, may_remove, remove_view, save_view, views_of
from pages.components.ui import actions, address, caching, formats
from pages.components.ui.forms import Form
from pages.components.ui.state import field_of


def offer_views(shop: Shop, actor: Actor, page: ListPage) -> None:
    """Renders the views of a list. Called after its filters, because it saves what they have chosen.

    They are read and drawn only while they are open.
    """
    key = f"views_{page}"
    with st.popover("Views", icon=":material/bookmark:", key=key, on_change="rerun") as shown:
        if not shown.open:
            return
        for view in views_of(shop, actor, page):
            _show(shop, actor, view, key)
        _show_form(shop, actor, page)


def _show(shop: Shop, actor: Actor, view: View, popover: str) -> None:
    name, place = formats.plain(view.name), f"{view.page}_{view.owner}_{view.name}"
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.button(
            name,
            key=f"open_view_{place}",
            type="tertiary",
            icon=":material/group:" if view.shared else ":material/bookmark:",
            help=f"Shared by {formats.plain(caching.who(view.owner))}" if view.shared else None,
            on_click=_open,
            args=(view, popover),
        )
        if may_remove(actor, view):
            actions.button(
                "Remove",
                _remove,
                shop,
                view,
                key=f"remove_view_{place}",
                icon=":material/delete:",
                type="tertiary",
                help=f"Removes the view {name}.",
            )


def _show_form(shop: Shop, actor: Actor, page: ListPage) -> None:
    form = Form(f"view_{page}")
    query = urlencode(address.chosen(), doseq=True)
    with form.area():
        name = st.text_input("Name", max_chars=NAME_LENGTH, key=form.key("name"), persist_state="session") or ""
        shared = False
        if actor.may(Permission.EDIT_SEGMENTS):
            shared = st.toggle("Share with the team", key=form.key("shared"), persist_state="session")
        if form.pressed("Save this view", missing="" if name.strip() else "Enter a name."):
            saved = actions.attempt(
                page.permission,
                lambda actor: save_view(shop, actor, page, name, query, shared=shared),
                "The view is saved.",
            )
            if isinstance(saved, actions.Trouble):
                actions.show_trouble(saved)
            else:
                form.done()
                st.rerun()


def _open(view: View, popover: str) -> None:
    field_of(popover, False).set(False)
    address.go_to(parse_qs(view.query))


def _remove(shop: Shop, view: View) -> None:
    actions.act(view.page.permission, lambda actor: remove_view(shop, actor, view), "The view is removed.")
