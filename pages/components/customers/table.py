"""Customers as a table, with their orders and revenue."""

from __future__ import annotations

from collections.abc import Iterable

from backend.domain.customers import CustomerSummary
from backend.services.context import Shop
from backend.services.customers.lists import CustomerFilter, Sort
from pages.components.ui import formats
from pages.components.ui.table import Badge, Cell, Column, Row, Table

_ORDERS = Column("Orders", "figure", 80, sorts={Sort.ORDERS: "descending"}, labelled=True)
_REVENUE = Column("Revenue", "figure", 108, sorts={Sort.REVENUE: "descending"})
_DETAILS = (
    Column("Email"),
    Column("Country", width=120, room="wide"),
    Column("Tags", width=130, room="middle"),
    Column("Added", width=108, sorts={Sort.NEWEST: "descending"}, room="middle", labelled=True),
)


def customer_table(
    shop: Shop, customers: Iterable[CustomerSummary], *, ranked: bool = False, details: bool = True
) -> Table:
    """One row for each customer; `ranked` puts their places before their names, `details` adds who they are."""
    columns = (Column("Customer", "main"), *(_DETAILS if details else ()), _ORDERS, _REVENUE)
    rows = []
    for place, customer in enumerate(customers, start=1):
        name = formats.name_of(customer.name)
        badges = (Badge("Archived", "orange", ":material/archive:"),) if customer.archived else ()
        cells = [Cell(f"{place}. {name}" if ranked else name, badges)]
        cells += _details(shop, customer) if details else ()
        cells += [Cell(formats.count(shop, customer.orders)), Cell(formats.money(shop, customer.revenue))]
        rows.append(Row(customer.id, tuple(cells), {"id": customer.id}))
    return Table("Customers", columns, rows, "customer.py")


def _details(shop: Shop, customer: CustomerSummary) -> tuple[Cell, ...]:
    added = customer.created_at
    return (
        Cell(customer.email or "", quiet=True),
        Cell(formats.country(shop, customer.country) if customer.country else "", quiet=True),
        Cell(badges=tuple(Badge(tag) for tag in customer.tags)),
        Cell(formats.day(shop, added.astimezone(shop.zone).date()) if added else "", quiet=True),
    )


def how_many(shop: Shop, wanted: CustomerFilter, countries: dict[str, int], tags: dict[str, int]) -> str:
    """How many customers the list has, as far as the counters know it."""
    if wanted.search.strip() or wanted.archived or (wanted.country and wanted.tag):
        return ""
    if wanted.tag or wanted.country:
        number = tags.get(wanted.tag, 0) if wanted.tag else countries.get(wanted.country, 0)
    else:
        number = sum(countries.values())
    everybody = formats.counted(shop, number, "customer")
    return everybody if wanted.sort is Sort.NEWEST else f"Those with orders, of {everybody}"
