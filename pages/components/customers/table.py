"""Customers as a table, with their orders and revenue."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from backend.domain.customers import Customer, CustomerSummary
from backend.domain.money import divided
from backend.services.context import Shop
from backend.services.customers.lists import CustomerFilter, Sort
from pages.components.ui import caching, formats
from pages.components.ui.columns import Columns, Offered, usual
from pages.components.ui.table import Badge, Cell, Column, Row, Table


@dataclass(frozen=True, slots=True)
class _Listed:
    """A customer as the list has it, with the name as it is shown, and the whole one where a column needs it."""

    summary: CustomerSummary
    name: str
    whole: Customer | None = None


def _name(shop: Shop, each: _Listed) -> Cell:
    return Cell(each.name, (Badge("Archived", "orange", ":material/archive:"),) if each.summary.archived else ())


def _country(shop: Shop, each: _Listed) -> Cell:
    code = each.summary.country
    return Cell(formats.country(shop, code) if code else "", quiet=True)


def _added(shop: Shop, each: _Listed) -> Cell:
    added = each.summary.created_at
    return Cell(formats.day(shop, added.astimezone(shop.zone).date()) if added else "", quiet=True)


def _first_order(shop: Shop, each: _Listed) -> Cell:
    first = each.whole.first_day if each.whole else ""
    return Cell(formats.day(shop, date.fromisoformat(first)) if first else "", quiet=True)


def _consent(shop: Shop, each: _Listed) -> Cell:
    consent = each.whole.consent if each.whole else None
    return Cell("Not asked" if consent is None else "Agreed" if consent.given else "Declined", quiet=True)


def _average(shop: Shop, each: _Listed) -> Cell:
    orders = each.summary.orders
    return Cell(formats.money(shop, divided(each.summary.revenue, orders)) if orders else "")


def _text(text_of: Callable[[Customer], str]) -> Callable[[Shop, _Listed], Cell]:
    """What the whole customer says; empty when it cannot be read."""
    return lambda _, each: Cell(text_of(each.whole) if each.whole else "", quiet=True)


CUSTOMER_COLUMNS: tuple[Offered[_Listed], ...] = (
    Offered("name", Column("Customer", "main"), _name),
    Offered("email", Column("Email"), lambda _, each: Cell(each.summary.email or "", quiet=True)),
    Offered("country", Column("Country", width=120, room="wide"), _country),
    Offered(
        "city",
        Column("City", width=120),
        _text(lambda customer: customer.city),
        usual=False,
        whole=True,
    ),
    Offered(
        "phone",
        Column("Phone", width=150),
        _text(lambda customer: customer.phone),
        usual=False,
        whole=True,
    ),
    Offered(
        "tags",
        Column("Tags", width=130, room="middle"),
        lambda _, each: Cell(badges=tuple(Badge(tag) for tag in each.summary.tags)),
    ),
    Offered("consent", Column("Marketing", width=108, labelled=True), _consent, usual=False, whole=True),
    Offered(
        "added",
        Column("Added", width=108, sorts={Sort.NEWEST: "descending"}, room="middle", labelled=True),
        _added,
    ),
    Offered("first-order", Column("First order", width=118, labelled=True), _first_order, usual=False, whole=True),
    Offered(
        "source",
        Column("Source", width=108, labelled=True),
        _text(lambda customer: customer.source),
        usual=False,
        whole=True,
    ),
    Offered("average", Column("Average order", "figure", 124, labelled=True), _average, usual=False),
    Offered(
        "orders",
        Column("Orders", "figure", 80, sorts={Sort.ORDERS: "descending"}, labelled=True),
        lambda shop, each: Cell(formats.count(shop, each.summary.orders)),
    ),
    Offered(
        "revenue",
        Column("Revenue", "figure", 108, sorts={Sort.REVENUE: "descending"}),
        lambda shop, each: Cell(formats.money(shop, each.summary.revenue)),
    ),
)
_FIGURES = usual(CUSTOMER_COLUMNS, without=("email", "country", "tags", "added"))
_USUAL = usual(CUSTOMER_COLUMNS)


def customer_table(
    shop: Shop,
    customers: Sequence[CustomerSummary],
    columns: Columns[_Listed] = _USUAL,
    *,
    ranked: bool = False,
) -> Table:
    """One row for each customer; `ranked` puts their places before their names, and has their figures alone."""
    columns = _FIGURES if ranked else columns
    ids = tuple(each.id for each in customers) if columns.whole else ()
    whole = {each.id: each for each in caching.whole_customers(shop, ids)} if ids else {}
    rows = []
    for place, customer in enumerate(customers, start=1):
        name = formats.name_of(customer.name)
        listed = _Listed(customer, f"{place}. {name}" if ranked else name, whole.get(customer.id))
        rows.append(Row(customer.id, columns.cells(shop, listed), {"id": customer.id}))
    return Table("Customers", columns.heads, rows, "customer.py", columns.choice)


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
