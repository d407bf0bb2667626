"""Orders as a table, with their status and amount."""

from __future__ import annotations

from collections.abc import Iterable

from backend.domain.orders import OrderStatus, OrderSummary
from backend.services.context import Shop
from backend.services.orders.lists import OrderSort
from pages.components.ui import formats
from pages.components.ui.table import Badge, Cell, Column, Row, Table


def order_table(shop: Shop, orders: Iterable[OrderSummary], *, of_one_customer: bool = False) -> Table:
    """One row for each order; without the customer's name where all have the same."""
    customer = () if of_one_customer else (Column("Customer"),)
    columns = (
        Column("Order", "main", 170),
        *customer,
        Column("Status", width=120),
        Column("Placed", width=150, sorts={OrderSort.NEWEST: "descending", OrderSort.OLDEST: "ascending"}),
        Column("Refunded", "figure", 110, room="middle", labelled=True),
        Column("Total", "figure", 118),
    )
    rows, year = [], shop.clock().astimezone(shop.zone).year
    for order in orders:
        name = () if of_one_customer else (Cell(formats.name_of(order.customer_name)),)
        cells = (
            Cell(order.number),
            *name,
            Cell(badges=(status_badge(order.status),)),
            Cell(formats.brief_moment(shop, order.placed_at, year), quiet=True),
            Cell(formats.money(shop, order.refunded) if order.refunded else "", quiet=True),
            Cell(formats.money(shop, order.total)),
        )
        rows.append(Row(order.id, cells, {"customer": order.customer_id, "id": order.id}))
    return Table("Orders", columns, rows, "order.py")


def status_badge(status: OrderStatus) -> Badge:
    """Icon, word and colour say the same."""
    return Badge(formats.STATUS_LABELS[status], formats.STATUS_COLORS[status], formats.STATUS_ICONS[status])
