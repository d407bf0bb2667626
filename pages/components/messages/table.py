"""Messages as rows that lead to them, with their status as icon, word and colour."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from backend.domain.delivery import Outcome
from backend.domain.messages import MessageStatus, ShownStatus
from backend.services.context import Shop
from backend.services.sending.message_log import MessageSummary
from backend.services.templates import catalogue
from pages.components.customers.can_we_email import KIND_LABELS
from pages.components.ui import caching, filters, formats
from pages.components.ui.columns import Columns, Offered, usual
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


def _email(shop: Shop, message: MessageSummary) -> Cell:
    test = (Badge("Test", "violet", ":material/science:"),) if message.test else ()
    return Cell(title_of(shop, message.template), test)


def _requested(shop: Shop, message: MessageSummary) -> Cell:
    year = shop.clock().astimezone(shop.zone).year
    return Cell(formats.brief_moment(shop, message.requested_at, year), quiet=True)


MESSAGE_COLUMNS: tuple[Offered[MessageSummary], ...] = (
    Offered("recipient", Column("Recipient", "main"), lambda _, each: Cell(formats.name_of(each.name))),
    Offered("email", Column("Email"), _email),
    Offered("kind", Column("Kind", width=120), lambda _, each: Cell(KIND_LABELS[each.kind], quiet=True), usual=False),
    Offered(
        "status",
        Column("Status", width=150),
        lambda _, each: Cell(badges=(Badge(*_look(each.status, each.outcome)),)),
    ),
    Offered("reason", Column("Reason"), lambda _, each: Cell(each.reason, quiet=True)),
    Offered(
        "by",
        Column("Requested by", width=150, labelled=True),
        lambda _, each: Cell(caching.who(each.requested_by), quiet=True),
        usual=False,
    ),
    Offered("requested", Column("Requested", width=150), _requested),
)
_NAMED = usual(MESSAGE_COLUMNS)
_EMAIL_FIRST = usual((replace(MESSAGE_COLUMNS[1], column=Column("Email", "main")), *MESSAGE_COLUMNS[2:]))


def message_table(
    shop: Shop,
    messages: Iterable[MessageSummary],
    columns: Columns[MessageSummary] = _NAMED,
    *,
    named: bool = True,
) -> Table:
    """Messages with recipient, template, reason, status and time; without names where all have the same recipient."""
    columns = columns if named else _EMAIL_FIRST
    rows = [Row(message.id, columns.cells(shop, message), {"id": message.id}) for message in messages]
    return Table("Messages", columns.heads, rows, "message.py", columns.choice)


def pick_template(shop: Shop, key: str) -> str:
    """Renders the choice of a template to filter by; "" is any."""
    names = titles(shop)
    picked = filters.pick_any("Template", list(names), name="template", key=key, words=names.__getitem__, width=220)
    return picked or ""
