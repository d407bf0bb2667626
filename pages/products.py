"""Products: what sells best in a period, found by title or SKU; add one; open one."""

from __future__ import annotations

import streamlit as st

from backend.domain.team import Permission
from backend.domain.views import ListPage
from backend.errors import InvalidInputError
from backend.services.list_exports import export_products
from backend.services.products.lists import ProductFilter, ProductSort
from pages.components.products.forms import ADD
from pages.components.products.table import PRODUCT_COLUMNS, product_table
from pages.components.products.view import days_of, show_behind
from pages.components.ui import caching, empty, filters, formats, tables
from pages.components.ui.columns import pick_columns
from pages.components.ui.downloads import offer_export
from pages.components.ui.guard import require
from pages.components.ui.periods import pick_period
from pages.components.ui.shell import current_shop
from pages.components.ui.table import show_table
from pages.components.ui.views import offer_views

actor = require(Permission.VIEW_ORDERS)
shop = current_shop()

with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
    st.title("Products", width="content")
    if actor.may(Permission.EDIT_PRODUCTS):
        ADD.opener("Add product", "new", icon=":material/add:", primary=True)
ADD.show()

search = filters.search("Search", "Part of a title or SKU", name="search", key="products_search", longest=200)
with st.container(horizontal=True, vertical_alignment="bottom"):
    chosen = pick_period(shop, "sold")
    archived = filters.switch("Archived", name="archived", key="products_archived")
    sort, choose_sort = filters.sort_by(list(ProductSort), name="sort", key="products_sort")
    wanted = ProductFilter(search.strip(), archived, sort, days_of(chosen))
    columns = pick_columns(PRODUCT_COLUMNS, "products")
    offer_export(shop, actor, "products", lambda who, to, kind: export_products(shop, who, to, kind, wanted))
    offer_views(shop, actor, ListPage.PRODUCTS)

pager = tables.Pager("products", wanted, sized=True)
try:
    page = caching.list_products(shop, wanted, limit=pager.rows, cursor=pager.cursor)
except InvalidInputError as error:
    empty.nothing(":material/date_range:", "This period cannot be listed", error.sentence)
    st.stop()
if page.products:
    show_behind(shop)
    st.caption(formats.plain(f"Sold {formats.span(shop, chosen.first, chosen.last)}"))
    show_table(
        product_table(shop, page.products, columns),
        "products",
        count=formats.counted(shop, page.count, "product"),
        sorted_by=sort,
        on_sort=choose_sort,
    )
elif wanted.search:
    empty.nothing(":material/search_off:", "No match", "Type less of the title or SKU.")
elif archived:
    empty.nothing(":material/archive:", "No archived products", "Archive a product on its page.")
else:
    empty.nothing(
        ":material/inventory_2:",
        "No products yet",
        "They come with your orders. Or import Shopify's export of products, or add one here.",
    )
pager.show(page.cursor)
