"""Products as items, what was sold of them, and what an order carries while nobody has counted it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

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
class Waiting:
    """An order waits for the figures of products: its place in the queue, and what of it they count until then.

    Every version of the order and every part that is counted has another place.
    """

    place: int
    counted: tuple[SoldLine, ...] = ()


_WAITING = Record(Waiting, place="rank_revenue", counted=rows(SoldLine))

product_item = _PRODUCT.item


@reads(key_given)
def product_from(key: Key, item: Item) -> Product | str:
    """The product, or the id of the product that this id leads to."""
    leads_to = optional_text(item, LEADS_TO)
    return leads_to or _PRODUCT.read(item, id=key.sk)


def fields_of(product: Product) -> Item:
    """What a recorded change may touch of a product, as its item holds it."""
    attributes = _PRODUCT.attributes(product)
    return {name: attributes[name] for name in ("title", "sku", "variant", "price", "picture", "archived")}


def with_fields(product: Product, fields: Mapping[str, Any]) -> Product:
    """The product with some of the fields that `fields_of` gives. Raises: `MalformedItemError`."""
    return _PRODUCT.read({**_PRODUCT.attributes(product), **fields}, id=product.id)


def leading_item(product_id: str) -> Item:
    """A further name of a product."""
    return {LEADS_TO: product_id}


def waiting_place(moment: datetime, version: int) -> int:
    """The place in the queue of a version of an order that was made at this moment."""
    return int(moment.timestamp() * 1000) * 10**9 + version * 1000


def waiting_attributes(order_id: str, waiting: Waiting) -> Item:
    """What the item of an order has beside the order while it waits."""
    return _WAITING.item(waiting, board=schema.uncounted_board(order_id))


@reads(key_given)
def waiting_from(key: Key, item: Item) -> Waiting | None:
    """None for an order that is counted as it is."""
    return _WAITING.read(item) if "board" in item else None


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
