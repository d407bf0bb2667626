"""How one product is shown: the header with its picture, the figures, its months, its buyers."""

from __future__ import annotations

from datetime import date
from urllib.parse import urljoin

import streamlit as st

from backend.domain.products import Product, ProductSource
from backend.services.context import Shop
from backend.services.products.figures import Days, ProductMeasure
from backend.services.statistics.comparison import Period
from pages.components.products.table import SOURCES, bought_table, buyer_table, product_table
from pages.components.ui import caching, charts, empty, filters, formats
from pages.components.ui.navigation import page_of
from pages.components.ui.periods import Chosen
from pages.components.ui.shell import name_tab
from pages.components.ui.table import show_table

_PICTURE_WIDTH = 160
_BEST = 10


def days_of(chosen: Chosen) -> Days:
    """The days of a chosen period; all time has no ends, because its figures are kept as one."""
    return Days() if chosen.period is Period.ALL_TIME else Days(chosen.first, chosen.last)


def show_behind(shop: Shop) -> None:
    """Says so while orders are not in the figures yet."""
    if caching.products_behind(shop):
        st.caption(":material/hourglass_top: New orders are still being added to these figures.")


def show_best(shop: Shop, chosen: Chosen) -> None:
    """The products of which most was sold in a period, with the way to all of them."""
    measure = filters.pick_view(
        "By", list(ProductMeasure), name="best_by", key="best_by", words=str.capitalize, hidden=True
    )
    show_behind(shop)
    best = caching.best_products(shop, measure, days_of(chosen), _BEST)
    if best:
        show_table(product_table(shop, best, ranked=True), "best_products")
        query = {"sold": chosen.period.value} if chosen.period else {}
        st.page_link(page_of("products.py"), label="All products", query_params=query, help="")
    else:
        empty.nothing(":material/inventory_2:", "Nothing sold in this period", "Choose more days.")


def show_header(product: Product) -> None:
    """The name, with the picture if there is one."""
    name_tab(product.name, "Products")
    if product.picture:
        st.image(urljoin(st.context.url or "", product.picture), width=_PICTURE_WIDTH, alt=product.name)
    st.title(formats.plain(product.name), anchor=False)
    badges = []
    if product.archived:
        badges.append(formats.badge("Archived", "orange", ":material/archive:"))
    if product.source is ProductSource.DEMO:
        badges.append(formats.badge("Demo", "violet", ":material/science:"))
    if badges:
        st.markdown(" ".join(badges))


def show_figures(shop: Shop, product: Product) -> None:
    """What was sold of it in all time, and when last."""
    show_behind(shop)
    sold, last = caching.figures_of_product(shop, product.id)
    with st.grid(4, min_column_width=140):
        st.metric("Revenue", formats.plain(formats.round_money(shop, sold.revenue)), border=True)
        st.metric("Units sold", formats.plain(formats.count(shop, sold.units)), border=True)
        price = "None" if product.price is None else formats.money(shop, product.price)
        st.metric("Price", formats.plain(price), border=True)
        st.metric("Last sold", formats.plain(_brief_day(shop, last)), border=True)


def _brief_day(shop: Shop, day: date | None) -> str:
    """Short enough for a card on a phone."""
    if day is None:
        return "None"
    this_year = shop.clock().astimezone(shop.zone).year == day.year
    return formats.short_day(shop, day) if this_year else formats.month(shop, day, short=True)


def show_months(shop: Shop, product: Product) -> None:
    """What was sold of it month by month, if anything."""
    chart = charts.product_months(shop, product.id)
    if chart is not None:
        with st.container(border=True):
            st.markdown("**Revenue by month**")
            charts.show(chart, "product_months")


def show_facts(shop: Shop, product: Product) -> None:
    """What is known of it."""
    facts = {
        "SKU": product.sku,
        "Variant": product.variant,
        "Added": formats.day(shop, product.created_at.astimezone(shop.zone).date()),
        "Source": SOURCES[product.source],
    }
    known = {name: formats.plain(value) for name, value in facts.items() if value}
    st.table(known, border="horizontal", alt="Details")


def show_buyers(shop: Shop, product: Product) -> None:
    """Who bought it, as of the newest snapshot."""
    found = caching.buyers_of_product(shop, product.id)
    if found is None:
        empty.nothing(":material/hourglass:", "Not counted yet", "The list is made every few seconds. Reload the page.")
    elif not found.newest:
        empty.nothing(":material/group:", "Nobody yet", "Customers appear here within a minute of their order.")
    else:
        show_table(
            buyer_table(shop, found.newest), "product_buyers", count=formats.counted(shop, found.count, "customer")
        )
        if found.count > len(found.newest):
            st.caption(f"The {len(found.newest)} who bought it last are listed.")


def show_bought(shop: Shop, customer_id: str) -> None:
    """What a customer bought, each product once."""
    basket = caching.bought_by(shop, customer_id)
    if not basket.products:
        empty.nothing(":material/inventory_2:", "Nothing yet", "Products appear here once there is an order.")
        return
    count = formats.counted(shop, len(basket.products), "product")
    best, others = basket.products[:_BEST], basket.products[_BEST:]
    show_table(bought_table(shop, best), "bought", count=count)
    if others:
        with st.expander(formats.plain(formats.counted(shop, len(others), "more product"))):
            show_table(bought_table(shop, others), "bought_too")
    if not basket.complete:
        st.caption("From the 1,000 newest orders.")
