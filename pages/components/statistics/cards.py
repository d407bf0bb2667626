"""The figures of a period as cards, each with its change against the period before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import streamlit as st

from backend.domain.totals import Totals, change
from backend.services.context import Shop
from backend.services.statistics.overview import Overview
from pages.components.ui import address, formats
from pages.components.ui.navigation import page_of


@dataclass(frozen=True, slots=True)
class _Card:
    label: str
    value: str
    change: float | None
    before: str
    help: str
    good: Literal["normal", "inverse", "off"] = "normal"
    points: bool = False


def show_figures(shop: Shop, now: Totals, before: Totals | None) -> None:
    """Six cards. Arrows and words show the change; colours only repeat it."""
    with st.grid(3, min_column_width=150):
        for card in _cards(shop, now, before or Totals()):
            compared = before is not None
            st.metric(
                formats.plain(card.label),
                formats.plain(card.value),
                delta=_delta(shop, card) if compared else None,
                delta_color=card.good,
                delta_description=formats.plain(f"from {card.before}") if compared else None,
                help=card.help,
                border=True,
                height="stretch",
            )


def _cards(shop: Shop, now: Totals, before: Totals) -> list[_Card]:
    def amount(label: str, value: int, earlier: int, note: str) -> _Card:
        texts = formats.round_money(shop, value), formats.round_money(shop, earlier)
        return _Card(label, texts[0], change(value, earlier), texts[1], note)

    def number(label: str, value: int, earlier: int, note: str) -> _Card:
        return _Card(label, formats.count(shop, value), change(value, earlier), formats.count(shop, earlier), note)

    rates = now.refund_rate, before.refund_rate
    return [
        amount("Revenue", now.revenue, before.revenue, "Payments minus refunds."),
        number("Orders", now.orders, before.orders, "Orders placed in the period. Cancelled ones do not count."),
        amount("Average order", now.average_order, before.average_order, "Revenue divided by orders."),
        number(
            "New customers", now.new_customers, before.new_customers, "Customers whose first order is in the period."
        ),
        number("Repeat orders", now.repeat_orders, before.repeat_orders, "Orders by customers who had ordered before."),
        _Card(
            "Refund rate",
            formats.percent(shop, rates[0]),
            rates[0] - rates[1],
            formats.percent(shop, rates[1]),
            "Refunds as a share of payments.",
            good="inverse",
            points=True,
        ),
    ]


def _delta(shop: Shop, card: _Card) -> str | int | None:
    """The change with the sign by which Streamlit chooses the arrow; nothing where there was nothing before."""
    if card.change is None:
        return None
    size = formats.percent(shop, abs(card.change))
    if size == formats.percent(shop, 0):
        return 0
    words = " points" if card.points else ""
    return ("-" if card.change < 0 else "") + formats.plain(size.replace("%", "").strip() + words if words else size)


def compared(shop: Shop, figures: Overview) -> str:
    """Which days are shown, and which they are compared with."""
    shown = formats.span(shop, figures.first, figures.last)
    if figures.compared is None:
        return shown
    return f"{shown}, compared with {formats.span(shop, figures.compared.first, figures.compared.last)}"


_QUESTIONS = {
    "change": ("Why did it change?", ":material/compare_arrows:"),
    "best": ("Best customers of this period", ":material/emoji_events:"),
    "lapsing": ("Who is about to be lost?", ":material/person_alert:"),
}
_CARRIED = ("period", "period_days", "against")
"""What the address calls the choice of days, on both pages."""


def to_questions() -> None:
    """A link for each, which carries the days along."""
    carried = address.chosen(*_CARRIED)
    with st.container(horizontal=True):
        for view, (label, icon) in _QUESTIONS.items():
            query: dict[str, str | list[str]] = {"view": view, **carried}
            st.page_link(page_of("insights.py"), label=label, icon=icon, help="", query_params=query)
