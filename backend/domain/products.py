"""Products: what the shop sells, how a line item says which one it is, and what an order adds to their figures."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from urllib.parse import urlsplit

from backend.domain.ids import product_id_of
from backend.domain.money import check_amount, largest_remainder, shared_out
from backend.domain.order_words import is_gift_card
from backend.domain.orders import Order, contribution_of
from backend.domain.text import SHORT_LENGTH, clean_line, fold
from backend.errors import InvalidInputError

TITLE_LENGTH = 300
PICTURE_LENGTH = 1000
_OURS = re.compile(r"/api/demo/pictures/[A-Z]{3}-[0-9]{3}\.svg")
"""Pictures of the demo shop's products, which the application serves itself."""


class ProductSource(StrEnum):
    """Where a product came from."""

    ORDERS = "orders"
    STAFF = "staff"
    SHOPIFY = "shopify"
    DEMO = "demo"


@dataclass(frozen=True, slots=True)
class Product:
    """One thing that is sold: a product without variants, or one variant of a product.

    `price` is in minor units, None when nobody has said it. `picture` is an https address, "", or the path of a picture
    of the demo shop. What is `archived` keeps its figures and is not offered for new orders. `print` is the fingerprint
    of what a file said last.
    """

    id: str
    title: str
    source: ProductSource
    created_at: datetime
    sku: str = ""
    variant: str = ""
    price: int | None = None
    picture: str = ""
    archived: bool = False
    version: int = 1
    print: str = ""

    @property
    def name(self) -> str:
        """Title and variant, as Shopify writes them in line items: "T-shirt - Blue / M"."""
        return f"{self.title} - {self.variant}" if self.variant else self.title


@dataclass(frozen=True, slots=True)
class Sold:
    """How much of a product was sold: units, and revenue in minor units."""

    units: int = 0
    revenue: int = 0

    def plus(self, other: Sold) -> Sold:
        return Sold(self.units + other.units, self.revenue + other.revenue)

    def minus(self, other: Sold) -> Sold:
        return Sold(self.units - other.units, self.revenue - other.revenue)


@dataclass(frozen=True, slots=True)
class SoldLine:
    """What an order adds to one product (an id by `id_of_words`), and how the order names it."""

    product: str
    units: int
    revenue: int
    title: str
    sku: str
    price: int

    @property
    def sold(self) -> Sold:
        return Sold(self.units, self.revenue)


def id_of_words(title: str, sku: str) -> str:
    """The id that a SKU stands for, or without one a title: case, accents and spaces make no difference.

    A product may go by more than one (see `services.products.identity`).
    """
    return id_of_sku(sku) if sku.strip() else id_of_title(title)


def id_of_sku(sku: str) -> str:
    return product_id_of(f"sku\0{_plain(sku)}")


def id_of_title(title: str) -> str:
    return product_id_of(f"title\0{_plain(title)}")


def _plain(words: str) -> str:
    return " ".join(fold(words).split())


def sold_in(order: Order) -> dict[str, SoldLine]:
    """What an order adds to each of its products. Cancelled and test orders add nothing.

    Revenue is the order's subtotal (after discounts) shared over its line items in proportion to their amounts, by the
    largest remainder, so that the parts add up exactly. What was refunded for a line item comes off that product, and
    the rest of a refund takes the same share off goods as off the order's total. Gift cards count as units without
    revenue, because they are revenue when they are spent.
    """
    counts = contribution_of(order)
    if counts.orders <= 0:
        return {}
    names = [id_of_words(line.title, line.sku) for line in order.lines]
    shares = largest_remainder(order.subtotal, [line.amount for line in order.lines])
    goods = [0 if is_gift_card(line.title) else share for line, share in zip(order.lines, shares, strict=True)]
    total = order.total - order.gift_cards
    refunded = max(total - counts.revenue, 0)
    of_lines = _refunded_by_line(order, names, goods, refunded)
    goods = [share - off for share, off in zip(goods, of_lines, strict=True)]
    known = min(sum(of_lines) + sum(refund.shipping for refund in order.refunds), refunded)
    kept = _after_refunds(sum(goods), total - known, refunded - known)
    found: dict[str, SoldLine] = {}
    for product, line, revenue in zip(names, order.lines, largest_remainder(kept, goods), strict=True):
        sold = Sold(line.quantity, revenue)
        if product in found:
            sold = sold.plus(found[product].sold)
        found[product] = SoldLine(product, sold.units, sold.revenue, line.title, line.sku, line.unit_price)
    return found


def _refunded_by_line(order: Order, names: list[str], goods: list[int], refunded: int) -> list[int]:
    """How much of what was `refunded` was said to be for each line item: no more than there is in it."""
    left: dict[str, int] = {}
    for refund in order.refunds:
        for line in refund.lines:
            product = id_of_words(line.title, line.sku)
            left[product] = left.get(product, 0) + line.amount
    taken = []
    for product, share in zip(names, goods, strict=True):
        off = min(left.get(product, 0), share)
        left[product] = left.get(product, 0) - off
        taken.append(off)
    return taken if sum(taken) <= refunded else largest_remainder(refunded, taken)


def _after_refunds(goods: int, total: int, refunded: int) -> int:
    """Minor units of goods that remain when this is refunded of the total, for goods and all else alike."""
    if refunded <= 0 or total <= 0:
        return goods
    return shared_out(goods, max(total - refunded, 0), total)


def difference(new: Mapping[str, SoldLine], old: Mapping[str, SoldLine]) -> list[SoldLine]:
    """What turns the old figures of an order into the new ones, for each product; empty when they are the same."""
    changes = []
    for product, line in {**old, **new}.items():
        after = new[product].sold if product in new else Sold()
        change = after.minus(old[product].sold if product in old else Sold())
        if change != Sold():
            changes.append(replace(line, units=change.units, revenue=change.revenue))
    return changes


def added(old: Mapping[str, SoldLine], changes: Iterable[SoldLine]) -> dict[str, SoldLine]:
    """The figures of an order with these changes; a product of which nothing is left is not among them."""
    found = dict(old)
    for line in changes:
        sold = line.sold.plus(found[line.product].sold if line.product in found else Sold())
        found[line.product] = replace(line, units=sold.units, revenue=sold.revenue)
    return {product: line for product, line in found.items() if line.sold != Sold()}


def check_product(product: Product) -> Product:
    """The product with its texts cleaned.

    Raises: `InvalidInputError` naming the field.
    """
    if product.price is not None:
        check_amount(product.price, "Price")
    return replace(
        product,
        title=clean_line(product.title, "Title", longest=TITLE_LENGTH, required=True),
        sku=clean_line(product.sku, "SKU", longest=SHORT_LENGTH),
        variant=clean_line(product.variant, "Variant", longest=TITLE_LENGTH),
        picture=clean_picture(product.picture),
    )


def clean_picture(address: str) -> str:
    """The address of a picture; "" for none.

    Raises: `InvalidInputError` unless it is an https address without a password in it, or one of ours.
    """
    address = clean_line(address, "Picture", longest=PICTURE_LENGTH)
    if not address or _OURS.fullmatch(address):
        return address
    try:
        parts = urlsplit(address)
        fits = parts.scheme == "https" and parts.hostname and "@" not in parts.netloc and " " not in address
    except ValueError:
        fits = False
    if not fits:
        raise InvalidInputError("The picture must be an address that begins with https://.", "picture")
    return address


def known_by(product: Product) -> Sequence[str]:
    """The ids by which line items name this product: by its SKU and by its name."""
    by_name = id_of_title(product.name)
    return (id_of_sku(product.sku), by_name) if product.sku else (by_name,)
