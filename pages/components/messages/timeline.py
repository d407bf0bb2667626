"""The timeline of a customer: orders and messages with their outcomes as links, changes and notes as text."""

from __future__ import annotations

import streamlit as st

from backend.domain.customers import Activity
from backend.domain.messages import Message
from backend.domain.orders import Order, OrderSummary
from backend.services.context import Shop
from backend.services.customer_data.timeline import DeliveryReport, Event, messages_about, timeline_of
from backend.services.sending.message_log import summary_of
from pages.components.customers import view
from pages.components.messages import table
from pages.components.ui import formats
from pages.components.ui.navigation import page_of
from pages.components.ui.state import Slot
from pages.components.ui.table import show_table

_FEW, _MANY = 15, 200
_WHOLE: Slot[str] = Slot("timeline.whole")


def show_timeline(shop: Shop, customer_id: str) -> None:
    """The last events, newest first; more of them on demand."""
    whole = _WHOLE.get() == customer_id
    timeline = timeline_of(shop, customer_id, limit=_MANY if whole else _FEW)
    if not timeline.events:
        st.caption("Nothing yet. Orders, emails and notes appear here.")
        return
    with st.container(border=True, gap="xsmall"):
        for event in timeline.events:
            _show(shop, event)
    if timeline.more and not whole:
        st.button("Show more", icon=":material/expand_more:", on_click=_WHOLE.set, args=(customer_id,))
    elif timeline.more:
        st.caption(f"Last {_MANY} events.")


def show_messages_about(shop: Shop, order: Order) -> None:
    """The emails about an order."""
    messages = messages_about(shop, order.customer_id, order.id)
    if messages:
        show_table(table.message_table(shop, map(summary_of, messages), named=False), "of_order")
    else:
        st.caption("No emails about this order yet.")


def _show(shop: Shop, event: Event) -> None:
    when = f":gray[{formats.plain(formats.brief_moment(shop, event.at, shop.clock().astimezone(shop.zone).year))}]"
    if isinstance(event.what, OrderSummary):
        _show_order(shop, event.what, when)
    elif isinstance(event.what, Message):
        _show_message(shop, event.what, when)
    elif isinstance(event.what, DeliveryReport):
        _show_report(shop, event.what, when)
    elif isinstance(event.what, Activity):
        st.markdown(view.activity_text(shop, event.what))


def _show_order(shop: Shop, order: OrderSummary, when: str) -> None:
    amount = formats.plain(formats.money(shop, order.total))
    st.page_link(
        page_of("order.py"),
        label=f"Order **{formats.plain(order.number)}** for {amount} {formats.status_badge(order.status)} {when}",
        icon=":material/receipt_long:",
        help="",
        query_params={"customer": order.customer_id, "id": order.id},
    )


def _show_message(shop: Shop, message: Message, when: str) -> None:
    title = formats.plain(table.title_of(shop, message.template))
    state = table.state_badge(message.shown_status, message.outcome)
    st.page_link(
        page_of("message.py"),
        label=f"Email **{title}** {state} {when}",
        icon=":material/mail:",
        help="",
        query_params={"id": message.id},
    )


def _show_report(shop: Shop, report: DeliveryReport, when: str) -> None:
    title = formats.plain(table.title_of(shop, report.message.template))
    said = report.message.diagnostic if report.outcome is report.message.failure else ""
    reason = f" ({formats.plain(said)})" if said else ""
    st.page_link(
        page_of("message.py"),
        label=f"{table.OUTCOME_LABELS[report.outcome]}: **{title}**{reason} {when}",
        icon=table.OUTCOME_ICONS[report.outcome],
        help="",
        query_params={"id": report.message.id},
    )
