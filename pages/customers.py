"""Customers: find, filter and sort them; add one; open one."""

from __future__ import annotations

import streamlit as st

from backend.domain.team import Permission
from backend.domain.views import ListPage
from backend.errors import InvalidInputError
from backend.services.customers.lists import CustomerFilter, Sort
from pages.components.customers import bulk
from pages.components.customers.forms import ADD
from pages.components.customers.table import CUSTOMER_COLUMNS, customer_table, how_many
from pages.components.ui import caching, empty, filters, formats, tables
from pages.components.ui.bulk import show_result
from pages.components.ui.columns import pick_columns
from pages.components.ui.guard import require
from pages.components.ui.shell import current_shop
from pages.components.ui.table import show_table
from pages.components.ui.views import offer_views

actor = require(Permission.VIEW_CUSTOMERS)
shop = current_shop()

with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
    st.title("Customers", width="content")
    if actor.may(Permission.EDIT_CUSTOMERS):
        ADD.opener("Add customer", "new", icon=":material/person_add:", primary=True)
ADD.show()

search = filters.search(
    "Search", "Start of a name or email address", name="search", key="customers_search", longest=200
)
with st.container(horizontal=True, vertical_alignment="bottom"):
    countries, tags = caching.counts_of(shop, "country"), caching.counts_of(shop, "tag")
    country = tables.pick_counted(
        shop, "Country", countries, "country", "customers_country", lambda code: formats.country(shop, code)
    )
    tag = tables.pick_counted(shop, "Tag", tags, "tag", "customers_tag", str)
    archived = filters.switch("Archived", name="archived", key="customers_archived")
    sort, choose_sort = filters.sort_by(list(Sort), name="sort", key="customers_sort")
    wanted = CustomerFilter(search, tag, country, sort, archived)
    columns = pick_columns(CUSTOMER_COLUMNS, "customers")
    bulk.offer_export(actor, wanted)
    offer_views(shop, actor, ListPage.CUSTOMERS)

pager = tables.Pager("customers", wanted, sized=True)
try:
    page = caching.list_customers(shop, wanted, limit=pager.rows, cursor=pager.cursor)
except InvalidInputError as error:
    empty.nothing(":material/keyboard:", "Type more letters", error.sentence)
    st.stop()
if page.note:
    st.caption(formats.plain(page.note))
show_result(bulk.OF, Permission.EDIT_CUSTOMERS)
if page.customers:
    show_table(
        customer_table(shop, page.customers, columns),
        "customers",
        count=how_many(shop, wanted, countries, tags),
        sorted_by=sort,
        on_sort=choose_sort,
        actions=bulk.actions_for(actor, archived=archived),
        on_action=bulk.begin,
    )
elif wanted == CustomerFilter(sort=sort) and not countries:
    empty.nothing(":material/group:", "No customers yet", "Add one here, or import your orders to add them all.")
elif wanted == CustomerFilter(sort=sort) and sort is not Sort.NEWEST:
    empty.nothing(":material/receipt_long:", "No orders yet", "This order of the list shows customers with orders.")
    st.button("Show the newest customers", on_click=choose_sort, args=(Sort.NEWEST,))
else:
    empty.nothing(":material/search_off:", "No match", "Clear a filter, or type less of the name.")
pager.show(page.cursor)
bulk.show()
