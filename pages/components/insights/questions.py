"""Questions of managers: why revenue changed, who the best customers are, who is about to be lost."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import streamlit as st

from backend.domain.campaigns import Campaign
from backend.domain.money import divided
from backend.domain.revenue_change import Buyers, Cause, Group, Part, Side
from backend.domain.team import Actor, Permission
from backend.services.context import Shop
from backend.services.customers.leaderboards import Measure
from backend.services.insights import export
from backend.services.insights.change import Change, Days
from backend.services.products.figures import ProductMeasure
from backend.services.statistics.comparison import days_before
from pages.components.insights import behind, kept
from pages.components.products.table import product_table
from pages.components.products.view import days_of, show_behind
from pages.components.ui import address, caching, empty, filters, formats
from pages.components.ui.downloads import Export, file_buttons
from pages.components.ui.navigation import page_of
from pages.components.ui.periods import pick_against, pick_period
from pages.components.ui.second_factor import confirmed_to_export
from pages.components.ui.table import Cell, Column, Row, Table, show_table

_LISTED = 25
_BEST = (Column("Customer", "main"), Column("Orders", "figure", 80, labelled=True), Column("Revenue", "figure", 108))
_REFUNDS = (Column("Customer", "main"), Column("Refunded on", width=120), Column("Amount", "figure", 108))
_LAPSING = (
    Column("Customer", "main"),
    Column("Last order", width=120, labelled=True),
    Column("Usually after", "figure", 110, labelled=True),
    Column("Waiting for", "figure", 100, labelled=True),
    Column("Revenue", "figure", 108),
)
_CAUSES = (
    Column("Cause", "main"),
    Column("Before", "figure", 130, labelled=True),
    Column("Now", "figure", 130, labelled=True),
    Column("Effect", "figure", 130),
)
_GROUPS = {Group.NEW: "new", Group.RETURNING: "returning"}


def show_change(shop: Shop, actor: Actor) -> None:
    """The difference in revenue between two periods, cause by cause."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = pick_period(shop, "period")
        against = pick_against()
    before = days_before(chosen.first, chosen.last, chosen.period, against)
    if before is None:
        empty.nothing(":material/compare_arrows:", "Nothing to compare with", "Choose a period that has one before it.")
        return
    days, earlier = (chosen.first, chosen.last), (before.first, before.last)
    found = kept.revenue_change(shop, earlier, days)
    st.caption(formats.plain(f"{formats.span(shop, *days)}, compared with {formats.span(shop, *earlier)}"))
    st.header(formats.plain(_headline(shop, found)), anchor=False)
    chosen_so_far = address.chosen()
    rows = [
        Row(f"{place}", _cells(_row(shop, found, part)), chosen_so_far | behind.link_to(part))
        for place, part in enumerate(found.parts)
        if part.amount
    ]
    whole = ("Revenue", formats.money(shop, found.before.revenue), formats.money(shop, found.now.revenue))
    rows.append(Row("revenue", _cells((*whole, _signed(shop, found.amount)))))
    show_table(Table("Why revenue changed", _CAUSES, rows, "insights.py"), "revenue_change")
    st.caption(
        "The effects add up to the difference exactly. Each step assumes that all after it stayed as they were. New "
        "customers have their first order ever in the period. Values of orders are before discounts and refunds. "
        "A cause opens the orders that it counts."
    )
    with st.container(horizontal=True):
        _orders_link("Orders now", days)
        _orders_link("Orders before", earlier)
    behind.show(shop, actor, days, earlier)
    _show_campaigns(kept.campaigns_begun(shop, (earlier, days)))


def _cells(texts: Sequence[str]) -> tuple[Cell, ...]:
    return tuple(map(Cell, texts))


def _headline(shop: Shop, found: Change) -> str:
    if not found.amount:
        return "Revenue is the same"
    return f"Revenue is {formats.money(shop, abs(found.amount))} {'higher' if found.amount > 0 else 'lower'}"


def _row(shop: Shop, found: Change, part: Part) -> tuple[str, str, str, str]:
    return (*_told(shop, part, found.before, found.now), _signed(shop, part.amount))


def _told(shop: Shop, part: Part, before: Side, now: Side) -> tuple[str, str, str]:
    """What a cause is called, and its figure before and now."""
    old, new = (side.buyers.get(part.group or Group.NEW, Buyers()) for side in (before, now))
    who = _GROUPS[part.group] if part.group else ""
    match part.cause:
        case Cause.LENGTH:
            return "Length of the period", _days(shop, before), _days(shop, now)
        case Cause.CUSTOMERS:
            numbers = formats.count(shop, old.customers), formats.count(shop, new.customers)
            return f"{who.capitalize()} customers", *numbers
        case Cause.ORDERS_EACH:
            return f"Orders per {who} customer", _orders_each(shop, old), _orders_each(shop, new)
        case Cause.BASKET:
            return f"Value of an order, {who} customers", _basket(shop, old), _basket(shop, new)
        case Cause.DISCOUNTS:
            return "Discounts", formats.money(shop, before.discounts), formats.money(shop, now.discounts)
        case Cause.REFUNDS:
            return "Refunds", formats.money(shop, before.refunds), formats.money(shop, now.refunds)


def _days(shop: Shop, side: Side) -> str:
    return formats.counted(shop, side.days, "day")


def _orders_each(shop: Shop, buyers: Buyers) -> str:
    return formats.decimal(shop, Decimal(buyers.orders) / buyers.customers, 2) if buyers.customers else "\u2013"


def _basket(shop: Shop, buyers: Buyers) -> str:
    return formats.money(shop, divided(buyers.value, buyers.orders)) if buyers.orders else "\u2013"


def _signed(shop: Shop, amount: int) -> str:
    return ("+" if amount > 0 else "") + formats.money(shop, amount)


def _orders_link(label: str, days: Days) -> None:
    query = {"placed": "custom", "placed_days": [day.isoformat() for day in days]}
    st.page_link(page_of("orders.py"), label=label, icon=":material/receipt_long:", help="", query_params=query)


def _show_campaigns(begun: Sequence[Sequence[Campaign]]) -> None:
    """The campaigns that began in either period, beside each other: they bring orders, and end."""
    if not any(begun):
        st.caption("No campaign began in either period.")
        return
    for column, title, campaigns in zip(st.columns(2), ("Before", "Now"), begun, strict=True):
        with column:
            st.markdown(f"**Campaigns {title.lower()}**")
            for each in campaigns:
                label, query = formats.plain(each.name), {"id": each.id}
                st.page_link(page_of("campaign.py"), label=label, icon="", help="", query_params=query)
            if not campaigns:
                st.caption("None.")


def show_best(shop: Shop, actor: Actor) -> None:
    """The best customers of any days, and the best hundred as a file."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = pick_period(shop, "period")
        measure = filters.pick_view("By", list(Measure), name="top_by", key="best_by", words=str.capitalize)
    best = kept.best_customers(shop, chosen.first, chosen.last, measure, _LISTED)
    if not best:
        empty.nothing(":material/emoji_events:", "No orders in this period", "Choose more days.")
        return
    days = (chosen.first, chosen.last)
    _files(
        shop,
        actor,
        f"the best {export.BEST}",
        f"best-customers-{chosen.first}-{chosen.last}",
        lambda who, to, kind: export.export_best_customers(shop, who, to, kind, days, measure),
    )
    names = {each.id: each for each in kept.summaries(shop, tuple(each.customer_id for each in best))}
    rows = [
        Row(
            each.customer_id,
            (
                Cell(f"{place}. {formats.name_of(names[each.customer_id].name)}"),
                Cell(formats.count(shop, each.orders)),
                Cell(formats.money(shop, each.revenue)),
            ),
            {"id": each.customer_id},
        )
        for place, each in enumerate(best, 1)
        if each.customer_id in names
    ]
    show_table(Table("Best customers", _BEST, rows, "customer.py"), "best_customers")


def show_best_products(shop: Shop, actor: Actor) -> None:
    """The products of which most was sold in any days, and the best hundred as a file."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        days = days_of(pick_period(shop, "period"))
        measure = filters.pick_view("By", list(ProductMeasure), name="by", key="products_by", words=str.capitalize)
    show_behind(shop)
    best = caching.best_products(shop, measure, days, _LISTED)
    if not best:
        empty.nothing(":material/inventory_2:", "Nothing sold in this period", "Choose more days.")
        return
    name = "-".join(str(day) for day in ("best-products", days.first, days.last) if day)
    _files(
        shop,
        actor,
        f"the best {export.BEST}",
        name,
        lambda who, to, kind: export.export_best_products(shop, who, to, kind, days, measure),
    )
    show_table(product_table(shop, best, ranked=True), "best_products")


def show_lapsing(shop: Shop, actor: Actor) -> None:
    """Who is about to be lost: how many, what they brought, all of them as a file, and the best of them."""
    found = kept.lapsing_customers(shop)
    if not found:
        empty.nothing(
            ":material/sentiment_satisfied:",
            "Nobody is about to be lost",
            "Here are customers who have waited much longer than they usually do between two orders.",
        )
        return
    with st.grid(2, min_column_width=150):
        people = formats.plain(formats.count(shop, len(found)))
        st.metric("Customers", people, border=True, help="Waiting 1.5 to 4 times as long as usual.")
        money = formats.plain(formats.round_money(shop, sum(each.revenue for each in found)))
        st.metric("Their revenue", money, border=True, help="All-time revenue of these customers.")
    _files(
        shop,
        actor,
        "all of them",
        f"about-to-be-lost-{shop.clock().astimezone(shop.zone):%Y-%m-%d}",
        lambda who, to, kind: export.export_lapsing(shop, who, to, kind),
    )
    st.caption(f"The {_LISTED} with most revenue. Usual is the median of days between two of their orders.")
    top = found[:_LISTED]
    names = {each.id: each for each in kept.summaries(shop, tuple(each.customer_id for each in top))}
    rows = [
        Row(
            each.customer_id,
            (
                Cell(formats.name_of(names[each.customer_id].name)),
                Cell(formats.day(shop, each.last_order)),
                Cell(formats.counted(shop, each.usual, "day")),
                Cell(formats.counted(shop, each.waiting, "day")),
                Cell(formats.money(shop, each.revenue)),
            ),
            {"id": each.customer_id},
        )
        for each in top
        if each.customer_id in names
    ]
    show_table(Table("Customers about to be lost", _LAPSING, rows, "customer.py"), "lapsing")


def show_refunds(shop: Shop) -> None:
    """What was given back in a period, whenever the orders were placed."""
    chosen = pick_period(shop, "period")
    found = kept.refunds_made(shop, chosen.first, chosen.last)
    if not found.number:
        empty.nothing(":material/undo:", "No refunds in this period", "Choose more days.")
        return
    with st.grid(2, min_column_width=150):
        st.metric("Refunded", formats.plain(formats.money(shop, found.amount)), border=True)
        st.metric("Refunds", formats.plain(formats.count(shop, found.number)), border=True)
    st.caption("By the day on which they were made. The Overview counts a refund on the day of its order.")
    names = {each.id: each for each in kept.summaries(shop, tuple(each.customer_id for each in found.newest))}
    rows = [
        Row(
            f"{place}",
            (
                Cell(formats.name_of(names[each.customer_id].name if each.customer_id in names else "")),
                Cell(formats.day(shop, each.day)),
                Cell(formats.money(shop, each.amount)),
            ),
            {"customer": each.customer_id, "id": each.order_id},
        )
        for place, each in enumerate(found.newest)
    ]
    show_table(Table("Refunds", _REFUNDS, rows, "order.py"), "refunds_made")
    if found.number > len(found.newest):
        st.caption(formats.plain(f"The newest {len(found.newest)}."))


def _files(shop: Shop, actor: Actor, what: str, name: str, make: Export) -> None:
    """A button for each format, for whoever may export."""
    if actor.may(Permission.EXPORT_DATA) and confirmed_to_export(actor, f"questions_{name}", f"Download {what}"):
        file_buttons(shop, actor, what, name, make)
