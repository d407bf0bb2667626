"""Orders: by days and status, or straight to one by its number."""

from __future__ import annotations

import streamlit as st

from backend.domain.orders import OrderStatus
from backend.domain.team import Permission
from backend.domain.views import ListPage
from backend.errors import InvalidInputError
from backend.services.orders.lists import OrderFilter, OrderSort
from pages.components.orders import bulk, view
from pages.components.orders.table import ORDER_COLUMNS, order_table
from pages.components.ui import caching, empty, filters, formats, tables
from pages.components.ui.bulk import show_result
from pages.components.ui.columns import pick_columns
from pages.components.ui.guard import require
from pages.components.ui.navigation import page_of
from pages.components.ui.periods import pick_period
from pages.components.ui.shell import current_shop
from pages.components.ui.table import show_table
from pages.components.ui.views import offer_views

actor = require(Permission.VIEW_ORDERS)
shop = current_shop()

with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
    st.title("Orders", width="content")
    with st.container(horizontal=True, width="content"):
        st.page_link(page_of("drafts.py"), label="Draft orders", help="")
        if actor.may(Permission.PLACE_ORDERS):
            st.page_link(page_of("place_order.py"), label="Place an order", help="")

view.find_by_number(shop)
with st.container(horizontal=True, vertical_alignment="bottom"):
    chosen = pick_period(shop, "placed")
    statuses = filters.pick_pills(
        "Status", list(OrderStatus), name="status", key="orders_status", words=formats.STATUS_LABELS.__getitem__
    )
    sort, choose_sort = filters.sort_by(list(OrderSort), name="sort", key="orders_sort")
    wanted = OrderFilter(chosen.first, chosen.last, tuple(statuses), sort)
    columns = pick_columns(ORDER_COLUMNS, "orders")
    bulk.offer_export(actor, wanted)
    offer_views(shop, actor, ListPage.ORDERS)

pager = tables.Pager("orders", wanted, sized=True)
try:
    figures = caching.totals_like(shop, wanted) if statuses else caching.totals_of(shop, chosen.first, chosen.last)
    page = caching.list_orders(shop, wanted, limit=pager.rows, cursor=pager.cursor)
except InvalidInputError as error:
    empty.nothing(":material/date_range:", "This period cannot be listed", error.sentence)
    st.stop()
view.show_totals(shop, wanted, figures)
if page.orders:
    show_result(bulk.OF, Permission.CHANGE_ORDERS)
    show_table(
        order_table(shop, page.orders, columns),
        "orders",
        sorted_by=sort,
        on_sort=choose_sort,
        actions=bulk.actions_for(actor),
        on_action=lambda name, ids: bulk.begin(name, ids, page.orders),
    )
elif caching.first_day(shop) is None:
    empty.no_orders_yet(actor)
else:
    empty.nothing(":material/search_off:", "No orders in this period", "Choose more days, or clear the status filter.")
pager.show(page.cursor)
bulk.show()
