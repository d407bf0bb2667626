"""Messages as rows that lead to them, with their status as icon, word and colour."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from backend.domain.delivery import Outcome
from backend.domain.messages import MessageStatus, ShownStatus
from backend.services.context import Shop
from backend.services.sending.message_log import MessageSummary
from backend.services.templates import catalogue
from pages.components.ui import filters, formats
from pages.components.ui.table import Badge, Cell, Column, Row, Table

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
    Outcome.BOT_OPENED: "Loaded by a program",
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
    Outcome.BOT_OPENED: ":material/smart_toy:",
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
    Outcome.BOT_OPENED: "gray",
    Outcome.BOT_CLICKED: "gray",
    Outcome.UNSUBSCRIBED: "orange",
    Outcome.REJECTED: "red",
    Outcome.BOUNCED: "red",
    Outcome.COMPLAINED: "red",
}
_REST = (Column("Status", width=150), Column("Reason"), Column("Requested", width=150))
_NAMED = (Column("Recipient", "main"), Column("Email"), *_REST)
_UNNAMED = (Column("Email", "main"), *_REST)


def status_badge(status: ShownStatus | MessageStatus) -> str:
    """Markdown for the badge of a status."""
    return formats.badge(*_look(status))


def outcome_badge(outcome: Outcome) -> str:
    """Markdown for the badge of what was reported."""
    return formats.badge(*_look(ShownStatus.SENT, outcome))


def state_badge(status: ShownStatus, outcome: Outcome | None) -> str:
    """Markdown for one badge: the message's outcome, or else its status."""
    return formats.badge(*_look(status, outcome))


def _look(status: ShownStatus | MessageStatus, outcome: Outcome | None = None) -> tuple[str, str, str]:
    """Word, colour and icon of the outcome, or else of the status."""
    if outcome is None or status != ShownStatus.SENT:
        return STATUS_LABELS[status], STATUS_COLORS[status], STATUS_ICONS[status]
    return OUTCOME_LABELS[outcome], _OUTCOME_COLORS.get(outcome, "green"), OUTCOME_ICONS[outcome]


def title_of(shop: Shop, template: str) -> str:
    """What people call a template; one that is gone keeps its name."""
    version = catalogue.files(shop).versions.get(template)
    return version.facts.title if version else template


def titles(shop: Shop) -> dict[str, str]:
    """The titles of all templates by name, in the order of the titles."""
    found = {name: version.facts.title for name, version in catalogue.files(shop).versions.items()}
    return dict(sorted(found.items(), key=lambda pair: pair[1]))


def message_table(shop: Shop, messages: Iterable[MessageSummary], *, named: bool = True) -> Table:
    """Messages with recipient, template, reason, status and time; without names where all have the same recipient."""
    rows, year = [], shop.clock().astimezone(shop.zone).year
    for message in messages:
        test = (Badge("Test", "violet", ":material/science:"),) if message.test else ()
        email = Cell(title_of(shop, message.template), test)
        who = (Cell(formats.name_of(message.name)),) if named else ()
        cells = (
            *who,
            email,
            Cell(badges=(Badge(*_look(message.status, message.outcome)),)),
            Cell(message.reason, quiet=True),
            Cell(formats.brief_moment(shop, message.requested_at, year), quiet=True),
        )
        rows.append(Row(message.id, cells, {"id": message.id}))
    return Table("Messages", _NAMED if named else _UNNAMED, rows, "message.py")


def pick_template(shop: Shop, key: str) -> str:
    """Renders the choice of a template to filter by; "" is any."""
    names = titles(shop)
    picked = filters.pick_any("Template", list(names), name="template", key=key, words=names.__getitem__, width=220)
    return picked or ""
