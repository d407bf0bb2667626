"""Products, what a customer bought, and who bought a product, as tables."""

from __future__ import annotations

from collections.abc import Iterable

from backend.services.context import Shop
from backend.services.insights.buyers import Buyer
from backend.services.products.bought import Bought
from backend.services.products.figures import ProductSales
from backend.services.products.lists import ProductSort
from pages.components.ui import formats
from pages.components.ui.table import Badge, Cell, Column, Row, Table

_UNITS = Column("Units", "figure", 80, sorts={ProductSort.UNITS: "descending"}, labelled=True)
_REVENUE = Column("Revenue", "figure", 108, sorts={ProductSort.REVENUE: "descending"})
_DETAILS = (
    Column("SKU", width=120, room="middle"),
    Column("Price", "figure", 96, sorts={ProductSort.PRICE: "descending"}, room="middle", labelled=True),
)


def product_table(shop: Shop, products: Iterable[ProductSales], *, ranked: bool = False) -> Table:
    """One row for each product with what was sold; `ranked` puts their places before their names, without details."""
    name = Column("Product", "main", sorts={ProductSort.NAME: "ascending"})
    columns = (name, *(() if ranked else _DETAILS), _UNITS, _REVENUE)
    rows = []
    for place, each in enumerate(products, start=1):
        product = each.product
        badges = (Badge("Archived", "orange", ":material/archive:"),) if product.archived else ()
        cells = [Cell(f"{place}. {product.name}" if ranked else product.name, badges)]
        if not ranked:
            price = "" if product.price is None else formats.money(shop, product.price)
            cells += [Cell(product.sku, quiet=True), Cell(price, quiet=True)]
        cells += [Cell(formats.count(shop, each.sold.units)), Cell(formats.money(shop, each.sold.revenue))]
        rows.append(Row(product.id, tuple(cells), {"id": product.id}))
    return Table("Products", columns, rows, "product.py")


def bought_table(shop: Shop, bought: Iterable[Bought]) -> Table:
    """What a customer bought: each product once."""
    columns = (
        Column("Product", "main"),
        Column("Last bought", width=120, labelled=True),
        Column("Units", "figure", 80, labelled=True),
        Column("Paid", "figure", 108),
    )
    rows = []
    for number, each in enumerate(bought):
        last = formats.day(shop, each.last.astimezone(shop.zone).date())
        cells = (
            Cell(each.name),
            Cell(last, quiet=True),
            Cell(formats.count(shop, each.sold.units)),
            Cell(formats.money(shop, each.sold.revenue)),
        )
        query = {"id": each.product.id} if each.product else None
        rows.append(Row(each.product.id if each.product else f"{number}", cells, query))
    return Table("What the customer bought", columns, rows, "product.py")


def buyer_table(shop: Shop, buyers: Iterable[Buyer]) -> Table:
    """Customers who bought a product, the last ones first."""
    columns = (
        Column("Customer", "main"),
        Column("Email", room="middle"),
        Column("Last bought", width=120, labelled=True),
        Column("Times", "figure", 70, labelled=True),
    )
    rows = [
        Row(
            each.customer.id,
            (
                Cell(formats.name_of(each.customer.name)),
                Cell(each.customer.email or "", quiet=True),
                Cell(formats.day(shop, each.last), quiet=True),
                Cell(formats.count(shop, each.times)),
            ),
            {"id": each.customer.id},
        )
        for each in buyers
    ]
    return Table("Customers who bought the product", columns, rows, "customer.py")
