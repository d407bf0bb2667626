"""The demo shop's products: put in before its orders, and taken out unless real orders have sold them."""

from __future__ import annotations

from datetime import datetime

from backend.demo.catalogue import PRODUCTS
from backend.domain.products import Product, ProductSource, id_of_words
from backend.services.context import Shop
from backend.services.products.figures import sold_in_all
from backend.services.products.identity import all_names, read_names
from backend.store import schema
from backend.store.port import Delete, Equals


def load_products(shop: Shop, at: datetime) -> None:
    """Adds the products that are not there yet; `at` is when the shop is said to have begun to sell them."""
    made = [
        Product(id_of_words(title, sku), title, ProductSource.DEMO, at, sku=sku, price=price)
        for title, sku, price, _ in PRODUCTS
    ]
    names = read_names(shop, [each.id for each in made])
    new = [each for each in made if names.product_of(each.id) is None]
    shop.store.transact_each([names.add(each) for each in new])


def remove_products(shop: Shop) -> None:
    """Takes out those of which nothing is sold, now that the demo's orders are gone and figures are counted again."""
    names = all_names(shop)
    demo = [each for each in names.products.values() if each.source is ProductSource.DEMO]
    sold = sold_in_all(shop, [each.id for each in demo])
    gone = {each.id: each for each in demo if each.id not in sold or not sold[each.id].units}
    leads = [name for name, product_id in names.leads.items() if product_id in gone]
    shop.store.transact_each(
        [[Delete(schema.product_key(each.id), Equals("version", each.version))] for each in gone.values()]
    )
    shop.store.write_batch([Delete(schema.product_key(name)) for name in leads])
