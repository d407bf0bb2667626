"""One list of the dashboard as one element: a table whose rows open, with sorting, selection, a choice of columns, and
cards on a phone.

A row is a real link: it works with the keyboard, in a screen reader, on a phone, and with the middle mouse button.
Texts are handed over as data and shown as they are, so nothing here is Markdown.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlencode

import streamlit as st

from pages.components.ui.state import sent_by

_ASSETS = Path(__file__).with_name("assets")

Kind = Literal["main", "text", "figure"]
"""The one that names the row and opens it, a text, or a figure at the right."""


@dataclass(frozen=True, slots=True)
class Badge:
    """A word on a colour. `color` is one of Streamlit's, `icon` a Material icon such as ":material/undo:"."""

    text: str
    color: str = "gray"
    icon: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """What one column says of one row; `quiet` texts and notes are grey."""

    text: str = ""
    badges: tuple[Badge, ...] = ()
    note: str = ""
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """A column. `width` in pixels; columns without one share what is left.

    `sorts` are the orders that its head chooses in turn, by name. `room` says how wide the list must be to show the
    column; the cards of a phone show all, and there a `labelled` column has its title before the figure.
    """

    title: str
    kind: Kind = "text"
    width: int = 0
    sorts: Mapping[str, Literal["ascending", "descending"]] = field(default_factory=dict)
    room: Literal["narrow", "middle", "wide"] = "narrow"
    labelled: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its cells, one for each column, and the parameters of the page that it opens; None opens nothing.

    `file` is that page where it is not the same for all rows.
    """

    id: str
    cells: tuple[Cell, ...]
    query: Mapping[str, str] | Mapping[str, list[str]] | None = None
    file: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """A choice of columns: the titles of those that can be left out by name, and the names of those that are shown.

    `usual` says that nothing was chosen. `choose` gets the names that were, or None for the usual ones.
    """

    offered: Mapping[str, str]
    shown: tuple[str, ...]
    usual: bool
    choose: Callable[[Sequence[str] | None], None]


@dataclass(frozen=True, slots=True)
class Table:
    """A list. `title` names it for screen readers; `file` is the page that its rows open."""

    title: str
    columns: tuple[Column, ...]
    rows: Sequence[Row]
    file: str = ""
    choice: Choice | None = None


@dataclass(frozen=True, slots=True)
class Action:
    """What can be done with the selected rows."""

    name: str
    title: str
    icon: str = ""


def show_table(
    table: Table,
    key: str,
    *,
    count: str = "",
    sorted_by: str = "",
    on_sort: Callable[[str], None] | None = None,
    actions: Sequence[Action] = (),
    on_action: Callable[[str, list[str]], None] | None = None,
    on_pick: Callable[[str], None] | None = None,
) -> None:
    """Renders the list; `count` says how many there are.

    The callbacks are called before the next run of the page: with the chosen order, with an action and the ids of the
    selected rows, and with the id of the row that was clicked where rows lead to no page. Without `on_sort` the heads
    of the columns are no buttons.
    """
    ids = {row.id for row in table.rows}

    def picked() -> None:
        chosen = str(sent_by(key, "pick"))
        if on_pick is not None and chosen in ids:
            on_pick(chosen)

    def sorted_again() -> None:
        chosen = sent_by(key, "sort")
        if on_sort is not None and any(chosen in column.sorts for column in table.columns):
            on_sort(str(chosen))

    def acted() -> None:
        wanted: Any = sent_by(key, "act") or {}
        chosen = [each for each in wanted.get("ids", ()) if each in ids]
        if on_action is not None and chosen and wanted.get("name") in {action.name for action in actions}:
            on_action(wanted["name"], chosen)

    def chose_columns() -> None:
        wanted = sent_by(key, "columns")
        if table.choice is not None and (wanted == "usual" or isinstance(wanted, list)):
            table.choice.choose(None if wanted == "usual" else [str(name) for name in wanted])

    _component()(
        key=key,
        data={
            "title": table.title,
            "count": count,
            "sorted": sorted_by,
            "picks": on_pick is not None,
            "columns": [_column(column, sorting=on_sort is not None) for column in table.columns],
            "choice": _choice(table.choice),
            "rows": [_row(row, table.file) for row in table.rows],
            "actions": [{"name": each.name, "title": each.title, "icon": _ligature(each.icon)} for each in actions],
        },
        on_pick_change=picked,
        on_sort_change=sorted_again,
        on_act_change=acted,
        on_columns_change=chose_columns,
    )


def _choice(choice: Choice | None) -> dict[str, object] | None:
    if choice is None:
        return None
    offered = [{"name": name, "title": title} for name, title in choice.offered.items()]
    return {"offered": offered, "shown": choice.shown, "usual": choice.usual}


def _column(column: Column, *, sorting: bool) -> dict[str, object]:
    return {
        "title": column.title,
        "kind": column.kind,
        "width": column.width,
        "sorts": dict(column.sorts) if sorting else {},
        "room": column.room,
        "labelled": column.labelled,
    }


def _row(row: Row, file: str) -> dict[str, object]:
    href = "" if row.query is None else f"{Path(row.file or file).stem}?{urlencode(row.query, doseq=True)}"
    return {"id": row.id, "href": href, "cells": [_cell(cell) for cell in row.cells]}


def _cell(cell: Cell) -> dict[str, object]:
    """Without what is empty: a list has hundreds of cells."""
    found: dict[str, object] = {"text": cell.text}
    if cell.badges:
        found["badges"] = [{"text": b.text, "color": b.color, "icon": _ligature(b.icon)} for b in cell.badges]
    if cell.note:
        found["note"] = cell.note
    if cell.quiet:
        found["quiet"] = True
    return found


def _ligature(icon: str) -> str:
    """How the icon is called in the font, such as "undo" for ":material/undo:"."""
    return icon.removeprefix(":material/").removesuffix(":")


@functools.cache
def _component() -> Any:
    js, css = ((_ASSETS / name).read_text("utf-8") for name in ("table.js", "table.css"))
    return st.components.v2.component("tillpost_table", html='<div class="list"></div>', css=css, js=js)
