"""What one customer bought: added up from the customer's own orders, which are few and lie together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from backend.domain.products import Product, Sold, sold_in
from backend.records.orders import order_from
from backend.services.context import Shop
from backend.services.products.identity import read_names
from backend.services.unreadable.items import readable
from backend.store import schema
from backend.store.port import Query, pages_of

MOST_ORDERS = 1000
"""The newest orders of a customer that are looked at: some 200 read units."""


@dataclass(frozen=True, slots=True)
class Bought:
    """A product of a customer. `product` is None while nobody has counted the first order of it (a few seconds)."""

    name: str
    product: Product | None
    sold: Sold
    orders: int
    last: datetime


@dataclass(frozen=True, slots=True)
class Basket:
    """What a customer bought, that on which most was spent first; not `complete` when older orders were left out."""

    products: list[Bought]
    complete: bool


def bought_by(shop: Shop, customer_id: str) -> Basket:
    """The products of a customer's orders that count, with what the customer paid for them (see `sold_in`)."""
    query = Query(
        schema.SHOP, schema.customer_partition(customer_id), begins_with=schema.ORDERS, descending=True, limit=200
    )
    rows = list(islice(pages_of(shop.store, query), MOST_ORDERS + 1))
    found: dict[str, Bought] = {}
    for order in readable(shop, rows[:MOST_ORDERS], order_from):
        for name, line in sold_in(order).items():
            one = Bought(line.title, None, line.sold, 1, order.placed_at)
            found[name] = _together(found[name], one) if name in found else one
    names = read_names(shop, found)
    products: dict[str, Bought] = {}
    for name, bought in found.items():
        product_id = names.product_of(name) or name
        product = names.products.get(product_id)
        bought = replace(bought, product=product, name=product.name if product else bought.name)
        products[product_id] = _together(products[product_id], bought) if product_id in products else bought
    best = sorted(products.values(), key=lambda each: (-each.sold.revenue, -each.sold.units, each.name))
    return Basket(best, complete=len(rows) <= MOST_ORDERS)


def _together(one: Bought, other: Bought) -> Bought:
    return replace(
        one, sold=one.sold.plus(other.sold), orders=one.orders + other.orders, last=max(one.last, other.last)
    )
