"""Which product a line item means: by its SKU, else by its title, also when the product goes by another name today.

The id of a product is made of the SKU or title by which it was first known. Further names are items that lead to it.
A name that has led to a product leads to it for good, so figures can be counted again at any time with the same result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeAlias

from backend.domain.products import Product, id_of_title
from backend.records.products import leading_item, product_from, product_item
from backend.services.concurrency.retries import StaleReadError
from backend.services.context import Shop
from backend.services.unreadable.items import readable
from backend.store import schema
from backend.store.port import Absent, Item, Key, Put, Query, pages_of


class Names:
    """What ids lead to, as it was read, and what is added to it by writes that are still to be made."""

    def __init__(self, found: Iterable[Product | tuple[str, str]]) -> None:
        self.products: dict[str, Product] = {}
        self.leads: dict[str, str] = {}
        for each in found:
            if isinstance(each, Product):
                self.products[each.id] = each
            else:
                self.leads[each[0]] = each[1]

    def product_of(self, name: str) -> str | None:
        """The id of the product that a name (an id by `id_of_words`) leads to; None when nothing has it yet."""
        return name if name in self.products else self.leads.get(name)

    def add(self, product: Product) -> list[Put]:
        """The writes that add a product with the name by which it is known, and its title unless that is taken.

        Error attached: `StaleReadError`.
        """
        self.products[product.id] = product
        by_title = id_of_title(product.name)
        puts = [Put(schema.product_key(product.id), product_item(product), Absent(), _moved())]
        if self.product_of(by_title) is None:
            puts.append(self.lead(by_title, product.id))
        return puts

    def lead(self, name: str, product_id: str) -> Put:
        """The write by which a free name leads to a product. Error attached: `StaleReadError`."""
        self.leads[name] = product_id
        return Put(schema.product_key(name), leading_item(product_id), Absent(), _moved())


Read: TypeAlias = Callable[[Sequence[Key]], dict[Key, Item]]
"""Reads those of the items that exist."""


def read_names(shop: Shop, names: Iterable[str], read: Read | None = None) -> Names:
    """What these names lead to, with the products themselves. What cannot be read is set aside."""
    read = read or shop.store.get_many
    rows = read([schema.product_key(name) for name in dict.fromkeys(names)]).items()
    found = [*readable(shop, rows, lambda key, item: (key.sk, product_from(key, item)))]
    further = {leads_to for _, leads_to in found if isinstance(leads_to, str)} - {name for name, _ in found}
    more = read([schema.product_key(name) for name in further]).items()
    found += readable(shop, more, lambda key, item: (key.sk, product_from(key, item)))
    return Names(_named(found))


def all_names(shop: Shop) -> Names:
    """All products and all their names: one item each."""
    query = Query(schema.SHOP, schema.PRODUCTS, limit=1000)
    rows = pages_of(shop.store, query)
    return Names(_named(readable(shop, rows, lambda key, item: (key.sk, product_from(key, item)))))


def products_of(shop: Shop, ids: Iterable[str]) -> Mapping[str, Product]:
    """Those of the products that are there, by id."""
    return read_names(shop, ids).products


def _named(found: Iterable[tuple[str, Product | str]]) -> list[Product | tuple[str, str]]:
    return [it if isinstance(it, Product) else (name, it) for name, it in found]


def _moved() -> StaleReadError:
    return StaleReadError("Someone else has just added the same product. Try again.")
