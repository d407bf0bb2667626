"""Recognises a file of the wrong kind by the titles that its program always writes, to name it in the error.

The titles are those of the exports of Shopify, WooCommerce, Etsy, Stripe, Square, BigCommerce, PayPal, Squarespace,
Wix, Amazon, eBay, Magento, PrestaShop, Klaviyo and Matrixify, as `title_words` gives them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from backend.domain.imports import ImportKind
from backend.errors import InvalidInputError
from backend.services.imports.customer_titles import guess_mapping
from backend.services.imports.dialect import title_words


class _Way(Enum):
    """What to do with a file of this kind."""

    SHOPIFYS_ORDERS = "It comes in under “Orders” (import orders), with its customers."
    CUSTOMERS = "It comes in under “A table of customers” (import customers)."
    OTHER_ORDERS = "It comes in under “Orders” (import orders), where its columns are matched."
    EXPORT_ORDERS = "Export the orders instead: in Shopify, Orders → Export → All orders → Plain CSV file."
    PRODUCTS = "It comes in under “Products from Shopify” (import products)."
    OURS = "Orders from here do not come back in; the export of customers from here does."
    CUSTOMERS_INSTEAD = "Export the orders, or the customers as a table, instead."


@dataclass(frozen=True, slots=True)
class _Kind:
    label: str
    titles: frozenset[str]
    way: _Way


def _kind(label: str, titles: str, way: _Way) -> _Kind:
    return _Kind(label, frozenset(titles.split(", ")), way)


_ANY_PRODUCTS = "an export of products"
_SHOPIFYS_ORDERS = _kind("Shopify's export of orders", "financial status, lineitem name, name", _Way.SHOPIFYS_ORDERS)
_KINDS: tuple[_Kind, ...] = (
    _kind("an export of abandoned checkouts", "abandoned checkout url", _Way.EXPORT_ORDERS),
    _kind("an export of abandoned checkouts", "recovery url", _Way.EXPORT_ORDERS),
    _kind("an export of draft orders", "draft order", _Way.EXPORT_ORDERS),
    _SHOPIFYS_ORDERS,
    _kind("an export of abandoned checkouts", "checkout id", _Way.EXPORT_ORDERS),
    _kind("Squarespace's export of orders", "order id, financial status, lineitem name", _Way.OTHER_ORDERS),
    _kind("an export without payments, such as Shopify's abandoned checkouts", "lineitem name", _Way.EXPORT_ORDERS),
    _kind("Matrixify's export of orders", "line type, name", _Way.OTHER_ORDERS),
    _kind("Shopify's export of products", "handle, title, vendor", _Way.PRODUCTS),
    _kind("Shopify's export of products", "url handle, title, vendor", _Way.PRODUCTS),
    _kind("Shopify's export of products", "handle, variant sku", _Way.PRODUCTS),
    _kind("Shopify's export of products", "handle, variant price", _Way.PRODUCTS),
    _kind("Shopify's export of the inventory", "handle, location, sku", _Way.EXPORT_ORDERS),
    _kind("Shopify's export of the inventory", "handle, title, on hand", _Way.EXPORT_ORDERS),
    _kind("Shopify's export of the inventory", "handle, title, available", _Way.EXPORT_ORDERS),
    _kind("Shopify's export of payouts", "payout date, charges, refunds", _Way.EXPORT_ORDERS),
    _kind("Shopify's export of payment transactions", "transaction date, payout date, net", _Way.EXPORT_ORDERS),
    _kind("Shopify's export of transactions", "order, kind, gateway, amount", _Way.EXPORT_ORDERS),
    _kind("Shopify's export of gift cards", "last characters, initial value", _Way.EXPORT_ORDERS),
    _kind("Shopify's export of gift cards", "code, initial balance", _Way.EXPORT_ORDERS),
    _kind("Shopify's export of gift cards", "code, initial value, balance", _Way.EXPORT_ORDERS),
    _kind("Shopify's export of discounts", "discount class, value type", _Way.EXPORT_ORDERS),
    _kind("Shopify's export of discounts", "name, value, times used in total", _Way.EXPORT_ORDERS),
    _kind("WooCommerce's export of orders", "date, status, customer, items sold", _Way.OTHER_ORDERS),
    _kind("WooCommerce's export of orders", "order number, order status", _Way.OTHER_ORDERS),
    _kind("WooCommerce's export of orders", "order id, order status, billing email", _Way.OTHER_ORDERS),
    _kind("WooCommerce's export of orders", "order id, status, billing email", _Way.OTHER_ORDERS),
    _kind("WooCommerce's export of orders", "order total, customer user", _Way.OTHER_ORDERS),
    _kind("WooCommerce's export of orders", "order id, order total, billing email", _Way.OTHER_ORDERS),
    _kind("WooCommerce's export of products", "type, sku, published, regular price", _Way.CUSTOMERS_INSTEAD),
    _kind("WooCommerce's export of products", "type, sku, name, published", _Way.CUSTOMERS_INSTEAD),
    _kind("Etsy's export of sold items", "sale date, item name, listing id", _Way.OTHER_ORDERS),
    _kind("Etsy's export of sold items", "sale date, item name, transaction id", _Way.OTHER_ORDERS),
    _kind("Etsy's export of orders", "sale date, order id, ship name", _Way.OTHER_ORDERS),
    _kind("Etsy's export of orders", "sale date, order id", _Way.OTHER_ORDERS),
    _kind("Etsy's export of payments", "payment id, buyer username, gross amount", _Way.CUSTOMERS_INSTEAD),
    _kind("Etsy's statement", "date, type, title, info, fees taxes, net", _Way.CUSTOMERS_INSTEAD),
    _kind("Etsy's export of listings", "title, description, quantity, tags, materials", _Way.CUSTOMERS_INSTEAD),
    _kind("Stripe's export of customers", "created utc, delinquent", _Way.CUSTOMERS),
    _kind("Stripe's export of payouts", "created utc, arrival date utc", _Way.CUSTOMERS_INSTEAD),
    _kind("Stripe's balance history", "created utc, available on utc, net", _Way.CUSTOMERS_INSTEAD),
    _kind("Stripe's export of payments", "created utc, amount, currency", _Way.OTHER_ORDERS),
    _kind("Stripe's export of payments", "created date utc, amount, currency", _Way.OTHER_ORDERS),
    _kind("Stripe's export of payments", "amount, card id, seller message", _Way.OTHER_ORDERS),
    _kind("Stripe's export of subscriptions", "customer id, plan, current period end utc", _Way.CUSTOMERS_INSTEAD),
    _kind("Square's export of sold items", "transaction id, item, gross sales", _Way.OTHER_ORDERS),
    _kind("Square's export of transactions", "transaction id, gross sales, net sales", _Way.OTHER_ORDERS),
    _kind("Square's export of items", "token, item name, variation name", _Way.CUSTOMERS_INSTEAD),
    _kind("Square's export of orders", "order, order date, fulfillment type", _Way.OTHER_ORDERS),
    _kind("Square's export of orders", "order id, order date, fulfillment status, item name", _Way.OTHER_ORDERS),
    _kind("BigCommerce's export of orders", "order id, order status, customer email", _Way.OTHER_ORDERS),
    _kind("BigCommerce's export of orders", "order id, order status, subtotal inc tax", _Way.OTHER_ORDERS),
    _kind("BigCommerce's export of orders", "order id, order status, order total inc tax", _Way.OTHER_ORDERS),
    _kind("BigCommerce's export of products", "product id, product name", _Way.CUSTOMERS_INSTEAD),
    _kind("BigCommerce's export of products", "item type, product name", _Way.CUSTOMERS_INSTEAD),
    _kind("PayPal's export of transactions", "time, gross, fee, net", _Way.OTHER_ORDERS),
    _kind("Amazon's report of orders", "amazon order id", _Way.OTHER_ORDERS),
    _kind("Amazon's report of orders", "order id, purchase date", _Way.OTHER_ORDERS),
    _kind("eBay's report of orders", "sales record number, buyer username", _Way.OTHER_ORDERS),
    _kind("Wix's export of orders", "order number, date created, total", _Way.OTHER_ORDERS),
    _kind("Magento's export of orders", "purchase point, purchase date", _Way.OTHER_ORDERS),
    _kind("Magento's export of orders", "increment id, grand total", _Way.OTHER_ORDERS),
    _kind("Magento's export of products", "sku, attribute set code", _Way.CUSTOMERS_INSTEAD),
    _kind("PrestaShop's export of orders", "reference, new client, payment", _Way.OTHER_ORDERS),
    _kind("PrestaShop's export of orders", "reference, nouveau client, paiement", _Way.OTHER_ORDERS),
    _kind("PrestaShop's export of orders", "id order, reference, total paid", _Way.OTHER_ORDERS),
    _kind("WooCommerce's export of subscriptions", "subscription id, subscription status", _Way.CUSTOMERS_INSTEAD),
    _kind("WooCommerce's export of coupons", "discount type, coupon amount", _Way.CUSTOMERS_INSTEAD),
    _kind("Etsy's export of deposits", "bank account ending digits", _Way.CUSTOMERS_INSTEAD),
    _kind("Square's export of transfers", "deposit date, deposit id", _Way.CUSTOMERS_INSTEAD),
    _kind("Stripe's export of invoices", "id, amount due, subscription", _Way.CUSTOMERS_INSTEAD),
    _kind("Stripe's export of disputes", "charge id, dispute amount", _Way.CUSTOMERS_INSTEAD),
    _kind("Amazon's report of settlements", "settlement id, order id", _Way.CUSTOMERS_INSTEAD),
    _kind("Amazon's report of listings", "item name, listing id, seller sku", _Way.CUSTOMERS_INSTEAD),
    _kind("eBay's report of transactions", "transaction creation date, payout currency", _Way.CUSTOMERS_INSTEAD),
    _kind("eBay's report of listings", "item number, available quantity, start price", _Way.CUSTOMERS_INSTEAD),
    _kind("Wix's export of products", "handle id, field type", _Way.CUSTOMERS_INSTEAD),
    _kind("Klaviyo's export of events", "event id, metric", _Way.CUSTOMERS_INSTEAD),
    _kind("Klaviyo's export of events", "metric, timestamp, profile id", _Way.CUSTOMERS_INSTEAD),
    _kind("Klaviyo's export of events", "metric name, event time", _Way.CUSTOMERS_INSTEAD),
    _kind("a report of campaigns", "subject, total recipients", _Way.CUSTOMERS_INSTEAD),
    _kind("Shopify's report of sales", "gross sales, returns, net sales", _Way.EXPORT_ORDERS),
    _kind("Shopify's export of returns", "return name, order name", _Way.EXPORT_ORDERS),
    _kind("Shopify's report of refunds", "order name, refunds", _Way.EXPORT_ORDERS),
    _kind("an export of refunds", "refund id", _Way.EXPORT_ORDERS),
    _kind("Shopify's export of changes to the inventory", "variant sku, quantity adjustment", _Way.EXPORT_ORDERS),
    _kind("Shopify's export of discount codes", "code, times used", _Way.EXPORT_ORDERS),
    _kind("Shopify's export of discount codes", "discount code, usage limit", _Way.EXPORT_ORDERS),
    _kind("an export of reviews", "rating, reviewer email", _Way.CUSTOMERS_INSTEAD),
    _kind("an export of reviews", "rating, body", _Way.CUSTOMERS_INSTEAD),
    _kind("an export of reviews", "review score, review title", _Way.CUSTOMERS_INSTEAD),
    _kind("an export of orders from here", "number, placed at, customer id", _Way.OURS),
    _kind("the report of an import", "line, column, reason, outcome", _Way.CUSTOMERS_INSTEAD),
    _kind("Google's ads or analytics report", "campaign, impressions, clicks", _Way.CUSTOMERS_INSTEAD),
    _kind("a bank statement", "date, description, amount, balance", _Way.CUSTOMERS_INSTEAD),
    _kind("a bank statement", "debit, credit, balance", _Way.CUSTOMERS_INSTEAD),
    _kind("a bank statement", "verwendungszweck, betrag", _Way.CUSTOMERS_INSTEAD),
    _kind("an export of orders", "order id, order date", _Way.OTHER_ORDERS),
    _kind("an export of orders", "order number, order date", _Way.OTHER_ORDERS),
    _kind("an export of orders", "order id, order total", _Way.OTHER_ORDERS),
    _kind("an export of orders", "order number, total", _Way.OTHER_ORDERS),
    _kind(_ANY_PRODUCTS, "product name, price", _Way.CUSTOMERS_INSTEAD),
    _kind(_ANY_PRODUCTS, "sku, price, title", _Way.CUSTOMERS_INSTEAD),
)
"""The first whose titles are all in the file. Of two kinds that share titles the more exact one comes first."""
_CUSTOMERS = _Kind("a table of customers", frozenset(), _Way.CUSTOMERS)
_WANTED = {
    ImportKind.ORDERS: "a table of orders",
    ImportKind.CUSTOMERS: "a table of customers",
    ImportKind.SUPPRESSIONS: "a suppression list",
    ImportKind.PRODUCTS: "Shopify's export of products",
}


def refuse_other_file(header: Sequence[str], wanted: ImportKind, *, fits: bool = False) -> None:
    """Refuses a file of a known other kind. `fits`: it has all columns of the wanted one, and may have any others.

    Raises: `InvalidInputError` that names the kind and what to do instead.
    """
    found = _found(header)
    if fits and found is not None and found.label in (_CUSTOMERS.label, _ANY_PRODUCTS):
        return
    if (
        found is None
        or found.way in _FITS.get(wanted, ())
        or (found is _CUSTOMERS and wanted is ImportKind.SUPPRESSIONS)
    ):
        return
    raise InvalidInputError(f"This is {found.label}, not {_WANTED[wanted]}. {found.way.value}", "file")


_FITS = {
    ImportKind.ORDERS: (_Way.SHOPIFYS_ORDERS, _Way.OTHER_ORDERS),
    ImportKind.CUSTOMERS: (_Way.CUSTOMERS,),
    ImportKind.PRODUCTS: (_Way.PRODUCTS,),
}


def is_shopifys(header: Sequence[str]) -> bool:
    """Whether these are the titles of Shopify's export of orders."""
    return _found(header) is _SHOPIFYS_ORDERS


def _found(header: Sequence[str]) -> _Kind | None:
    titles = {title_words(title) for title in header}
    kind = next((kind for kind in _KINDS if kind.titles <= titles), None)
    if kind is not None:
        return kind
    mapping = guess_mapping(header)
    return _CUSTOMERS if "email" in mapping and len(mapping) > 1 else None
