"""Files that are made when somebody presses the button, not when the page is rendered."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from typing import BinaryIO

import streamlit as st

from backend.domain.team import CONFIRMED_FOR, Actor, Permission
from backend.errors import PermissionDeniedError
from backend.services.context import Shop
from backend.services.exports import Format
from backend.services.team.members import find_member
from pages.components.ui.second_factor import confirmed

Export = Callable[[Actor, BinaryIO, Format], object]


def offer_files(shop: Shop, actor: Actor, what: str, export: Export) -> None:
    """One button a format, which makes the file when it is pressed; whoever has to confirm first is asked to."""
    if confirmed(actor, f"export_{what}"):
        name = f"{what.replace(' ', '-')}-{shop.clock().astimezone(shop.zone):%Y-%m-%d}"
        file_buttons(shop, actor, what, name, export)


def file_buttons(shop: Shop, actor: Actor, what: str, name: str, export: Export) -> None:
    """The buttons alone, for who has confirmed; `name` is the file's, without its ending."""
    with st.container(horizontal=True):
        for kind in Format:
            st.download_button(
                f"Download {what} ({kind.value.upper()})",
                data=deferred(shop, actor, _written(export, kind)),
                file_name=f"{name}.{kind.value}",
                mime=kind.mime,
                key=f"export_{what}_{kind.value}",
                icon=":material/download:",
                on_click="ignore",
            )


def export_menu(actor: Actor, name: str, draw: Callable[[], None]) -> None:
    """The way to a file of what a list shows, all its pages, beside its filters. `draw` is called while it is open."""
    if not actor.may(Permission.EXPORT_DATA):
        return
    with st.popover("Export", icon=":material/download:", key=f"export_menu_{name}", on_change="rerun") as menu:
        if menu.open:
            draw()


def offer_export(shop: Shop, actor: Actor, what: str, export: Export) -> None:
    """The same, for a list of which there is one file."""
    export_menu(actor, what, lambda: offer_files(shop, actor, what, export))


def _written(export: Export, kind: Format) -> Callable[[Actor], bytes]:
    def write(actor: Actor) -> bytes:
        target = io.BytesIO()
        export(actor, target, kind)
        return target.getvalue()

    return write


def deferred(shop: Shop, actor: Actor, make: Callable[[Actor], bytes]) -> Callable[[], bytes]:
    """Makes the file if the person is still signed in as they were when the button was rendered.

    The button may be pressed much later, and Streamlit then runs this outside of the page and its guard.
    """
    drawn_for, drawn_at = find_member(shop, actor.username), shop.clock()

    def checked() -> bytes:
        member = find_member(shop, actor.username)
        if (
            member is None
            or drawn_for is None
            or member.disabled
            or member.sessions_valid_from != drawn_for.sessions_valid_from
        ):
            raise PermissionDeniedError("Your session has ended. Sign in again.")
        fresh = not member.has_second_factor or shop.clock() < drawn_at + CONFIRMED_FOR
        return make(replace(member.actor, confirmed=actor.confirmed and fresh))

    return checked
