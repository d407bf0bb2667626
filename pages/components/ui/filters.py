"""The widgets that choose what a page shows. Each is kept in the address under its `name` (see `address`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import streamlit as st
from streamlit.elements.lib.mutable_tab_container import TabContainer

from pages.components.ui import address, formats
from pages.components.ui.state import field_of

Option = TypeVar("Option")


def pick_any(
    label: str,
    options: Sequence[Option],
    *,
    name: str,
    key: str,
    words: Callable[[Option], str],
    help: str = "",
    width: int = 190,
) -> Option | None:
    """One of the options in a drop-down; None is any."""
    return address.keep(
        name,
        address.one_of(options, None),
        key,
        lambda key: st.selectbox(
            label,
            list(options),
            index=None,
            format_func=words,
            placeholder="Any",
            key=key,
            persist_state="session",
            help=help or None,
            width=width,
        ),
    )


def pick_one(
    label: str,
    options: Sequence[Option],
    *,
    name: str,
    key: str,
    words: Callable[[Option], str],
    default: Option | None = None,
    help: str = "",
    hidden: bool = False,
) -> Option:
    """Always one of the options in a drop-down; the first unless another is the default."""
    return address.keep(
        name,
        address.one_of(options, options[0] if default is None else default),
        key,
        lambda key: st.selectbox(
            label,
            list(options),
            format_func=words,
            key=key,
            persist_state="session",
            help=help or None,
            label_visibility="collapsed" if hidden else "visible",
            width=190,
        ),
    )


def pick_view(
    label: str,
    options: Sequence[Option],
    *,
    name: str,
    key: str,
    words: Callable[[Option], str] = str,
    hidden: bool = False,
) -> Option:
    """Always one of the options, side by side; the first at first."""
    return address.keep(
        name,
        address.one_of(options, options[0]),
        key,
        lambda key: st.segmented_control(
            label,
            list(options),
            default=options[0],
            required=True,
            format_func=formats.legible(words),
            key=key,
            persist_state="session",
            label_visibility="collapsed" if hidden else "visible",
            wrap=True,
        ),
    )


def tabs(labels: Mapping[str, str], *, name: str, key: str) -> Sequence[TabContainer]:
    """Tabs, of which the first is open at first. `labels` are by the short name that the address has for each.

    All of them are drawn, so that what was typed or uploaded in one stays while another is open.
    """
    drawn: list[TabContainer] = []
    short = {label: word for word, label in labels.items()}

    def draw(key: str) -> str:
        drawn.extend(st.tabs(list(short), key=key, on_change="rerun"))
        return next((label for label, tab in zip(short, drawn, strict=True) if tab.open), next(iter(short)))

    address.keep(name, address.named(short), key, draw)
    return drawn


def pick_pill(
    label: str, options: Sequence[Option], *, name: str, key: str, words: Callable[[Option], str]
) -> Option | None:
    """One of the options, side by side, or none."""
    return address.keep(
        name,
        address.one_of(options, None),
        key,
        lambda key: st.pills(
            label, list(options), format_func=formats.legible(words), key=key, persist_state="session", wrap=True
        ),
    )


def pick_pills(
    label: str, options: Sequence[Option], *, name: str, key: str, words: Callable[[Option], str]
) -> list[Option]:
    """Any number of the options, side by side."""
    return address.keep(
        name,
        address.some_of(options),
        key,
        lambda key: st.pills(
            label,
            list(options),
            selection_mode="multi",
            format_func=formats.legible(words),
            key=key,
            persist_state="session",
            wrap=True,
        ),
    )


def switch(label: str, *, name: str, key: str) -> bool:
    """On or off."""
    return address.keep(name, address.yes_or_no(), key, lambda key: st.toggle(label, key=key, persist_state="session"))


def search(
    label: str, placeholder: str, *, name: str, key: str, longest: int, width: int | None = None, labelled: bool = False
) -> str:
    """What somebody looks for, read while they type."""
    return address.keep(
        name,
        address.typed(name, longest),
        key,
        lambda key: st.text_input(
            label,
            type="search",
            live="300ms",
            placeholder=placeholder,
            icon=":material/search:",
            key=key,
            persist_state="session",
            label_visibility="visible" if labelled or width else "collapsed",
            max_chars=longest,
            width=width or "stretch",
        ),
    )


def text(label: str, placeholder: str, *, name: str, key: str, longest: int, width: int) -> str:
    """What somebody types to narrow a list, read when they leave the field."""
    return address.keep(
        name,
        address.typed(name, longest),
        key,
        lambda key: st.text_input(
            label, placeholder=placeholder, max_chars=longest, key=key, persist_state="session", width=width
        ),
    )


def sort_by(options: Sequence[Option], *, name: str, key: str) -> tuple[Option, Callable[[str], None]]:
    """The order of a list, the first at first, which the heads of its columns choose: and how they do it, by name."""
    chosen = field_of(key, options[0])
    value = address.keep(name, address.one_of(options, options[0]), key, lambda _: chosen.get() or options[0])
    return value, lambda named: chosen.set(next(each for each in options if str(each) == named))
