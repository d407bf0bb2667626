"""Actions on the customers that are selected in the list: what will happen, to how many, and then what did."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from backend.domain.customers import Customer
from backend.domain.team import Actor, Permission
from backend.services import exports
from backend.services.bulk import BulkResult
from backend.services.customers import bulk
from backend.services.customers.lists import CustomerFilter
from pages.components.ui import actions, caching, formats
from pages.components.ui.bulk import attempt, say_which
from pages.components.ui.dialogs import Dialog
from pages.components.ui.downloads import export_menu, offer_files
from pages.components.ui.forms import Form
from pages.components.ui.guard import require
from pages.components.ui.shell import current_shop
from pages.components.ui.table import Action

OF = "customers"
_Ids = tuple[str, ...]
_FIRST = 100


def actions_for(actor: Actor, *, archived: bool) -> list[Action]:
    """What this person may do with the selected customers."""
    found = []
    if actor.may(Permission.EDIT_CUSTOMERS):
        found += [
            Action("tag", "Add tag", ":material/new_label:"),
            Action("untag", "Remove tag", ":material/label_off:"),
            Action("restore", "Restore", ":material/unarchive:")
            if archived
            else Action("archive", "Archive", ":material/archive:"),
        ]
    if actor.may(Permission.EXPORT_DATA):
        found.append(Action("export", "Export", ":material/download:"))
    return found


def begin(name: str, ids: list[str]) -> None:
    """Opens the dialog of an action."""
    _DIALOGS[name].open(tuple(ids))


def show() -> None:
    """Renders the dialog that is open."""
    for dialog in _DIALOGS.values():
        dialog.show()


def offer_export(actor: Actor, wanted: CustomerFilter) -> None:
    """The way to a file of what the list shows, all its pages."""
    export_menu(actor, "customers", lambda: _choose_file(actor, wanted))


def _choose_file(actor: Actor, wanted: CustomerFilter) -> None:
    shop, every, first = current_shop(), "All that are listed", f"The first {_FIRST}"
    which = st.radio("Customers", [every, first], key="export_which", persist_state="session")
    most = _FIRST if which == first else None
    offer_files(
        shop,
        actor,
        "customers",
        lambda who, to, kind: exports.export_customers_as_listed(shop, who, to, kind, wanted, most),
    )


def _tag(ids: _Ids) -> None:
    shop, people = current_shop(), bulk.chosen(current_shop(), ids)
    say_which(_names(people))
    form = Form("bulk_tag")
    with form.area():
        tag = st.selectbox(
            "Tag",
            list(caching.counts_of(shop, "tag")),
            index=None,
            accept_new_options=True,
            placeholder="Choose or type a tag",
            key=form.key("tag"),
            persist_state="session",
        )
        wanted = (tag or "").strip().casefold()
        _say_unchanged(sum(wanted in person.tags for person in people), "have this tag already")
        pressed = form.pressed(_label("Add tag to", people), missing="" if tag else "Tag is missing.")
    if pressed and tag:
        _finish(
            form,
            "tag",
            lambda actor: bulk.add_tag(shop, actor, ids, tag),
            f"Tag “{_literal(tag)}” added to {{}}.",
        )


def _untag(ids: _Ids) -> None:
    shop, people = current_shop(), bulk.chosen(current_shop(), ids)
    say_which(_names(people))
    form = Form("bulk_untag")
    offered = list(dict.fromkeys(tag for person in people for tag in person.tags))
    if not offered:
        st.info("None of them has a tag.")
        return
    with form.area():
        tag = st.selectbox("Tag", offered, key=form.key("tag"))
        _say_unchanged(sum(tag not in person.tags for person in people), "do not have this tag")
        pressed = form.pressed(_label("Remove tag from", people))
    if pressed and tag:
        _finish(
            form,
            "untag",
            lambda actor: bulk.remove_tag(shop, actor, ids, tag),
            f"Tag “{_literal(tag)}” removed from {{}}.",
        )


def _archive(ids: _Ids) -> None:
    shop, people = current_shop(), bulk.chosen(current_shop(), ids)
    say_which(_names(people))
    st.caption("They leave lists and get no mail. Orders and figures stay. You can restore them.")
    form = Form("bulk_archive")
    if form.pressed(_label("Archive", people), icon=":material/archive:"):
        _finish(
            form,
            "archive",
            lambda actor: bulk.archive(shop, actor, ids),
            "{} archived.",
        )


def _restore(ids: _Ids) -> None:
    shop, people = current_shop(), bulk.chosen(current_shop(), ids)
    say_which(_names(people))
    form = Form("bulk_restore")
    if form.pressed(_label("Restore", people), icon=":material/unarchive:"):
        _finish(
            form,
            "restore",
            lambda actor: bulk.restore(shop, actor, ids),
            "{} restored.",
        )


def _export(ids: _Ids) -> None:
    shop, people = current_shop(), bulk.chosen(current_shop(), ids)
    say_which(_names(people))
    offer_files(
        shop,
        require(Permission.EXPORT_DATA),
        "selected customers",
        lambda who, to, kind: exports.export_chosen_customers(shop, who, to, kind, ids),
    )


def _finish(
    form: Form,
    name: str,
    action: Callable[[Actor], BulkResult],
    sentence: str,
) -> None:
    trouble = attempt(current_shop(), OF, Permission.EDIT_CUSTOMERS, action, sentence, one="customer")
    if trouble is not None:
        actions.show_trouble(trouble)
        return
    form.done()
    _DIALOGS[name].close()
    st.rerun()


def _names(people: Sequence[Customer]) -> list[str]:
    return [formats.name_of(person.name) for person in people]


def _label(verb: str, people: Sequence[Customer]) -> str:
    return f"{verb} {formats.counted(current_shop(), len(people), 'customer')}"


def _say_unchanged(number: int, words: str) -> None:
    if number:
        st.caption(f"{formats.count(current_shop(), number)} of them {words}.")


def _literal(text: str) -> str:
    """For a sentence that is formatted later."""
    return text.replace("{", "{{").replace("}", "}}")


_DIALOGS: dict[str, Dialog[_Ids]] = {
    "tag": Dialog("bulk_tag", "Add a tag", _tag, icon=":material/new_label:"),
    "untag": Dialog("bulk_untag", "Remove a tag", _untag, icon=":material/label_off:"),
    "archive": Dialog("bulk_archive", "Archive customers?", _archive, icon=":material/archive:"),
    "restore": Dialog("bulk_restore", "Restore customers?", _restore, icon=":material/unarchive:"),
    "export": Dialog("bulk_export", "Export customers", _export, icon=":material/download:"),
}
