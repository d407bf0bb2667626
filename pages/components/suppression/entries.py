"""The suppression list: looking an address up, adding, removing with a reason, and the entries."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import streamlit as st

from backend.domain.suppression import Cause, Suppression, SuppressionChange, SuppressionEvent, SuppressionReason
from backend.domain.team import Actor, Permission
from backend.errors import InvalidInputError
from backend.services.context import Shop
from backend.services.suppression import entries
from backend.services.suppression.files import export_suppressions
from pages.components.ui import actions, address, empty, filters, formats, guard
from pages.components.ui.columns import Columns, Offered, pick_columns
from pages.components.ui.dialogs import Dialog
from pages.components.ui.downloads import offer_export
from pages.components.ui.forms import Form
from pages.components.ui.shell import current_shop
from pages.components.ui.table import Badge, Cell, Column, Row, Table, show_table
from pages.components.ui.tables import Pager

_ALL = "All reasons"


def look_up(shop: Shop, actor: Actor) -> None:
    """Renders the search for an address, and what is known of it."""
    with st.form("look_up", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        typed = address.keep(
            "address",
            address.typed("address", 320),
            "suppression_address",
            lambda key: st.text_input("Email address", max_chars=320, autocomplete="off", key=key),
        )
        st.form_submit_button("Look up", icon=":material/search:")
    if not typed.strip():
        return
    try:
        entry = entries.find_suppression(shop, typed)
        history = entries.suppression_history(shop, typed)
    except InvalidInputError as error:
        st.warning(formats.plain(error.sentence), icon=":material/warning:")
        return
    with st.container(border=True):
        if entry is None:
            st.markdown(":material/check_circle: This address is not on the list.")
        else:
            _show_causes(shop, entry)
            if actor.may(Permission.MANAGE_SUPPRESSION):
                ENTRY.opener("Remove", entry, icon=":material/delete:")
        _show_history(shop, history)


def _show_history(shop: Shop, history: list[SuppressionEvent]) -> None:
    if history:
        st.markdown("**History**\n\n" + "\n".join(_told(shop, event) for event in history))


def _told(shop: Shop, event: SuppressionEvent) -> str:
    verb = "Added" if event.change is SuppressionChange.ADDED else "Removed"
    reasons = formats.listed([reason.label.lower() for reason in event.reasons])
    parts = [formats.moment(shop, event.at), event.by or event.source, event.note]
    detail = " · ".join(part for part in parts if part)
    return f"- {verb}: {formats.plain(reasons)}  \n  :gray[{formats.plain(detail)}]"


def show_list(shop: Shop, actor: Actor) -> None:
    """The entries, the newest first."""
    st.header("Entries")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        reason = filters.pick_pill(
            "Reason", list(SuppressionReason), name="reason", key="suppression_reason", words=_label
        )
        offer_export(
            shop,
            actor,
            "suppressions",
            lambda who, to, kind: export_suppressions(shop, who, to, kind, reason),
        )
    columns = pick_columns(SUPPRESSION_COLUMNS, "suppressions")
    pager = Pager("suppression", reason, sized=True)
    page = entries.list_suppressions(shop, actor, reason=reason, limit=pager.rows, cursor=pager.cursor)
    if not page.entries:
        empty.nothing(":material/unsubscribe:", "No addresses", "Bounces, complaints and unsubscribes appear here.")
    else:
        by_address = {entry.address: entry for entry in page.entries}
        table = entry_table(shop, page.entries, columns)
        show_table(table, "suppressions", on_pick=lambda each: ENTRY.open(by_address[each]))
    pager.show(page.cursor)


def _latest(entry: Suppression) -> Cause:
    return max(entry.causes, key=lambda cause: cause.at)


def _reasons(_: Shop, entry: Suppression) -> Cell:
    return Cell(badges=tuple(Badge(cause.reason.label, _color(cause)) for cause in entry.causes))


def _blocks(_: Shop, entry: Suppression) -> Cell:
    return Cell("Marketing" if all(cause.reason.marketing_only for cause in entry.causes) else "All mail")


def _from(_: Shop, entry: Suppression) -> Cell:
    return Cell(_latest(entry).by or _latest(entry).source, quiet=True)


def _first_added(shop: Shop, entry: Suppression) -> Cell:
    return Cell(formats.moment(shop, min(cause.at for cause in entry.causes)), quiet=True)


SUPPRESSION_COLUMNS: tuple[Offered[Suppression], ...] = (
    Offered("address", Column("Address", "main"), lambda _, each: Cell(each.address)),
    Offered("reason", Column("Reason", width=170), _reasons),
    Offered("blocks", Column("Blocks", width=90), _blocks),
    Offered("note", Column("Note", room="middle"), lambda _, each: Cell(_latest(each).note, quiet=True)),
    Offered("from", Column("From", width=110, room="wide"), _from),
    Offered("first", Column("First added", width=190, labelled=True), _first_added, usual=False),
    Offered(
        "since",
        Column("Since", width=190),
        lambda shop, each: Cell(formats.moment(shop, _latest(each).at), quiet=True),
    ),
)


def entry_table(shop: Shop, found: Sequence[Suppression], columns: Columns[Suppression]) -> Table:
    """One row for each address."""
    rows = [Row(entry.address, columns.cells(shop, entry)) for entry in found]
    return Table("Suppressed addresses", columns.heads, rows, choice=columns.choice)


def _color(cause: Cause) -> str:
    return "gray" if cause.reason.marketing_only else "orange"


def _show_causes(shop: Shop, entry: Suppression) -> None:
    st.text(entry.address)
    st.markdown("  \n".join(_cause(shop, cause) for cause in entry.causes))


def _label(reason: SuppressionReason) -> str:
    return reason.label


def _cause(shop: Shop, cause: Cause) -> str:
    stops = "Blocked: marketing" if cause.reason.marketing_only else "Blocked: all mail"
    parts = [stops, formats.moment(shop, cause.at), cause.by or cause.source, cause.note]
    detail = " · ".join(part for part in parts if part)
    return f"{formats.badge(cause.reason.label, _color(cause))} :gray[{formats.plain(detail)}]"


def _add(_: str) -> None:
    form = Form("add_suppression")
    with form.area():
        address = st.text_input(
            "Email address", max_chars=320, autocomplete="off", key=form.key("address"), persist_state="session"
        )
        reason = st.selectbox(
            "Reason",
            list(SuppressionReason),
            index=list(SuppressionReason).index(SuppressionReason.MANUAL),
            format_func=lambda reason: reason.label,
            key=form.key("reason"),
            persist_state="session",
        )
        note = st.text_input(
            "Note",
            max_chars=entries.NOTE_LENGTH,
            placeholder="For the team",
            key=form.key("note"),
            persist_state="session",
        )
        pressed = form.pressed("Add")
    if pressed:
        added = actions.attempt(
            Permission.MANAGE_SUPPRESSION,
            lambda actor: entries.suppress(
                current_shop(), actor, address, reason=reason or SuppressionReason.MANUAL, note=note
            ),
            "Address added.",
        )
        ADD.finish(added, form)


def _show_entry(seen: Suppression) -> None:
    shop = current_shop()
    _show_causes(shop, seen)
    _show_history(shop, entries.suppression_history(shop, seen.address))
    if guard.require(Permission.VIEW_EMAIL).may(Permission.MANAGE_SUPPRESSION):
        _remove(seen)


def _remove(seen: Suppression) -> None:
    st.caption(
        "This address will get mail again. If they marked mail as spam or unsubscribed, make sure they asked for it."
    )
    form = Form("remove_suppression", hashlib.sha256(seen.address.encode()).hexdigest()[:12])
    with form.area():
        label = {cause.reason.value: cause.reason.label for cause in seen.causes}
        options = [*label, _ALL] if len(label) > 1 else list(label)
        which = st.selectbox(
            "What to remove",
            options,
            format_func=lambda value: label.get(value, value),
            key=form.key("which"),
            persist_state="session",
        )
        why = st.text_input("Reason", max_chars=entries.NOTE_LENGTH, key=form.key("why"), persist_state="session")
        pressed = form.pressed("Remove")
    if pressed:
        reason = None if which == _ALL else SuppressionReason(which)
        removed = actions.attempt(
            Permission.MANAGE_SUPPRESSION,
            lambda actor: entries.unsuppress(current_shop(), actor, seen.address, why=why, reason=reason),
            "Removed.",
        )
        ENTRY.finish(removed, form)


ADD = Dialog[str]("add_suppression", "Add an address", _add, icon=":material/add:")
ENTRY = Dialog[Suppression]("suppression", "Suppressed address", _show_entry, icon=":material/unsubscribe:")
