"""Changes as people read them: the list, the head of one, and what it touched with before and after."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import streamlit as st

from backend.domain.changes import KEPT, Change, ChangeEntry, ChangeState, field_word
from backend.services.context import Shop
from pages.components.ui import formats
from pages.components.ui.caching import who
from pages.components.ui.shell import name_tab
from pages.components.ui.table import Badge, Cell, Column, Row, Table

_CHANGE_COLUMNS = (
    Column("Change", "main"),
    Column("State", width=170),
    Column("Who", width=180),
    Column("When", width=190),
)
_ENTRY_COLUMNS = (Column("What", "main", width=230), Column("Before and after"), Column("State", width=240))
_PAGES = {
    "addresses": "customer.py",
    "customer": "customer.py",
    "order": "order.py",
    "product": "product.py",
}
"""The page of each kind of thing that has one."""
_MONEY = frozenset({"discount", "gift_cards", "paid", "price", "shipping", "subtotal", "tax", "total"})
_LONGEST = 120


def change_table(shop: Shop, changes: Sequence[Change]) -> Table:
    """One row for each change, which opens it."""
    rows = [
        Row(
            change.id,
            (
                Cell(_title(change), note=_size(shop, change)),
                Cell("", (_state(shop, change),)),
                Cell(who(change.by), (Badge(change.role),)),
                Cell(formats.moment(shop, change.at), quiet=True),
            ),
            {"id": change.id},
        )
        for change in changes
    ]
    return Table("Changes", _CHANGE_COLUMNS, rows, "change.py")


def show_head(shop: Shop, change: Change) -> None:
    """Renders what was done, by whom and when, and until when it can be undone."""
    st.title(formats.plain(_title(change)), anchor=False)
    name_tab(_title(change), "Changes")
    state = _state(shop, change)
    st.markdown(formats.badge(state.text, state.color, state.icon))
    ends = formats.day(shop, (change.at + KEPT).astimezone(shop.zone).date())
    facts = f"{who(change.by)}, {formats.moment(shop, change.at)}. {_size(shop, change)}. Kept until {ends}."
    if change.undone_at is not None:
        begun = "Undone" if change.state is ChangeState.UNDONE else "Undo begun"
        facts += f" {begun} by {who(change.undone_by)}, {formats.moment(shop, change.undone_at)}."
    st.caption(formats.plain(facts))


def entry_table(shop: Shop, entries: Sequence[ChangeEntry]) -> Table:
    """One row for each thing that was touched, which opens it."""
    rows = []
    for place, entry in enumerate(entries):
        file, query = _page(entry)
        name = "Erased" if entry.erased else entry.name or entry.id
        cells = (Cell(name, note=entry.kind), Cell(_differences(shop, entry)), Cell("", tuple(_badges(entry))))
        rows.append(Row(str(place), cells, query, file))
    return Table("Before and after", _ENTRY_COLUMNS, rows)


def _title(change: Change) -> str:
    return change.summary[:1].upper() + change.summary[1:]


def _size(shop: Shop, change: Change) -> str:
    if change.state is ChangeState.OPEN:
        return "Not finished"
    return formats.counted(shop, change.count, "item") if change.count else "Interrupted"


def _state(shop: Shop, change: Change) -> Badge:
    if change.state is ChangeState.UNDOING:
        return Badge("undo interrupted", "orange", ":material/pending:")
    if change.state is not ChangeState.UNDONE:
        return Badge("in effect", "gray")
    if change.taken_back >= change.count:
        return Badge("undone", "blue", ":material/undo:")
    return Badge(f"{formats.count(shop, change.taken_back)} undone", "orange", ":material/undo:")


def _badges(entry: ChangeEntry) -> Iterator[Badge]:
    if entry.undone:
        yield Badge("undone", "blue", ":material/undo:")
    elif entry.left:
        yield Badge(entry.left.rstrip("."), "orange")


def _page(entry: ChangeEntry) -> tuple[str, dict[str, str] | None]:
    """The page of a thing, and its parameters."""
    file = _PAGES.get(entry.kind, "")
    if not file:
        return "", None
    if entry.kind != "order":
        return file, {"id": entry.id}
    customer, _, order = entry.id.partition("-")
    return file, {"customer": customer, "id": order}


def _differences(shop: Shop, entry: ChangeEntry) -> str:
    """Such as "City: Kiel → Bonn · Tags: + vip"."""
    if entry.before is None or entry.after is None:
        return "" if entry.erased else "Removed" if entry.after is None else "Added"
    before = entry.before
    return " · ".join(
        f"{field_word(name).capitalize()}: {_difference(shop, name, before.get(name), after)}"
        for name, after in entry.after.items()
    )


def _difference(shop: Shop, name: str, before: Any, after: Any) -> str:
    if name == "tags":
        signed = [
            *(f"+ {tag}" for tag in after if tag not in before),
            *(f"- {tag}" for tag in before if tag not in after),
        ]
        return ", ".join(signed) or "another order"
    return f"{_text(shop, name, before)} → {_text(shop, name, after)}"


def _text(shop: Shop, name: str, value: Any) -> str:
    """A value as a person reads it."""
    if value is None or value == "" or value == []:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return formats.money(shop, value) if name in _MONEY else formats.count(shop, value)
    if name == "lines":
        found = ", ".join(f"{line[1]} x {line[0]}" for line in value)
    elif name == "grounds":
        found = ", ".join(each["reason"].replace("_", " ") for each in value)
    elif name in {"addresses", "parcels", "payments"}:
        found = formats.counted(shop, len(value), {"addresses": "address"}.get(name, name[:-1]), name)
    else:
        found = ", ".join(_words(value))
    return found if len(found) <= _LONGEST else f"{found[: _LONGEST - 1]}…"


def _words(value: Any) -> Iterator[str]:
    """The texts in a value, such as the lines of an address."""
    if isinstance(value, str):
        yield from [value] if value else []
    elif isinstance(value, list):
        for each in value:
            yield from _words(each)
    elif isinstance(value, dict):
        yield from _words([*value.values()])
