"""The editor of a template: its texts at the left, the email as it becomes at the right."""

from __future__ import annotations

import streamlit as st

from backend.domain.team import Actor, Permission
from backend.domain.templates import PARTS, TemplateState, WorkingCopy, difference
from backend.errors import BackendError
from backend.services.context import Shop
from backend.services.templates import catalogue, versions
from backend.services.templates.previews import render_preview
from pages.components.templates import blocks_editor, drafts, publishing, recipient_picker
from pages.components.templates import preview as email_preview
from pages.components.templates.drafts import TemplateDraft
from pages.components.ui import actions, formats, keystrokes
from pages.components.ui.actions import Trouble
from pages.components.ui.caching import who
from pages.components.ui.guard import require
from pages.components.ui.shell import current_shop, refuse
from pages.components.ui.state import Slot, field_of

_LONGEST_LINE, _LONGEST = 1_000, 150_000
_BODY_HEIGHT, _TEXT_HEIGHT = 480, 160
_TROUBLE: Slot[Trouble] = Slot("editor.trouble")


def show(shop: Shop, actor: Actor, state: TemplateState) -> None:
    """The whole editor."""
    copy = versions.get_working_copy(shop, state.facts.name)
    draft = drafts.draft_of(shop, state, copy)
    behind = drafts.is_behind(draft, state, copy)
    if behind:
        _show_overtaken(shop, draft, state, copy)
    elif copy is not None and copy.edited_by != actor.username:
        sentence = f"{who(copy.edited_by)} saved this draft last, on {formats.moment(shop, copy.edited_at)}."
        st.info(formats.plain(sentence), icon=":material/group:")
    texts, result = st.columns(2, gap="medium")
    with texts, keystrokes.area("save_draft"):
        _show_fields(draft, state)
        _show_buttons(draft, state, copy, enabled=not behind)
    with result:
        _show_result(shop, draft, state)
    publishing.show_dialogs()


def _show_fields(draft: TemplateDraft, state: TemplateState) -> None:
    if draft.typed.blocks:
        blocks_editor.show(draft, state.facts)
    else:
        _show_code(draft, state)


def _show_code(draft: TemplateDraft, state: TemplateState) -> None:
    for part in PARTS:
        field_of(draft.key(part), getattr(draft.initial, part).strip("\n"))
    st.text_input(
        "Subject",
        key=draft.key("subject"),
        live="500ms",
        max_chars=_LONGEST_LINE,
        persist_state="session",
    )
    st.text_input(
        "Preheader",
        key=draft.key("preheader"),
        live="500ms",
        max_chars=_LONGEST_LINE,
        persist_state="session",
        help="Preview text shown after the subject in the inbox.",
    )
    st.text_area(
        "Body",
        key=draft.key("body"),
        height=_BODY_HEIGHT,
        max_chars=_LONGEST,
        persist_state="session",
        help="MJML with merge fields such as {{ customer.first_name }}. The preview updates when you leave the field.",
    )
    st.text_area(
        "Text part (optional)",
        key=draft.key("text"),
        height=_TEXT_HEIGHT,
        max_chars=_LONGEST,
        persist_state="session",
        help="For mail apps without HTML. Leave empty to generate it from the body.",
    )
    st.button(
        "Write it in blocks instead",
        icon=":material/view_agenda:",
        key=draft.key("to_blocks"),
        help="Begins again with a heading, a text and a signature. This text stays in the version in use.",
        on_click=blocks_editor.begin,
        args=(draft, state.facts),
    )


def _show_buttons(draft: TemplateDraft, state: TemplateState, copy: WorkingCopy | None, *, enabled: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Save draft", icon=":material/save:", key="save_draft", disabled=not enabled, on_click=_save, args=(draft,)
        )
        st.button(
            "Publish",
            icon=":material/publish:",
            type="primary",
            key="publish_draft",
            disabled=not enabled,
            on_click=_save_and_publish,
            args=(draft, state.number),
        )
        if copy is not None or draft.dirty:
            publishing.DISCARD.opener("Discard", (draft.template, draft.revision), icon=":material/delete:")
    _show_trouble()
    if draft.dirty:
        st.caption(":material/edit: Unsaved changes. Customers see it only after you publish.")
    elif copy is not None:
        st.caption("Draft saved. Customers get the published version until then.")


def _show_result(shop: Shop, draft: TemplateDraft, state: TemplateState) -> None:
    with st.expander("Preview as", icon=":material/person:"):
        recipient = recipient_picker.pick(shop, state.facts, "editor")
    try:
        preview = render_preview(shop, state.facts.name, source=draft.typed, recipient=recipient)
    except BackendError as error:
        refuse(error.sentence)
        return
    email_preview.show_views(shop, preview, email_preview.VIEWS_WHILE_EDITING, "editor")
    if preview.email is not None:
        email_preview.show_checks(preview, only_findings=True)


def _show_overtaken(shop: Shop, draft: TemplateDraft, state: TemplateState, copy: WorkingCopy | None) -> None:
    """Somebody was faster while something was typed here: both texts are there, and the person decides."""
    name = state.facts.name
    if copy is not None:
        sentence = (
            f"{who(copy.edited_by)} saved this template on {formats.moment(shop, copy.edited_at)} while you edited it."
        )
        theirs, label = copy.source, "Use theirs"
    else:
        sentence = "Someone published or discarded this draft while you were editing."
        theirs, label = catalogue.version(shop, name, state.number).source, "Use the published version"
    st.warning(formats.plain(f"{sentence} Nothing was overwritten."), icon=":material/group:")
    with st.expander("Differences: theirs, then yours", expanded=True):
        st.code(difference(theirs, draft.typed, "theirs", "yours") or "Nothing.", language="diff", wrap_lines=True)
        with st.container(horizontal=True):
            st.button(label, key="take_theirs", icon=":material/download:", on_click=_take_theirs, args=(name,))
            st.button(
                "Keep mine",
                key="keep_mine",
                icon=":material/edit:",
                help="Saving then replaces their text with yours.",
                on_click=_keep_mine,
                args=(name, copy, state.number),
            )


def _take_theirs(name: str) -> None:
    require(Permission.EDIT_TEMPLATES)
    drafts.begin_again(name)


def _keep_mine(name: str, theirs: WorkingCopy | None, number: int) -> None:
    require(Permission.EDIT_TEMPLATES)
    drafts.keep_mine(name, theirs, number)


def _save(draft: TemplateDraft, done: str = "Draft saved.") -> None:
    """Keeps what is typed. When somebody was faster, the page shows both texts instead of a sentence."""
    blocks_editor.absorb(draft)
    if done and not draft.dirty:
        _TROUBLE.set(Trouble("There is nothing to save: the text has not changed.", stale=False))
        return
    saved = actions.attempt(
        Permission.EDIT_TEMPLATES,
        lambda actor: versions.save_working_copy(
            current_shop(), actor, draft.template, draft.typed, seen_revision=draft.revision
        ),
        done,
    )
    if not isinstance(saved, Trouble):
        drafts.was_saved(draft.template, saved)
    elif not saved.stale:
        _TROUBLE.set(saved)


def _show_trouble() -> None:
    trouble = _TROUBLE.get()
    if trouble is not None:
        _TROUBLE.clear()
        actions.show_trouble(trouble)


def _save_and_publish(draft: TemplateDraft, number: int) -> None:
    """Saves what is not saved yet and opens the dialog with the difference; if that fails, the page says why."""
    blocks_editor.absorb(draft)
    if drafts.same(draft.typed, catalogue.version(current_shop(), draft.template, number).source):
        _TROUBLE.set(Trouble("There is nothing to publish: this is the published text.", stale=False))
        return
    if draft.dirty or draft.revision == 0:
        _save(draft, "")
    copy = versions.get_working_copy(current_shop(), draft.template)
    if copy is not None and drafts.same(copy.source, draft.typed):
        publishing.open_publishing(current_shop(), copy, number)
