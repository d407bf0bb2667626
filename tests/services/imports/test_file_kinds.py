"""A file of another kind is named for what it is, in one sentence, with the way out; and nothing of it comes in."""

from __future__ import annotations

from pathlib import Path

import pytest

from backend.domain.imports import ImportKind
from backend.errors import InvalidInputError
from backend.services.context import Shop
from backend.services.imports import guess_mapping, import_orders, refuse_other_file
from backend.services.suppression.entries import list_suppressions
from backend.services.suppression.files import import_suppressions
from tests.services.imports.shopify_csv import order, text_of, written
from tests.services.imports.test_customer_cells import HEADERS
from tests.support import STAFF

FILES = {
    "abandoned checkouts": "Id,Email,Currency,Subtotal,Total,Created at,Lineitem quantity,Lineitem name,Lineitem price",
    "Shopify's export of products": "Handle,Title,Body (HTML),Vendor,Type,Tags,Variant SKU,Variant Price",
    "Shopify's export of payouts": "Payout Date,Status,Charges,Refunds,Adjustments,Fees,Total,Currency",
    "Shopify's export of payment transactions": "Transaction Date,Type,Order,Payout Status,Payout Date,Amount,Fee,Net",
    "Shopify's export of the inventory": "Handle,Title,Option1 Name,SKU,HS Code,Location,Available,On hand",
    "WooCommerce's export of orders": "Order ID,Order Status,Billing Email,Billing First Name,Order Total",
    "WooCommerce's export of products": "ID,Type,SKU,Name,Published,Is featured?,Regular price",
    "Etsy's export of orders": "Sale Date,Order ID,Buyer User ID,Full Name,First Name,Last Name,Ship Name,Order Value",
    "Etsy's export of sold items": "Sale Date,Item Name,Buyer,Quantity,Price,Transaction ID,Listing ID,Order ID",
    "Stripe's export of payments": "id,Created (UTC),Amount,Amount Refunded,Currency,Customer Email,Status,Card ID",
    "Square's export of transactions": "Date,Time,Time Zone,Gross Sales,Discounts,Net Sales,Transaction ID",
    "BigCommerce's export of orders": "Order ID,Customer ID,Customer Email,Order Status,Order Total (inc tax)",
    "BigCommerce's export of products": "Item Type,Product ID,Product Name,Product Type,Product Code/SKU,Price",
    "PayPal's export of transactions": "Date,Time,TimeZone,Name,Type,Status,Currency,Gross,Fee,Net,From Email Address",
    "Squarespace's export of orders": "Order ID,Email,Financial Status,Paid at,Total,Lineitem quantity,Lineitem name",
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("wanted", ImportKind)
def test_the_files_of_other_programs_are_named(name: str, wanted: ImportKind) -> None:
    with pytest.raises(InvalidInputError, match=f"^This is .*{name.split(chr(39))[-1]}") as refusal:
        refuse_other_file(FILES[name].split(","), wanted)
    assert name in refusal.value.sentence
    assert len(refusal.value.sentence) < 300


def test_customers_given_to_orders_are_sent_to_where_they_belong(shop: Shop, tmp_path: Path) -> None:
    path = written(tmp_path, "First Name,Last Name,Email,Accepts Email Marketing\nMaria,Lopez,maria@example.com,yes\n")
    with pytest.raises(InvalidInputError, match=r"This is a table of customers, not .*“A table of customers”"):
        import_orders(shop, STAFF, path)


def test_orders_given_to_customers_are_sent_to_where_they_belong() -> None:
    header = text_of([order()]).splitlines()[0].split(",")
    with pytest.raises(InvalidInputError, match=r"This is Shopify's export of orders, not .*“Orders from Shopify”"):
        refuse_other_file(header, ImportKind.CUSTOMERS)
    refuse_other_file(header, ImportKind.ORDERS)


def test_nobody_is_suppressed_by_a_file_of_orders(shop: Shop, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="not a suppression list"):
        import_suppressions(shop, STAFF, written(tmp_path, text_of([order()])))
    assert list_suppressions(shop, STAFF).entries == []


@pytest.mark.parametrize(
    "header",
    ["Email", "Email,Name", "Email,Reason,Created", "Customer ID,First Name,Last Name,Email,Total Spent,Total Orders",
     "id,Description,Email,Name,Created (UTC),Delinquent,Card ID,Currency", "Foo,Bar"],
)  # fmt: skip
def test_tables_of_customers_and_unknown_files_are_no_other_files(header: str) -> None:
    refuse_other_file(header.split(","), ImportKind.CUSTOMERS)


def test_the_tables_of_all_programs_that_are_understood_are_tables_of_customers() -> None:
    for program, (header, _) in HEADERS.items():
        titles = header.split(";" if ";" in header else ",")
        assert guess_mapping(titles), program
        refuse_other_file(titles, ImportKind.CUSTOMERS)
