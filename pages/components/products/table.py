"""Products, what a customer bought, and who bought a product, as tables."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from backend.domain.money import divided
from backend.domain.products import Product, ProductSource
from backend.services.context import Shop
from backend.services.insights.buyers import Buyer
from backend.services.products.bought import Bought
from backend.services.products.figures import ProductSales
from backend.services.products.lists import ProductSort
from pages.components.ui import formats
from pages.components.ui.columns import Columns, Offered, usual
from pages.components.ui.table import Badge, Cell, Column, Row, Table

SOURCES = {
    ProductSource.ORDERS: "An order",
    ProductSource.STAFF: "Added by the team",
    ProductSource.SHOPIFY: "Shopify's export of products",
    ProductSource.DEMO: "The demo shop",
}


@dataclass(frozen=True, slots=True)
class _Listed:
    """A product with what was sold of it, and the name as it is shown."""

    sales: ProductSales
    name: str

    @property
    def product(self) -> Product:
        return self.sales.product


def _name(shop: Shop, each: _Listed) -> Cell:
    return Cell(each.name, (Badge("Archived", "orange", ":material/archive:"),) if each.product.archived else ())


def _price(shop: Shop, each: _Listed) -> Cell:
    price = each.product.price
    return Cell("" if price is None else formats.money(shop, price), quiet=True)


def _added(shop: Shop, each: _Listed) -> Cell:
    return Cell(formats.day(shop, each.product.created_at.astimezone(shop.zone).date()), quiet=True)


def _per_unit(shop: Shop, each: _Listed) -> Cell:
    sold = each.sales.sold
    return Cell(formats.money(shop, divided(sold.revenue, sold.units)) if sold.units else "")


PRODUCT_COLUMNS: tuple[Offered[_Listed], ...] = (
    Offered("name", Column("Product", "main", sorts={ProductSort.NAME: "ascending"}), _name),
    Offered(
        "variant", Column("Variant", width=130), lambda _, each: Cell(each.product.variant, quiet=True), usual=False
    ),
    Offered("sku", Column("SKU", width=120, room="middle"), lambda _, each: Cell(each.product.sku, quiet=True)),
    Offered(
        "added",
        Column("Added", width=108, sorts={ProductSort.NEWEST: "descending"}, labelled=True),
        _added,
        usual=False,
    ),
    Offered(
        "source",
        Column("Source", width=150, labelled=True),
        lambda _, each: Cell(SOURCES[each.product.source], quiet=True),
        usual=False,
    ),
    Offered(
        "price",
        Column("Price", "figure", 96, sorts={ProductSort.PRICE: "descending"}, room="middle", labelled=True),
        _price,
    ),
    Offered("per-unit", Column("Revenue per unit", "figure", 136, labelled=True), _per_unit, usual=False),
    Offered(
        "units",
        Column("Units", "figure", 80, sorts={ProductSort.UNITS: "descending"}, labelled=True),
        lambda shop, each: Cell(formats.count(shop, each.sales.sold.units)),
    ),
    Offered(
        "revenue",
        Column("Revenue", "figure", 108, sorts={ProductSort.REVENUE: "descending"}),
        lambda shop, each: Cell(formats.money(shop, each.sales.sold.revenue)),
    ),
)
_FIGURES = usual(PRODUCT_COLUMNS, without=("sku", "price"))
_USUAL = usual(PRODUCT_COLUMNS)


def product_table(
    shop: Shop, products: Iterable[ProductSales], columns: Columns[_Listed] = _USUAL, *, ranked: bool = False
) -> Table:
    """One row for each product with what was sold; `ranked` puts their places before their names, without details."""
    columns = _FIGURES if ranked else columns
    rows = []
    for place, sales in enumerate(products, start=1):
        product = sales.product
        listed = _Listed(sales, f"{place}. {product.name}" if ranked else product.name)
        rows.append(Row(product.id, columns.cells(shop, listed), {"id": product.id}))
    return Table("Products", columns.heads, rows, "product.py", columns.choice)


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
