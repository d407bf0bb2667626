"""Messages as rows that lead to them, with their status as icon, word and colour."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

from backend.domain.messages import Message, MessageStatus
from backend.services import templates
from backend.services.context import Shop
from backend.services.message_log import MessageSummary
from pages.components import formats, tables
from pages.components.tables import Row

STATUS_LABELS = {
    MessageStatus.WAITING: "Waiting",
    MessageStatus.SENDING: "Sending",
    MessageStatus.SENT: "Sent",
    MessageStatus.FAILED: "Failed",
    MessageStatus.UNKNOWN: "Unknown",
    MessageStatus.SKIPPED: "Skipped",
}
STATUS_ICONS = {
    MessageStatus.WAITING: ":material/schedule:",
    MessageStatus.SENDING: ":material/outgoing_mail:",
    MessageStatus.SENT: ":material/mark_email_read:",
    MessageStatus.FAILED: ":material/error:",
    MessageStatus.UNKNOWN: ":material/help:",
    MessageStatus.SKIPPED: ":material/block:",
}
STATUS_COLORS = {
    MessageStatus.WAITING: "blue",
    MessageStatus.SENDING: "blue",
    MessageStatus.SENT: "green",
    MessageStatus.FAILED: "red",
    MessageStatus.UNKNOWN: "orange",
    MessageStatus.SKIPPED: "gray",
}
_WIDTHS = (100, 130)


def status_badge(status: MessageStatus) -> str:
    """Markdown for the badge of a status."""
    return formats.badge(STATUS_LABELS[status], STATUS_COLORS[status], STATUS_ICONS[status])


def status_now(message: Message) -> MessageStatus:
    """The status for people: a waiting message that is claimed is being sent."""
    claimed = message.status is MessageStatus.WAITING and message.lease_until is not None
    return MessageStatus.SENDING if claimed else message.status


def title_of(shop: Shop, template: str) -> str:
    """What people call a template; one that is gone keeps its name."""
    version = templates.files(shop).versions.get(template)
    return version.facts.title if version else template


def titles(shop: Shop) -> dict[str, str]:
    """The titles of all templates by name, in the order of the titles."""
    found = {name: version.facts.title for name, version in templates.files(shop).versions.items()}
    return dict(sorted(found.items(), key=lambda pair: pair[1]))


def summary_of(message: Message) -> MessageSummary:
    """What a row shows of a whole message."""
    return MessageSummary(
        id=message.id,
        name=message.name,
        template=message.template,
        kind=message.kind,
        status=status_now(message),
        reason=message.reason,
        requested_at=message.requested_at,
        requested_by=message.requested_by,
        test=message.test,
    )


def message_rows(shop: Shop, messages: Iterable[MessageSummary], *, named: bool = True) -> None:
    """Messages with recipient, template, reason, status and time; without names where all have the same recipient."""
    rows, year = [], shop.clock().astimezone(shop.zone).year
    for message in messages:
        title = formats.plain(title_of(shop, message.template))
        label = f"**{formats.plain(message.name)}** {title}" if named and message.name else f"**{title}**"
        label += " " + formats.badge("Test", "violet", ":material/science:") if message.test else ""
        label += f" :gray[{formats.plain(message.reason)}]" if message.reason else ""
        when = f":gray[{formats.plain(formats.brief_moment(shop, message.requested_at, year))}]"
        rows.append(Row(label, {"id": message.id}, (status_badge(message.status), when)))
    tables.show_rows("message.py", rows, widths=_WIDTHS)


def pick_template(shop: Shop, key: str) -> str:
    """Draws the choice of a template to filter by; "" is any."""
    names = titles(shop)
    chosen = st.selectbox(
        "Template",
        list(names),
        index=None,
        format_func=names.__getitem__,
        placeholder="Any",
        key=key,
        persist_state="session",
        width=220,
    )
    return chosen or ""
