"""Picks known products for an order: each becomes a line item with its price; picked again, it gets another unit."""

from __future__ import annotations

import streamlit as st

from backend.domain.products import Product
from backend.services.context import Shop
from pages.components.orders import line_editor
from pages.components.ui import caching, formats
from pages.components.ui.state import Slot, field_of

_MOST_OFFERED = 2000


def show(shop: Shop, name: str) -> None:
    """Renders the choice, unless there are no products. `name` is that of the rows (`line_editor.fields`)."""
    products = {each.id: each for each in caching.products_to_sell(shop)[:_MOST_OFFERED]}
    if not products:
        return
    picked: Slot[str | None] = field_of(f"{name}_picked", None)
    st.selectbox(
        "Add a product",
        list(products),
        index=None,
        format_func=lambda each: _words(shop, products[each]) if each in products else each,
        placeholder="Title or SKU",
        key=picked.key,
        on_change=_put,
        args=(shop, name, products),
    )


def _words(shop: Shop, product: Product) -> str:
    price = "" if product.price is None else formats.money(shop, product.price)
    return " · ".join(part for part in (product.name, product.sku, price) if part)


def _put(shop: Shop, name: str, products: dict[str, Product]) -> None:
    picked: Slot[str | None] = field_of(f"{name}_picked", None)
    product = products.get(picked.get() or "")
    if product:
        line_editor.put_line(shop, name, product.name, product.sku, product.price)
    picked.set(None)
