"""The head of a template's page, and dialogs to publish, discard and restore a text that show what changes before."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from backend.domain.emails import Need, TemplateVersion
from backend.domain.team import Actor, Permission
from backend.domain.templates import TemplateState, WorkingCopy, difference
from backend.services.context import Shop
from backend.services.templates import catalogue, versions
from pages.components.templates import drafts, gallery
from pages.components.ui import actions, formats
from pages.components.ui.actions import Trouble
from pages.components.ui.caching import who
from pages.components.ui.dialogs import Dialog
from pages.components.ui.forms import Form
from pages.components.ui.navigation import PAGES, page_of
from pages.components.ui.shell import current_shop, name_tab

_DIFFERENCE_HEIGHT = 360


@dataclass(frozen=True, slots=True)
class _Publishing:
    """The working copy as the person saw it, beside the version that was in use then."""

    copy: WorkingCopy
    number: int
    difference: str


@dataclass(frozen=True, slots=True)
class _Restoring:
    """An earlier version, beside the version that was in use when the person looked."""

    template: str
    earlier: int
    number: int
    difference: str


def open_publishing(shop: Shop, copy: WorkingCopy, number: int) -> None:
    """Opens the dialog about publishing this working copy after the version in use, `number`."""
    PUBLISH.open(_Publishing(copy, number, _changes(shop, copy.name, number, copy, "draft")))


def open_restoring(shop: Shop, version: TemplateVersion, number: int) -> None:
    """Opens the dialog about making an earlier version the one in use again."""
    name = version.facts.name
    changes = _changes(shop, name, number, version, f"version {version.number}")
    RESTORE.open(_Restoring(name, version.number, number, changes))


def show_dialogs() -> None:
    """Renders the dialog that is open, if one is."""
    for dialog in (PUBLISH, DISCARD, RESTORE):
        dialog.show()


def show_difference(text: str) -> None:
    """A unified diff, as it is."""
    if text:
        st.code(
            text, language="diff", wrap_lines=True, height="content" if text.count("\n") < 18 else _DIFFERENCE_HEIGHT
        )
    else:
        st.caption("No differences.")


def _changes(shop: Shop, name: str, number: int, newer: WorkingCopy | TemplateVersion, label: str) -> str:
    in_use = catalogue.version(shop, name, number)
    return difference(in_use.source, newer.source, f"version {number}", label)


def _publish(seen: _Publishing) -> None:
    st.markdown("Customers get this text from now on. You can restore earlier versions.")
    show_difference(seen.difference)
    form = Form("publish", f"{seen.copy.name}_{seen.copy.revision}")
    with form.area():
        note = _note(form, "What changed and why")
        now = form.pressed(f"Publish version {seen.number + 1}", icon=":material/publish:")
    if now:
        name = seen.copy.name
        published = actions.attempt(
            Permission.EDIT_TEMPLATES,
            lambda actor: versions.publish(
                current_shop(), actor, name, seen_revision=seen.copy.revision, seen_number=seen.number, note=note
            ),
            f"Version {seen.number + 1} is published.",
        )
        if not isinstance(published, Trouble):
            drafts.begin_again(name)
        PUBLISH.finish(published, form)


def _discard(seen: tuple[str, int]) -> None:
    name, revision = seen
    st.markdown("The unpublished text is deleted for everyone. The published version stays.")
    if st.button("Discard draft", type="primary", icon=":material/delete:", width="stretch"):
        discarded = None
        if revision:
            discarded = actions.attempt(
                Permission.EDIT_TEMPLATES,
                lambda actor: versions.discard_working_copy(current_shop(), actor, name, seen_revision=revision),
                "Draft discarded.",
            )
        if not isinstance(discarded, Trouble):
            drafts.begin_again(name)
        DISCARD.finish(discarded)


def _restore(seen: _Restoring) -> None:
    sentence = f"Version {seen.earlier} is published again as version {seen.number + 1}."
    st.markdown(formats.plain(f"{sentence} A draft is not affected."))
    show_difference(seen.difference)
    form = Form("restore", f"{seen.template}_{seen.earlier}_{seen.number}")
    with form.area():
        note = _note(form, f"Restored version {seen.earlier}")
        now = form.pressed(f"Restore version {seen.earlier}")
    if now:
        restored = actions.attempt(
            Permission.EDIT_TEMPLATES,
            lambda actor: versions.restore(
                current_shop(), actor, seen.template, seen.earlier, seen_number=seen.number, note=note
            ),
            f"Version {seen.earlier} is published again as version {seen.number + 1}.",
        )
        RESTORE.finish(restored, form)


def _note(form: Form, example: str) -> str:
    return st.text_input("Note", max_chars=200, placeholder=example, key=form.key("note"), persist_state="session")


PUBLISH = Dialog[_Publishing]("publish_template", "Publish?", _publish, icon=":material/publish:", width="large")
DISCARD = Dialog[tuple[str, int]]("discard_template", "Discard draft?", _discard, icon=":material/delete:")
RESTORE = Dialog[_Restoring](
    "restore_template", "Restore this version?", _restore, icon=":material/history:", width="large"
)


def show_head(shop: Shop, actor: Actor, state: TemplateState) -> None:
    """Renders it."""
    st.title(formats.plain(state.facts.title), anchor=False)
    name_tab(state.facts.title, "Emails")
    version = f":gray[{formats.plain(gallery.version_words(shop, state))}]"
    st.markdown(f"{gallery.kind_badge(state.facts.kind)} {version}")
    st.caption(formats.plain(state.facts.purpose))
    if state.edited_by and state.edited_at is not None:
        when = formats.moment(shop, state.edited_at)
        st.caption(f":material/edit: {formats.plain(f'{who(state.edited_by)} is editing this. Last saved {when}.')}")
    sendable = Need.CUSTOMER in state.facts.needs and actor.may(Permission.SEND_EMAIL)
    if sendable and any(entry.file == "send.py" and entry.path.exists() for entry in PAGES):
        st.page_link(
            page_of("send.py"),
            label="Send to a customer",
            icon=":material/send:",
            help="",
            query_params=_query(state.facts.name),
        )


def _query(template: str) -> dict[str, str]:
    """The template, and whom the page was opened for."""
    chosen = {name: st.query_params.get(name, "") for name in ("customer", "order")}
    return {"template": template, **{name: value for name, value in chosen.items() if value}}
