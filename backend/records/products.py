"""Products as items, what was sold of them, and what orders have changed in that and nobody has counted yet."""

from __future__ import annotations

from dataclasses import dataclass

from backend.domain.products import Product, Sold, SoldLine
from backend.records.conversion import key_given, reads
from backend.records.declared import Record, rows
from backend.records.ranks import figure, rank_attributes, tie_of
from backend.records.values import number, optional_text
from backend.store import schema
from backend.store.port import Item, Key, Plus
from backend.store.schema import RANK_UNIT

LEADS_TO = "leads_to"
_PRODUCT = Record(Product, given=("id",))


@dataclass(frozen=True, slots=True)
class Uncounted:
    """What one version of an order changes in the figures of products, beginning with the line `done`.

    `day` is the shop's day on which the order counts.
    """

    customer_id: str
    order_id: str
    version: int
    day: str
    lines: tuple[SoldLine, ...]
    done: int = 0


_UNCOUNTED = Record(
    Uncounted, given=("order_id", "version"), sparse=("done",), customer_id="customer", lines=rows(SoldLine)
)

product_item = _PRODUCT.item


@reads(key_given)
def product_from(key: Key, item: Item) -> Product | str:
    """The product, or the id of the product that this id leads to."""
    leads_to = optional_text(item, LEADS_TO)
    return leads_to or _PRODUCT.read(item, id=key.sk)


def leading_item(product_id: str) -> Item:
    """A further name of a product."""
    return {LEADS_TO: product_id}


uncounted_item = _UNCOUNTED.item


@reads(key_given)
def uncounted_from(key: Key, item: Item) -> Uncounted:
    order_id, version = schema.uncounted_in(key)
    return _UNCOUNTED.read(item, order_id=order_id, version=version)


@reads(key_given)
def sold_from(key: Key, item: Item) -> Sold:
    """What was sold in the period of the item, from it or from its entry in a leaderboard."""
    return Sold(figure(item, "rank_orders"), figure(item, "rank_revenue"))


@reads(lambda key, item, day: key)
def sold_on(key: Key, item: Item, day: str) -> Sold:
    """What was sold on a day ("26") of the month of the item."""
    return Sold(number(item, f"units_{day}", 0), number(item, f"revenue_{day}", 0))


def sold_additions(product_id: str, sold: Sold, day: str = "") -> dict[str, Plus]:
    """What a change adds to an item of a period; `day` ("26") is given for a month, which has its days inside."""
    tie = tie_of(product_id)
    added = {
        "rank_orders": Plus(sold.units * RANK_UNIT, tie),
        "rank_revenue": Plus(sold.revenue * RANK_UNIT, tie),
    }
    if day:
        added |= {f"units_{day}": Plus(sold.units), f"revenue_{day}": Plus(sold.revenue)}
    return added


def sold_item(period: str, product_id: str, days: dict[str, Sold]) -> Item:
    """The whole item of a period whose days sold this much; `days` of all time have the one name ""."""
    every = [sold for sold in days.values() if sold != Sold()]
    total = Sold(sum(sold.units for sold in every), sum(sold.revenue for sold in every))
    item = rank_attributes("", product_id, total.units, total.revenue)
    if "board" in item:
        item["board"] = schema.product_board(period, product_id)
    for day, sold in days.items():
        if day and sold != Sold():
            item |= {f"units_{day}": sold.units, f"revenue_{day}": sold.revenue}
    return item
