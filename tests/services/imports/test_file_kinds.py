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
    "Magento's export of orders": "ID,Purchase Point,Purchase Date,Bill-to Name,Grand Total (Base),Status",
    "PrestaShop's export of orders": "ID,Reference,New client,Delivery,Customer,Total,Payment,Status,Date",
    "WooCommerce's export of subscriptions": "subscription_id,subscription_status,billing_email,order_total",
    "Square's export of transfers": "Deposit Date,Deposit ID,Collected,Fees,Net Total",
    "Stripe's export of invoices": "id,Amount Due,Amount Paid,Customer,Number,Subscription,Total",
    "Amazon's report of orders": "amazon-order-id,purchase-date,order-status,product-name,sku,item-price",
    "Amazon's report of settlements": "date/time,settlement id,type,order id,sku,description,product sales,total",
    "eBay's report of orders": "Sales Record Number,Order Number,Buyer Username,Buyer Email,Item Title,Total Price",
    "eBay's report of transactions": "Transaction creation date,Type,Order number,Net amount,Payout currency",
    "Wix's export of orders": "Order number,Date created,Time,Contact email,Billing name,Item,Total",
    "Wix's export of products": "handleId,fieldType,name,description,collection,sku,price,visible",
    "Klaviyo's export of events": "Event ID,Timestamp,Metric,Profile ID,Email,Event Value",
    "a report of campaigns": "Campaign Name,Tags,Subject,List,Send Time,Total Recipients,Unique Opens",
    "Shopify's report of sales": "Order ID,Sale ID,Date,Order,Sale type,Gross sales,Returns,Net sales",
    "Shopify's export of returns": "Return name,Order name,Return status,Refund amount,Created at",
    "Shopify's report of refunds": "Day,Order name,Refunds,Returned quantity",
    "Shopify's export of changes to the inventory": "Date,Product title,Variant SKU,Quantity adjustment,Location",
    "Shopify's export of discount codes": "Code,Times Used",
    "Shopify's export of gift cards": "Id,Last Characters,Customer Name,Email,Initial Value,Balance",
    "an export of reviews": "title,body,rating,review_date,reviewer_name,reviewer_email,product_handle",
    "an export of orders from here": "Number,Placed at,Status,Customer id,Customer,E-mail address,Total,Net",
    "Squarespace's export of orders": "Order ID,Email,Financial Status,Paid at,Total,Lineitem quantity,Lineitem name",
}


TABLES_OF_ORDERS = {
    name
    for name in FILES
    if name.endswith("of orders") and name.split("'")[0] not in ("an export of orders from here",)
} | {"Etsy's export of sold items", "Stripe's export of payments", "Square's export of transactions",
     "PayPal's export of transactions"}  # fmt: skip
"""They come in as orders, where their columns are matched."""


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("wanted", ImportKind)
def test_the_files_of_other_programs_are_named(name: str, wanted: ImportKind) -> None:
    if (name, wanted) == ("Shopify's export of products", ImportKind.PRODUCTS):
        return
    if wanted is ImportKind.ORDERS and name in TABLES_OF_ORDERS:
        refuse_other_file(FILES[name].split(","), wanted)
        return
    with pytest.raises(InvalidInputError, match=f"^This is .*{name.split(chr(39))[-1]}") as refusal:
        refuse_other_file(FILES[name].split(","), wanted)
    assert name in refusal.value.sentence
    assert len(refusal.value.sentence) < 300


def test_abandoned_checkouts_with_all_columns_of_orders_are_no_orders(shop: Shop, tmp_path: Path) -> None:
    first, second = text_of([order()]).splitlines()
    path = written(tmp_path, f"{first},Recovery URL\n{second},https://shop.example.com/recover/1\n")
    with pytest.raises(InvalidInputError, match=r"^This is an export of abandoned checkouts, not .*Export the orders"):
        import_orders(shop, STAFF, path)


def test_a_table_that_nobody_knows_is_refused_without_a_list_of_columns(shop: Shop, tmp_path: Path) -> None:
    path = written(tmp_path, "Date,Sessions,Users\n2026-03-02,3,2\n")
    with pytest.raises(
        InvalidInputError, match=r"^The table needs a column for: Order number, Total .*Match the columns"
    ) as refusal:
        import_orders(shop, STAFF, path)
    assert "Lineitem" not in refusal.value.sentence


def test_customers_given_to_orders_are_sent_to_where_they_belong(shop: Shop, tmp_path: Path) -> None:
    path = written(tmp_path, "First Name,Last Name,Email,Accepts Email Marketing\nMaria,Lopez,maria@example.com,yes\n")
    with pytest.raises(InvalidInputError, match=r"This is a table of customers, not .*“A table of customers”"):
        import_orders(shop, STAFF, path)


def test_orders_given_to_customers_are_sent_to_where_they_belong() -> None:
    header = text_of([order()]).splitlines()[0].split(",")
    with pytest.raises(InvalidInputError, match=r"This is Shopify's export of orders, not .*“Orders”"):
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
