"""Draft orders as a table, and how their states look."""

from __future__ import annotations

from collections.abc import Iterable

from backend.domain.draft_orders import DraftState, DraftSummary
from backend.services.context import Shop
from pages.components.ui import formats
from pages.components.ui.table import Badge, Cell, Column, Row, Table

_LOOKS = {
    DraftState.OPEN: Badge("Open", "orange", ":material/edit_document:"),
    DraftState.LINK_SENT: Badge("Link sent", "blue", ":material/link:"),
    DraftState.COMPLETED: Badge("Completed", "green", ":material/check_circle:"),
    DraftState.CANCELLED: Badge("Cancelled", "gray", ":material/cancel:"),
    DraftState.EXPIRED: Badge("Expired", "gray", ":material/timer_off:"),
}


def draft_table(shop: Shop, drafts: Iterable[DraftSummary]) -> Table:
    """One row for each draft."""
    columns = (
        Column("Draft", "main", 120),
        Column("Customer"),
        Column("State", width=130),
        Column("Last changed", width=150, labelled=True),
        Column("Total", "figure", 118),
    )
    year = shop.clock().astimezone(shop.zone).year
    rows = [
        Row(
            draft.id,
            (
                Cell(draft.number),
                Cell(formats.name_of(draft.customer_name)),
                Cell(badges=(_LOOKS[draft.state],)),
                Cell(formats.brief_moment(shop, draft.changed_at, year), quiet=True),
                Cell(formats.money(shop, draft.total)),
            ),
            {"customer": draft.customer_id, "id": draft.id},
        )
        for draft in drafts
    ]
    return Table("Draft orders", columns, rows, "draft.py")


def state_label(state: DraftState) -> str:
    """Icon and word of a state, for an option."""
    return f"{_LOOKS[state].icon} {_LOOKS[state].text}"


def state_badge(state: DraftState) -> str:
    """Markdown for the badge of a state."""
    look = _LOOKS[state]
    return formats.badge(look.text, look.color, look.icon)
