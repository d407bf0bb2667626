"""Orders as rows of a table: one row an order, or one row a line item."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from backend.domain.addresses import Address
from backend.domain.money import plain
from backend.domain.order_states import fulfilment_of, payment_of
from backend.domain.orders import Order, contribution_of
from backend.errors import InvalidInputError
from backend.records.orders import order_from
from backend.services.context import Shop
from backend.services.exports.writers import Cell
from backend.services.orders.lists import OrderFilter, walk_orders
from backend.services.unreadable.items import readable

COLUMNS = (
    *("Number", "Placed at", "Status", "Customer id", "Customer", "E-mail address", "Country", "Line items", "Items"),
    *("Subtotal", "Discount", "Discount code", "Shipping", "Tax", "Total", "Refunded", "Net", "Currency", "Source"),
    *("Note", "Payment", "Fulfilment", "Shipping name", "Shipping company", "Shipping street", "Shipping street 2"),
    *("Shipping city", "Shipping postcode", "Shipping region", "Shipping country", "Shipping phone", "Tracking"),
)
LINE_COLUMNS = (
    *("Number", "Placed at", "Status", "Customer id", "Customer", "E-mail address", "Country", "Line", "Item", "SKU"),
    *("Quantity", "Unit price", "Amount", "Currency", "Source"),
)
_AT_ONCE = 300


def rows(shop: Shop, wanted: OrderFilter) -> Iterator[tuple[Cell, ...]]:
    """The wanted orders, newest first.

    Raises: `InvalidInputError` when the range is upside down.
    """
    if wanted.first > wanted.last:
        raise InvalidInputError("The first day is after the last day.", "from")
    return (_row(order, shop) for order in _orders(shop, wanted))


def rows_of(shop: Shop, found: Iterable[Order]) -> Iterator[tuple[Cell, ...]]:
    """These orders."""
    return (_row(order, shop) for order in found)


def line_rows(shop: Shop, wanted: OrderFilter) -> Iterator[tuple[Cell, ...]]:
    """The line items of the wanted orders, newest order first. The amounts are those before discount, shipping and tax.

    Raises: `InvalidInputError` when the range is upside down.
    """
    if wanted.first > wanted.last:
        raise InvalidInputError("The first day is after the last day.", "from")
    return (row for order in _orders(shop, wanted) for row in _line_rows(order, shop))


def _orders(shop: Shop, wanted: OrderFilter) -> Iterator[Order]:
    listed = walk_orders(shop, wanted, first=_AT_ONCE)
    while chunk := [row.key for row in islice(listed, _AT_ONCE)]:
        found = shop.store.get_many(chunk)
        yield from readable(shop, ((key, found[key]) for key in chunk if key in found), order_from)


def _line_rows(order: Order, shop: Shop) -> Iterator[tuple[Cell, ...]]:
    for place, line in enumerate(order.lines, start=1):
        yield (
            order.number,
            order.placed_at.astimezone(shop.zone).replace(tzinfo=None),
            order.status.value,
            order.customer_id,
            order.customer_name,
            order.customer_email,
            order.country,
            place,
            line.title,
            line.sku,
            line.quantity,
            plain(line.unit_price, order.currency),
            plain(line.amount, order.currency),
            order.currency,
            order.source,
        )


def _row(order: Order, shop: Shop) -> tuple[Cell, ...]:
    return (
        order.number,
        order.placed_at.astimezone(shop.zone).replace(tzinfo=None),
        order.status.value,
        order.customer_id,
        order.customer_name,
        order.customer_email,
        order.country,
        len(order.lines),
        sum(line.quantity for line in order.lines),
        plain(order.subtotal, order.currency),
        plain(order.discount, order.currency),
        order.discount_code,
        plain(order.shipping, order.currency),
        plain(order.tax, order.currency),
        plain(order.total, order.currency),
        plain(order.refunded, order.currency),
        plain(contribution_of(order).revenue, order.currency),
        order.currency,
        order.source,
        order.note,
        payment_of(order).value,
        fulfilment_of(order).value,
        *_address(order.shipping_address or Address()),
        ", ".join(parcel.tracking_number for parcel in order.fulfilments if parcel.tracking_number),
    )


def _address(address: Address) -> tuple[Cell, ...]:
    """In the order of `COLUMNS`."""
    place = (address.city, address.postcode, address.region, address.country, address.phone)
    return (address.name, address.company, address.street, address.street2, *place)
