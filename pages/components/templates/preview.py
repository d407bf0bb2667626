"""The preview of an email: as an inbox lists it, as people see it on their devices, and what it is made of."""

from __future__ import annotations

from enum import StrEnum

import streamlit as st

from backend.domain.emails import Rendered
from backend.domain.team import Actor
from backend.domain.templates import TemplateState
from backend.errors import BackendError
from backend.services.context import Shop
from backend.services.templates import versions
from backend.services.templates.checklist import CheckResult, Level
from backend.services.templates.previews import (
    Preview,
    Recipient,
    headers_of,
    preview_message,
    render_preview,
    sender_name,
)
from pages.components.templates import email_frame, recipient_picker, test_email
from pages.components.templates.email_frame import DESKTOP, PHONE, Scheme
from pages.components.ui import filters, formats
from pages.components.ui.shell import mailer, refuse

_HEIGHT = 720
_ICONS = {
    Level.OK: ":green[:material/check_circle:]",
    Level.WARNING: ":orange[:material/warning:]",
    Level.PROBLEM: ":red[:material/error:]",
}
_WORDS = {Level.OK: "", Level.WARNING: "Check: ", Level.PROBLEM: "Cannot be sent: "}


class View(StrEnum):
    """The ways to look at an email."""

    DESKTOP = "Desktop"
    PHONE = "Phone"
    DARK = "Dark"
    TEXT = "Plain text"
    HEADERS = "Headers"
    SOURCE = "Source"


_DRAWN = (View.DESKTOP, View.PHONE, View.DARK)
VIEWS_WHILE_EDITING = (*_DRAWN, View.TEXT)


def show(shop: Shop, actor: Actor, state: TemplateState) -> None:
    """The whole preview: the email at the left; whom it is for, its checklist and what to do with it at the right."""
    email, choices = st.columns([2, 1], gap="medium")
    with choices:
        recipient = recipient_picker.pick(shop, state.facts, "preview")
        preview = _chosen(shop, state, recipient)
        if preview is not None:
            _show_sampled(shop, preview, recipient)
            show_checks(preview)
            test_email.show(shop, actor, preview)
            _show_download(shop, preview)
    with email:
        if preview is not None:
            show_views(shop, preview, tuple(View), "preview")


def show_views(shop: Shop, preview: Preview, views: tuple[View, ...], place: str) -> None:
    """The choice of a view, and the email in it. `place` is part of the widgets' keys."""
    if preview.email is None:
        refuse(preview.problem.sentence if preview.problem else "This email cannot be rendered.")
        return
    _show_inbox(preview, preview.email)
    with st.container(horizontal=True, vertical_alignment="center"):
        view = filters.pick_view("View", views, name="look", key=f"{place}_view", hidden=True)
        remote = view in _DRAWN and st.toggle(
            "Load images",
            key=f"{place}_remote",
            help="Images are loaded from the web, and their host can see that. Most mail apps ask first.",
        )
    if view in _DRAWN:
        _draw(preview, preview.email, view, remote=remote)
    else:
        _show_text(shop, preview, preview.email, view)


def show_checks(preview: Preview, *, only_findings: bool = False) -> None:
    """The checklist: what is wrong first. Sentences may hold what is in the email, and are shown as they are."""
    order = [Level.PROBLEM, Level.WARNING, Level.OK]
    checks = sorted(preview.checks, key=lambda check: order.index(check.level))
    shown = [check for check in checks if not only_findings or check.level is not Level.OK]
    if shown:
        with st.container(border=True, gap="xsmall"):
            st.markdown("**Checklist**")
            for check in shown:
                st.markdown(_told(check))


def _told(check: CheckResult) -> str:
    sentence = f"{_WORDS[check.level]}{check.sentence}"
    return f"{_ICONS[check.level]} **{formats.plain(check.name)}** :small[{formats.plain(sentence)}]"


def _chosen(shop: Shop, state: TemplateState, recipient: Recipient) -> Preview | None:
    """The preview of the version that the person chooses: the one in use, the working copy, or an earlier one."""
    copy = versions.get_working_copy(shop, state.facts.name) if state.edited_by else None
    drafts = ["Draft"] if copy else []
    numbers = list(range(state.number, -1, -1))
    which = st.selectbox(
        "Version",
        [*numbers[:1], *drafts, *numbers[1:]],
        format_func=lambda each: _version_label(each, state.number),
        key=f"preview_version_{state.facts.name}",
        disabled=not drafts and len(numbers) == 1,
    )
    source, number = (copy.source, None) if copy and isinstance(which, str) else (None, which)
    try:
        return render_preview(
            shop,
            state.facts.name,
            source=source,
            number=number if isinstance(number, int) else None,
            recipient=recipient,
        )
    except BackendError as error:
        refuse(error.sentence)
        return None


def _version_label(which: int | str, in_use: int) -> str:
    if isinstance(which, str):
        return which
    name = f"Version {which}" if which else "Tillpost default"
    return f"{name} (in use)" if which == in_use else name


def _show_sampled(shop: Shop, preview: Preview, recipient: Recipient) -> None:
    """What of a real customer's preview is not theirs."""
    if recipient.customer_id:
        typed = recipient_picker.untouched_fields(shop, preview.version.facts, recipient)
        if words := [need.value for need in preview.sampled] + [label[0].lower() + label[1:] for label in typed]:
            st.caption(f":material/info: {formats.plain(f'Sample data: {formats.listed(words)}.')}")


def _show_inbox(preview: Preview, email: Rendered) -> None:
    """One line of an inbox, cut where there is no more room, as inboxes do."""
    with st.container(border=True, gap=None):
        st.markdown(f"**{formats.plain(sender_name(preview))}**", wrap=False)
        st.markdown(f"{formats.plain(email.subject)} :gray[{formats.plain(email.preheader)}]", wrap=False)


def _draw(preview: Preview, email: Rendered, view: View, *, remote: bool) -> None:
    scheme = Scheme.DARK if view is View.DARK else Scheme.LIGHT
    width = PHONE if view is View.PHONE else DESKTOP
    label = f"“{preview.version.facts.title}”, {view.value.lower()}"
    email_frame.show_email(email.html, label, width=width, height=_HEIGHT, scheme=scheme, remote=remote)
    if view is View.DARK:
        st.caption(
            "Approximate: shows the email's own dark mode styles, as in Apple Mail. "
            "Gmail and Outlook change colours their own way."
        )
    else:
        st.caption(f"{width} px wide. Links and scripts are disabled here.")


def _show_text(shop: Shop, preview: Preview, email: Rendered, view: View) -> None:
    if view is View.TEXT:
        st.code(email.text, language=None, wrap_lines=True)
    elif view is View.SOURCE:
        st.code(email.html, language="html", wrap_lines=True, height=_HEIGHT)
    else:
        try:
            st.code(headers_of(preview_message(shop, mailer().sender, preview)), language=None, wrap_lines=True)
        except BackendError as error:
            refuse(error.sentence)
        st.caption("As sent; the provider adds its own. Unsubscribe links are samples.")


def _show_download(shop: Shop, preview: Preview) -> None:
    if preview.email is None:
        return
    try:
        message = preview_message(shop, mailer().sender, preview)
    except BackendError as error:
        st.caption(formats.plain(error.sentence))
        return
    st.download_button(
        "Download as .eml",
        message,
        file_name=f"{preview.version.facts.name}.eml",
        mime="message/rfc822",
        icon=":material/download:",
        on_click="ignore",
    )
