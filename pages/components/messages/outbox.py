"""The local outbox as in a mail program: the list, and the message that is open."""

from __future__ import annotations

from textwrap import shorten

import streamlit as st

from backend.domain.team import Actor, Permission
from backend.email.events.simulated import Simulated
from backend.email.transports.outbox_reader import Outbox, OutboxEmail, OutboxMessage
from backend.errors import NotFoundError
from backend.services.context import Shop
from backend.services.sending.repair import clear_outbox
from pages.components.messages import view
from pages.components.ui import actions, empty, filters, formats
from pages.components.ui.dialogs import Dialog
from pages.components.ui.navigation import page_of
from pages.components.ui.shell import current_shop, settings
from pages.components.ui.tables import Pager

_ROWS = 15
_SUBJECT = 45
"""Characters of a subject that the list has room for."""
_MOST_SOURCE = 100_000
"""Bytes of the source that are shown; the file has all of it."""
_TABS = {"email": "Email", "text": "Text", "headers": "Headers", "source": "Source"}
_OUTCOMES = {
    Simulated.DELIVERED: "Delivered",
    Simulated.BOUNCED: "Bounced",
    Simulated.COMPLAINED: "Marked as spam",
    Simulated.OUT_OF_OFFICE: "Out of office",
    Simulated.SUPPRESSED: "On the provider's suppression list",
}


@st.cache_resource(show_spinner=False)
def outbox() -> Outbox:
    """The outbox of this process; it remembers what it has listed."""
    return Outbox(settings().outbox_dir)


def show_head(shop: Shop, actor: Actor, total: int, unread: int) -> None:
    """How many there are, and the way to remove them."""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        numbers = f"{formats.counted(shop, total, 'email')}, {formats.count(shop, unread)} unread"
        st.caption(formats.plain(f"{numbers}. These emails stay on this machine."), width="content")
        if actor.may(Permission.REPAIR_MAIL):
            CLEAR.opener("Clear the outbox", total, icon=":material/delete:")


def show_list(shop: Shop) -> None:
    """The emails, newest first; unread ones are bold and marked."""
    unread_only = filters.switch("Unread only", name="unread", key="outbox_unread")
    pager = Pager("outbox", unread_only)
    page = outbox().page(limit=_ROWS, cursor=pager.cursor, unread_only=unread_only)
    with st.container(border=True, gap="xxsmall"):
        for message in page.messages:
            _show_line(shop, message)
        if not page.messages:
            st.caption("No unread emails.")
    pager.show(page.cursor)


def _show_line(shop: Shop, message: OutboxMessage) -> None:
    subject = formats.plain(shorten(message.subject or "No subject", _SUBJECT, placeholder="…"))
    st.button(
        f"**{subject}**" if message.unread else subject,
        key=f"outbox_{message.id}",
        type="tertiary",
        icon=":material/mark_email_unread:" if message.unread else ":material/drafts:",
        help="Unread" if message.unread else None,
        on_click=_open,
        args=(message.id,),
    )
    when = formats.brief_moment(shop, message.at, shop.clock().astimezone(shop.zone).year)
    st.markdown(f":small[:gray[{formats.plain(message.to)} · {formats.plain(when)}]]{_outcome(message)}")


def _open(outbox_id: str) -> None:
    st.query_params["id"] = outbox_id


def _outcome(message: OutboxMessage) -> str:
    if message.simulated is None:
        return ""
    color = "green" if message.simulated in (Simulated.DELIVERED, Simulated.OUT_OF_OFFICE) else "orange"
    return " " + formats.badge(f"Simulated: {_OUTCOMES[message.simulated]}", color, ":material/experiment:")


def open_wanted() -> OutboxEmail | None:
    """The email of the address, which is read from now on; None when there is none, or it is not there any more."""
    wanted = st.query_params.get("id", "")
    if not wanted:
        return None
    try:
        email = outbox().read(wanted)
        outbox().mark_read(wanted)
    except NotFoundError:
        return None
    return email


def show_message(shop: Shop, email: OutboxEmail | None) -> None:
    """The email that is open."""
    if email is None:
        gone = "This email no longer exists" if "id" in st.query_params else "No email is open"
        empty.nothing(":material/drafts:", gone, "Choose an email from the list.")
        return
    _show_head_of(shop, email.message)
    looks, text, headers, source = filters.tabs(_TABS, name="show", key="outbox_tabs")
    with looks:
        view.show_html(email.html, f"The email “{email.message.subject}”", key="outbox")
    with text:
        st.code(email.text, language=None, wrap_lines=True)
    with headers:
        lines = (f"{name}: {value}" for name, value in email.headers)
        st.code("\n".join(lines), language=None, wrap_lines=True)
    with source:
        _show_source(email)


def _show_head_of(shop: Shop, message: OutboxMessage) -> None:
    st.header(formats.plain(message.subject or "No subject"), anchor=False)
    st.text(f"From {message.sender}\nTo {message.to}\n{formats.moment(shop, message.at)}")
    if message.simulated is not None:
        st.markdown(_outcome(message))
    if message.message_id:
        st.page_link(
            page_of("message.py"),
            label="Open it in the message log",
            icon=":material/history:",
            query_params={"id": message.message_id},
            help="",
        )


def _show_source(email: OutboxEmail) -> None:
    for attachment in email.attachments:
        st.caption(f":material/attach_file: {formats.plain(attachment.filename or 'Attachment')}")
    st.download_button(
        "Download .eml",
        email.source,
        file_name=f"{email.message.id}.eml",
        mime="message/rfc822",
        icon=":material/download:",
        on_click="ignore",
    )
    shown = email.source[:_MOST_SOURCE].decode("utf-8", errors="replace")
    st.code(shown, language=None, wrap_lines=True, height=480)
    if len(email.source) > _MOST_SOURCE:
        st.caption("Download the file to see the rest.")


def _clear(seen: int) -> None:
    st.markdown(
        f"All emails in the outbox are deleted (**{seen}** when you opened this). The message log is not affected."
    )
    if st.button("Delete all", type="primary", icon=":material/delete:", width="stretch"):
        cleared = actions.attempt(
            Permission.REPAIR_MAIL, lambda actor: clear_outbox(current_shop(), actor, outbox()), "Outbox cleared."
        )
        if isinstance(cleared, actions.Trouble):
            actions.show_trouble(cleared)
        else:
            CLEAR.close()
            st.query_params.clear()
            st.rerun()


CLEAR = Dialog[int]("clear_outbox", "Clear the outbox?", _clear, icon=":material/delete:")
