"""Orders as a table, with their status and amount."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from backend.domain.order_states import FulfilmentState, PaymentState, fulfilment_of, payment_of
from backend.domain.orders import Order, OrderStatus, OrderSummary
from backend.services.context import Shop
from backend.services.orders.lists import OrderSort
from pages.components.ui import caching, formats
from pages.components.ui.columns import Columns, Offered, usual
from pages.components.ui.table import Badge, Cell, Column, Row, Table

PAYMENT_LOOKS = {
    PaymentState.PENDING: ("orange", ":material/schedule:"),
    PaymentState.PARTLY_PAID: ("orange", ":material/payments:"),
    PaymentState.PAID: ("blue", ":material/payments:"),
    PaymentState.PARTLY_REFUNDED: ("violet", ":material/undo:"),
    PaymentState.REFUNDED: ("violet", ":material/undo:"),
}
FULFILMENT_LOOKS = {
    FulfilmentState.UNFULFILLED: ("orange", ":material/inventory_2:"),
    FulfilmentState.PARTLY: ("blue", ":material/local_shipping:"),
    FulfilmentState.FULFILLED: ("green", ":material/check_circle:"),
}


@dataclass(frozen=True, slots=True)
class _Listed:
    """An order as the list has it, and the whole one where a column needs it."""

    summary: OrderSummary
    whole: Order | None = None


def _of_whole(cell: Callable[[Shop, Order], Cell]) -> Callable[[Shop, _Listed], Cell]:
    """A cell that the whole order is read for; empty when it cannot be."""
    return lambda shop, each: Cell() if each.whole is None else cell(shop, each.whole)


def _text(text_of: Callable[[Order], str]) -> Callable[[Shop, _Listed], Cell]:
    return _of_whole(lambda _, order: Cell(text_of(order), quiet=True))


def _payment(shop: Shop, order: Order) -> Cell:
    state = payment_of(order)
    return Cell(badges=(Badge(state.capitalize(), *PAYMENT_LOOKS[state]),))


def _fulfilment(shop: Shop, order: Order) -> Cell:
    state = fulfilment_of(order)
    return Cell(badges=(Badge(state.capitalize(), *FULFILMENT_LOOKS[state]),))


def _tracking(order: Order) -> str:
    return ", ".join(each.tracking_number for each in order.fulfilments if each.tracking_number)


def _city(order: Order) -> str:
    return order.shipping_address.city if order.shipping_address else ""


def _placed(shop: Shop, each: _Listed) -> Cell:
    return Cell(formats.brief_moment(shop, each.summary.placed_at, shop.clock().astimezone(shop.zone).year), quiet=True)


def _refunded(shop: Shop, each: _Listed) -> Cell:
    return Cell(formats.money(shop, each.summary.refunded) if each.summary.refunded else "", quiet=True)


ORDER_COLUMNS: tuple[Offered[_Listed], ...] = (
    Offered("number", Column("Order", "main", 170), lambda _, each: Cell(each.summary.number)),
    Offered("customer", Column("Customer"), lambda _, each: Cell(formats.name_of(each.summary.customer_name))),
    Offered("email", Column("Email"), _text(lambda order: order.customer_email or ""), usual=False, whole=True),
    Offered("city", Column("City", width=120), _text(_city), usual=False, whole=True),
    Offered("status", Column("Status", width=120), lambda _, each: Cell(badges=(status_badge(each.summary.status),))),
    Offered("payment", Column("Payment", width=150), _of_whole(_payment), usual=False, whole=True),
    Offered("fulfilment", Column("Fulfilment", width=150), _of_whole(_fulfilment), usual=False, whole=True),
    Offered("tracking", Column("Tracking", width=170), _text(_tracking), usual=False, whole=True),
    Offered(
        "placed",
        Column("Placed", width=150, sorts={OrderSort.NEWEST: "descending", OrderSort.OLDEST: "ascending"}),
        _placed,
    ),
    Offered(
        "source",
        Column("Source", width=108, labelled=True),
        lambda _, each: Cell(each.summary.source, quiet=True),
        usual=False,
    ),
    Offered(
        "items",
        Column("Items", "figure", 70, labelled=True),
        _of_whole(lambda shop, order: Cell(formats.count(shop, sum(line.quantity for line in order.lines)))),
        usual=False,
        whole=True,
    ),
    Offered(
        "discount",
        Column("Discount", "figure", 100, labelled=True),
        _of_whole(lambda shop, order: Cell(formats.money(shop, order.discount) if order.discount else "")),
        usual=False,
        whole=True,
    ),
    Offered("refunded", Column("Refunded", "figure", 110, room="middle", labelled=True), _refunded),
    Offered("total", Column("Total", "figure", 118), lambda shop, each: Cell(formats.money(shop, each.summary.total))),
)
_USUAL = usual(ORDER_COLUMNS)
OF_ONE_CUSTOMER = usual(ORDER_COLUMNS, without=("customer",))


def order_table(shop: Shop, orders: Sequence[OrderSummary], columns: Columns[_Listed] = _USUAL) -> Table:
    """One row for each order."""
    refs = tuple((each.customer_id, each.id) for each in orders) if columns.whole else ()
    whole = {each.id: each for each in caching.whole_orders(shop, refs)} if refs else {}
    rows = [
        Row(
            order.id,
            columns.cells(shop, _Listed(order, whole.get(order.id))),
            {"customer": order.customer_id, "id": order.id},
        )
        for order in orders
    ]
    return Table("Orders", columns.heads, rows, "order.py", columns.choice)


def status_badge(status: OrderStatus) -> Badge:
    """Icon, word and colour say the same."""
    return Badge(formats.STATUS_LABELS[status], formats.STATUS_COLORS[status], formats.STATUS_ICONS[status])
