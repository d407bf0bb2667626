"""Messages as rows that lead to them, with their status as icon, word and colour."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from backend.domain.delivery import Outcome
from backend.domain.messages import MessageStatus, ShownStatus
from backend.services.context import Shop
from backend.services.sending.message_log import MessageSummary
from backend.services.templates import catalogue
from pages.components.ui import filters, formats, tables
from pages.components.ui.tables import Row

STATUS_LABELS: Mapping[str, str] = {
    ShownStatus.WAITING: "Waiting",
    ShownStatus.SENDING: "Sending",
    ShownStatus.SENT: "Sent",
    ShownStatus.FAILED: "Failed",
    ShownStatus.UNKNOWN: "Unknown",
    ShownStatus.SKIPPED: "Skipped",
}
STATUS_ICONS: Mapping[str, str] = {
    ShownStatus.WAITING: ":material/schedule:",
    ShownStatus.SENDING: ":material/outgoing_mail:",
    ShownStatus.SENT: ":material/mark_email_read:",
    ShownStatus.FAILED: ":material/error:",
    ShownStatus.UNKNOWN: ":material/help:",
    ShownStatus.SKIPPED: ":material/block:",
}
STATUS_COLORS: Mapping[str, str] = {
    ShownStatus.WAITING: "blue",
    ShownStatus.SENDING: "blue",
    ShownStatus.SENT: "green",
    ShownStatus.FAILED: "red",
    ShownStatus.UNKNOWN: "orange",
    ShownStatus.SKIPPED: "gray",
}
OUTCOME_LABELS = {
    Outcome.DELAYED: "Delayed",
    Outcome.SOFT_BOUNCED: "Soft bounce",
    Outcome.DELIVERED: "Delivered",
    Outcome.OPENED: "Opened",
    Outcome.BOT_CLICKED: "Scanner click",
    Outcome.CLICKED: "Clicked",
    Outcome.UNSUBSCRIBED: "Unsubscribed",
    Outcome.REJECTED: "Rejected",
    Outcome.BOUNCED: "Bounced",
    Outcome.COMPLAINED: "Marked as spam",
}
OUTCOME_ICONS = {
    Outcome.DELAYED: ":material/hourglass_top:",
    Outcome.SOFT_BOUNCED: ":material/redo:",
    Outcome.DELIVERED: ":material/inbox:",
    Outcome.OPENED: ":material/drafts:",
    Outcome.BOT_CLICKED: ":material/smart_toy:",
    Outcome.CLICKED: ":material/ads_click:",
    Outcome.UNSUBSCRIBED: ":material/unsubscribe:",
    Outcome.REJECTED: ":material/gpp_bad:",
    Outcome.BOUNCED: ":material/undo:",
    Outcome.COMPLAINED: ":material/report:",
}
_OUTCOME_COLORS = {
    Outcome.DELAYED: "orange",
    Outcome.SOFT_BOUNCED: "orange",
    Outcome.BOT_CLICKED: "gray",
    Outcome.UNSUBSCRIBED: "orange",
    Outcome.REJECTED: "red",
    Outcome.BOUNCED: "red",
    Outcome.COMPLAINED: "red",
}
_WIDTHS = (145, 130)


def status_badge(status: ShownStatus | MessageStatus) -> str:
    """Markdown for the badge of a status."""
    return formats.badge(STATUS_LABELS[status], STATUS_COLORS[status], STATUS_ICONS[status])


def outcome_badge(outcome: Outcome) -> str:
    """Markdown for the badge of what was reported."""
    return formats.badge(OUTCOME_LABELS[outcome], _OUTCOME_COLORS.get(outcome, "green"), OUTCOME_ICONS[outcome])


def state_badge(status: ShownStatus, outcome: Outcome | None) -> str:
    """Markdown for one badge: the message's outcome, or else its status."""
    if outcome is None or status is not ShownStatus.SENT:
        return status_badge(status)
    return outcome_badge(outcome)


def title_of(shop: Shop, template: str) -> str:
    """What people call a template; one that is gone keeps its name."""
    version = catalogue.files(shop).versions.get(template)
    return version.facts.title if version else template


def titles(shop: Shop) -> dict[str, str]:
    """The titles of all templates by name, in the order of the titles."""
    found = {name: version.facts.title for name, version in catalogue.files(shop).versions.items()}
    return dict(sorted(found.items(), key=lambda pair: pair[1]))


def message_rows(shop: Shop, messages: Iterable[MessageSummary], *, named: bool = True) -> None:
    """Messages with recipient, template, reason, status and time; without names where all have the same recipient."""
    rows, year = [], shop.clock().astimezone(shop.zone).year
    for message in messages:
        title = formats.plain(title_of(shop, message.template))
        label = (
            f"**{formats.plain(formats.name_of(message.name))}** {title}" if named and message.name else f"**{title}**"
        )
        label += " " + formats.badge("Test", "violet", ":material/science:") if message.test else ""
        label += f" :gray[{formats.plain(message.reason)}]" if message.reason else ""
        when = f":gray[{formats.plain(formats.brief_moment(shop, message.requested_at, year))}]"
        rows.append(Row(label, {"id": message.id}, (state_badge(message.status, message.outcome), when)))
    tables.show_rows("message.py", rows, widths=_WIDTHS)


def pick_template(shop: Shop, key: str) -> str:
    """Renders the choice of a template to filter by; "" is any."""
    names = titles(shop)
    picked = filters.pick_any("Template", list(names), name="template", key=key, words=names.__getitem__, width=220)
    return picked or ""
