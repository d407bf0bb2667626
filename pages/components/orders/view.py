"""How orders are shown: the totals of a list, and one order with its line items, amounts and history."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from backend.domain.order_states import (
    fulfilment_of,
    left_to_fulfil,
    left_to_refund,
    payment_of,
)
from backend.domain.orders import HistoryEntry, Order, OrderStatus
from backend.domain.totals import Totals
from backend.services.context import Shop
from backend.services.orders.lists import MOST_SUMMED, OrderFilter, find_order
from pages.components.orders.table import FULFILMENT_LOOKS, PAYMENT_LOOKS
from pages.components.ui import formats
from pages.components.ui.caching import who
from pages.components.ui.navigation import page_of
from pages.components.ui.shell import name_tab
from pages.components.ui.table import Cell, Column, Row, Table, show_table


def find_by_number(shop: Shop) -> None:
    """Renders the search for one order and goes there when it is found."""
    with st.form("find_order", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        number = st.text_input(
            "Order number",
            placeholder="Order number, such as #1001",
            icon=":material/search:",
            label_visibility="collapsed",
            max_chars=100,
        )
        pressed = st.form_submit_button("Find order")
    if pressed and number.strip():
        order = find_order(shop, number)
        if order is not None:
            st.switch_page(page_of("order.py"), query_params={"customer": order.customer_id, "id": order.id})
        st.warning(formats.plain(f"There is no order with the number {number.strip()}."), icon=":material/search_off:")


def show_totals(shop: Shop, wanted: OrderFilter, totals: Totals | None) -> None:
    """What the orders come to that are listed; `totals` is None when they are too many to be summed."""
    statuses = formats.listed([formats.STATUS_LABELS[status].lower() for status in wanted.statuses])
    which = f"{statuses.capitalize()} orders" if statuses else "All orders"
    st.caption(formats.plain(f"{which} of {formats.span(shop, wanted.first, wanted.last)}"))
    if totals is None:
        most = formats.plain(formats.count(shop, MOST_SUMMED))
        st.caption(f"More than {most} orders match. Choose fewer days to see their totals.")
        return
    with st.grid(4, min_column_width=140):
        st.metric("Revenue", formats.plain(formats.round_money(shop, totals.revenue)), border=True)
        st.metric("Orders", formats.plain(formats.count(shop, totals.orders)), border=True)
        st.metric("Refunded", formats.plain(formats.round_money(shop, totals.refunded)), border=True)
        st.metric("Cancelled", formats.plain(formats.count(shop, totals.cancelled)), border=True)


def show_header(shop: Shop, order: Order) -> None:
    """The number, the status, when it was placed, and the way to the customer."""
    st.title(f"Order {formats.plain(order.number)}", anchor=False)
    name_tab(f"Order {order.number}")
    badges = _state_badges(order)
    if order.test:
        badges.append(formats.badge("Test order", "gray", ":material/science:"))
    if order.balance and (order.received or order.status is not OrderStatus.PENDING):
        badges.append(formats.badge(formats.balance(shop, order), "orange", ":material/account_balance_wallet:"))
    if order.source:
        badges.append(formats.badge(f"From {order.source}", "gray"))
    st.markdown(f"{' '.join(badges)} :gray[{formats.plain(formats.moment(shop, order.placed_at))}]")
    st.page_link(
        page_of("customer.py"),
        label=formats.plain(formats.name_of(order.customer_name)),
        icon=":material/person:",
        help="",
        query_params={"id": order.customer_id},
    )


def _state_badges(order: Order) -> list[str]:
    """What was paid and what was sent, as two badges; a cancelled order is that, with what was paid of it."""
    payment, fulfilment = payment_of(order), fulfilment_of(order)
    paid = formats.badge(payment.capitalize(), *PAYMENT_LOOKS[payment])
    if order.status is OrderStatus.CANCELLED:
        return [formats.status_badge(order.status), *([paid] if order.received else [])]
    return [paid, formats.badge(fulfilment.capitalize(), *FULFILMENT_LOOKS[fulfilment])]


def show_lines(shop: Shop, order: Order) -> None:
    """The line items, with what is still to send and what was refunded where that says something."""
    shown = [
        (Column("Product", "main"), [Cell(line.title) for line in order.lines]),
        (Column("SKU", width=110), [Cell(line.sku, quiet=True) for line in order.lines]),
        _counts(shop, "Quantity", [line.quantity for line in order.lines]),
        _counts(shop, "To send", left_to_fulfil(order) if order.fulfilments else []),
        _counts(shop, "Refunded", _refunded_of_lines(order) if any(each.lines for each in order.refunds) else []),
        (_amounts("Price"), [Cell(formats.money(shop, line.unit_price)) for line in order.lines]),
        (_amounts("Amount"), [Cell(formats.money(shop, line.amount)) for line in order.lines]),
    ]
    shown = [(column, cells) for column, cells in shown if any(cell.text for cell in cells)]
    rows = [Row(str(place), cells) for place, cells in enumerate(zip(*(cells for _, cells in shown), strict=True))]
    show_table(Table("Line items", tuple(column for column, _ in shown), rows), "order.lines")


def _counts(shop: Shop, title: str, numbers: Sequence[int]) -> tuple[Column, list[Cell]]:
    return Column(title, "figure", 90, labelled=True), [Cell(formats.count(shop, number)) for number in numbers]


def _amounts(title: str) -> Column:
    return Column(title, "figure", 100, labelled=title != "Amount")


def _refunded_of_lines(order: Order) -> list[int]:
    return [line.quantity - left for line, left in zip(order.lines, left_to_refund(order), strict=True)]


def show_amounts(shop: Shop, order: Order) -> None:
    """From the subtotal to what is left after refunds."""
    rows = {
        "Discount" + (f" ({order.discount_code})" if order.discount_code else ""): -max(order.taken_off, 0),
        "Rounding": -min(order.taken_off, 0),
        "Subtotal": order.subtotal,
        "Shipping": order.shipping,
        "Tax": 0 if order.tax_included else order.tax,
        "Duties": order.duties,
        "Tip": order.tip,
        "Adjustment": order.other,
        "Total": order.total,
        "Tax (included)": order.tax if order.tax_included else 0,
        "Gift cards (no revenue)": order.gift_cards,
        "Paid": order.received if order.balance else 0,
        "Balance due": max(order.balance, 0) if order.received else 0,
        "Owed to the customer": max(-order.balance, 0),
        "Refunded": -order.refunded,
    }
    shown = {name: amount for name, amount in rows.items() if amount or name in ("Subtotal", "Total")}
    if order.refunded:
        shown["Net paid"] = order.refundable
    table = {formats.plain(name): formats.plain(formats.money(shop, amount)) for name, amount in shown.items()}
    st.table(table, border="horizontal", alt="Amounts of this order")


def show_history(shop: Shop, order: Order) -> None:
    """Who changed what and when, newest first."""
    if not order.history:
        st.caption("No changes yet.")
        return
    st.markdown("\n".join(_told(shop, entry) for entry in reversed(order.history)))


def _told(shop: Shop, entry: HistoryEntry) -> str:
    when = f"{formats.moment(shop, entry.at)} · {who(entry.by)}"
    return f"- {formats.plain(entry.text)}  \n  :gray[{formats.plain(when)}]"
