"""Tables of orders of other programs, with the titles and values that these write."""
# ruff: noqa: E501 - rows of tables

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from backend.domain.imports import OrderMapping
from backend.domain.orders import Order, OrderStatus
from backend.errors import InvalidInputError
from backend.services.context import Shop
from backend.services.imports import import_orders
from backend.services.imports.order_merge import UNLISTED
from backend.services.imports.remembered import mapping_of, remembered_or_proposed
from backend.services.orders.changes import get_order
from backend.services.orders.lists import OrderFilter, list_orders
from tests.recount import assert_totals_hold
from tests.services.imports.shopify_csv import faults, written
from tests.support import STAFF

ETSY_ITEMS = """\
Sale Date,Item Name,Buyer,Quantity,Price,Coupon Code,Coupon Details,Discount Amount,Shipping Discount,Order Shipping,\
Order Sales Tax,Item Total,Currency,Transaction ID,Listing ID,Date Paid,Date Shipped,Ship Name,Ship Address1,\
Ship Address2,Ship City,Ship State,Ship Zipcode,Ship Country,Order ID,Variations,Order Type,Listings Type,\
Payment Type,InPerson Discount,InPerson Location,VAT Paid by Buyer,SKU
08/14/26,Fox card,fox42,2,5.00,,,,,4.50,0.62,10.00,USD,4001,9001,08/14/26,08/15/26,Jane Doe,1 Main St,,Austin,TX,\
78701,United States,3001,Style: Matte,online,listing,online_cc,,,,FOX-01
08/14/26,Fox sticker,fox42,1,3.00,,,,,0.00,0.00,3.00,USD,4002,9002,08/14/26,08/15/26,Jane Doe,1 Main St,,Austin,TX,\
78701,United States,3001,,online,listing,online_cc,,,,FOX-ST
09/02/26,Bear card,bob7,1,5.00,HI10,10% off,0.50,,4.50,0.00,5.00,USD,4003,9003,09/02/26,,Bob Roe,2 Oak Ave,,Denver,CO,\
80202,United States,3002,,online,listing,paypal,,,,BEAR-01
"""
ETSY_ORDERS = """\
Sale Date,Order ID,Buyer User ID,Full Name,First Name,Last Name,Number of Items,Payment Method,Date Shipped,Street 1,\
Street 2,Ship City,Ship State,Ship Zipcode,Ship Country,Currency,Order Value,Coupon Code,Coupon Details,Discount Amount,\
Shipping Discount,Shipping,Sales Tax,Order Total,Status,Card Processing Fees,Order Net,Adjusted Order Total,\
Adjusted Card Processing Fees,Adjusted Net Order Amount,Buyer,Order Type,Payment Type,InPerson Discount,\
InPerson Location,SKU
08/14/26,3001,fox42,Jane Doe,Jane,Doe,3,Credit Card,08/15/26,1 Main St,,Austin,TX,78701,United States,USD,13.00,,,0.00,\
0.00,4.50,0.62,18.12,Completed,1.20,16.92,0.00,0.00,0.00,Jane Doe (fox42),online,online_cc,,,"FOX-01,FOX-ST"
09/02/26,3002,bob7,Bob Roe,Bob,Roe,1,Credit Card,,2 Oak Ave,,Denver,CO,80202,United States,USD,5.00,HI10,10% off,0.50,\
0.00,4.50,0.00,9.00,Paid,0.75,8.25,4.00,0.50,3.50,Bob Roe (bob7),online,online_cc,,,BEAR-01
"""
SQUARE_ITEMS = """\
Date,Time,Time Zone,Category,Item,Qty,Price Point Name,SKU,Modifiers Applied,Gross Sales,Discounts,Net Sales,Tax,\
Transaction ID,Payment ID,Device Name,Notes,Details,Event Type,Location,Dining Option,Customer ID,Customer Name,\
Customer Reference ID,Unit,Count
2026-09-20,09:00:00,Eastern Time (US & Canada),Prints,Fern print,1.0,Regular,FERN-1,,-$12.00,$0.00,-$12.00,-$0.96,SQB,\
PB2R,iPad,,,Refund,Fair,,,,,ea,1
2026-09-13,11:40:00,Eastern Time (US & Canada),Prints,Fern print,2.0,Large,FERN-1,,$24.00,$0.00,$24.00,$1.92,SQB,PB2,\
iPad,,,Payment,Fair,,,,,ea,2
2026-09-13,10:02:11,Eastern Time (US & Canada),Ceramics,Mug,1.0,Regular,MUG-1,,$18.00,-$3.00,$15.00,$1.20,SQA,PA1,iPad,\
,,Payment,Fair,,CUST1,Dee Example,,ea,1
"""
SQUARE_TRANSACTIONS = """\
Date,Time,Time Zone,Gross Sales,Discounts,Service Charges,Net Sales,Gift Card Sales,Tax,Tip,Partial Refunds,\
Total Collected,Source,Card,Card Entry Methods,Cash,Fees,Net Total,Transaction ID,Payment ID,Description,Event Type,\
Customer ID,Customer Name,Transaction Status
2026-09-13,10:02:11,Eastern Time (US & Canada),$30.00,-$3.00,$0.00,$27.00,$0.00,$2.16,$2.00,$0.00,$31.16,Point of Sale,\
$31.16,Tap,$0.00,-$0.93,$30.23,SQT,PA1,"Mug x 1, Fern print x 1",Payment,CUST1,Dee Example,Complete
"""
BIGCOMMERCE = """\
Order ID,Customer ID,Customer Name,Customer Email,Customer Phone,Order Date,Order Status,Subtotal (inc tax),\
Subtotal (ex tax),Tax Total,Shipping Cost (inc tax),Shipping Cost (ex tax),Order Total (inc tax),Order Total (ex tax),\
Refund Amount,Payment Method,Order Currency Code,Order Notes,Billing First Name,Billing Last Name,Billing Street 1,\
Billing Suburb,Billing State,Billing Zip,Billing Country,Product Details
117,9,Ada Smith,ada@example.com,,28/10/2026,Awaiting Fulfillment,55.00,50.00,6.00,11.00,10.00,66.00,60.00,0.00,Card,\
USD,,Ada,Smith,1 High St,Leeds,,LS1,United Kingdom,"Product ID: 77, Product Qty: 2, Product SKU: TEA-1, Product Name: \
Assam tea, Product Weight: 0.5000, Product Variation Details: , Product Unit Price: 20.00, Product Total Price: 40.00|\
Product ID: 78, Product Qty: 1, Product SKU: POT, Product Name: Pot, lidded, Product Weight: 1, Product Variation \
Details: Size: L, Product Unit Price: 10.00, Product Total Price: 10.00"
118,9,Ada Smith,ada@example.com,,29/10/2026,Incomplete,5.00,5.00,0.00,0,0,5.00,5.00,0.00,Card,USD,,Ada,Smith,,,,,,""
119,9,Ada Smith,ada@example.com,,29/10/2026,Teleported,5.00,5.00,0.00,0,0,5.00,5.00,0.00,Card,USD,,Ada,Smith,,,,,,""
"""
WOOCOMMERCE = """\
Order Number,Order Status,Order Date,Customer Note,First Name (Billing),Last Name (Billing),Address 1&2 (Billing),\
City (Billing),Postcode (Billing),Country Code (Billing),Email (Billing),Phone (Billing),First Name (Shipping),\
Last Name (Shipping),City (Shipping),Country Code (Shipping),Payment Method Title,Cart Discount Amount,\
Order Subtotal Amount,Order Shipping Amount,Order Refund Amount,Order Total Amount,Order Total Tax Amount,SKU,Item #,\
Item Name,Quantity (- Refund),Item Cost,Coupon Code,Discount Amount
501,Completed,2026-03-02 10:00,,Maria,Lopez,1 Street,Madrid,28001,ES,maria@example.com,,Maria,Lopez,Madrid,ES,Card,2.00,\
26.00,4.00,3.00,30.00,2.00,TEA-1,1,Assam tea,2,10.00,HI,2.00
501,Completed,2026-03-02 10:00,,Maria,Lopez,1 Street,Madrid,28001,ES,maria@example.com,,Maria,Lopez,Madrid,ES,Card,2.00,\
26.00,4.00,3.00,30.00,2.00,POT,2,Pot,1,6.00,HI,2.00
"""
STRIPE = """\
id,Created (UTC),Amount,Amount Refunded,Currency,Captured,Converted Amount,Fee,Status,Description,Customer ID,\
Customer Email,Invoice ID
ch_1,2026-06-05 23:38:34,31.25,1.25,usd,true,31.25,0.90,Paid,Gift box,cus_7,ada@example.com,
ch_2,2026-06-06 08:00:00,5.00,0.00,usd,false,5.00,0.00,Failed,,,,
"""


def orders_in(shop: Shop) -> dict[str, Order]:
    """All orders by number."""
    found = list_orders(shop, OrderFilter(date(2026, 1, 1), date(2026, 12, 31))).orders
    return {each.number: get_order(shop, each.customer_id, each.id) for each in found}


def test_etsy_items_are_grouped_by_order(shop: Shop, tmp_path: Path) -> None:
    result = import_orders(shop, STAFF, written(tmp_path, ETSY_ITEMS))
    first, second = (orders_in(shop)[number] for number in ("3001", "3002"))
    assert (result.orders.created, result.customers.created, result.report) == (2, 2, None)
    assert [(line.title, line.quantity, line.unit_price) for line in first.lines] == [
        ("Fox card - Style: Matte", 2, 500),
        ("Fox sticker", 1, 300),
    ]
    assert (first.total, first.shipping, first.tax, first.status) == (1812, 450, 62, OrderStatus.FULFILLED)
    assert (second.total, second.discount, second.subtotal, second.status) == (900, 50, 450, OrderStatus.PAID)
    assert first.shipping_address is not None
    assert (first.shipping_address.city, first.country, first.source) == ("Austin", "US", "etsy")
    assert_totals_hold(shop)


def test_etsys_two_files_are_the_same_orders(shop: Shop, tmp_path: Path) -> None:
    import_orders(shop, STAFF, written(tmp_path, ETSY_ITEMS))
    items = orders_in(shop)["3001"].lines
    result = import_orders(shop, STAFF, written(tmp_path, ETSY_ORDERS))
    first, second = (orders_in(shop)[number] for number in ("3001", "3002"))
    assert (result.orders.created, result.customers.created) == (0, 0)
    assert first.lines == items
    assert (first.total, second.total, second.refunded) == (1812, 900, 500)
    assert_totals_hold(shop)


def test_etsy_orders_alone_have_one_line_for_what_they_came_to(shop: Shop, tmp_path: Path) -> None:
    import_orders(shop, STAFF, written(tmp_path, ETSY_ORDERS))
    order = orders_in(shop)["3002"]
    assert [(line.title, line.amount) for line in order.lines] == [(UNLISTED, 500)]
    assert (order.subtotal, order.discount, order.total) == (450, 50, 900)


def test_square_items_add_up_and_refunds_are_no_items(shop: Shop, tmp_path: Path) -> None:
    result = import_orders(shop, STAFF, written(tmp_path, SQUARE_ITEMS))
    refunded, order = (orders_in(shop)[number] for number in ("SQB", "SQA"))
    assert result.orders.created == 2
    assert [(line.title, line.quantity, line.unit_price) for line in refunded.lines] == [
        ("Fern print - Large", 2, 1200)
    ]
    assert (refunded.total, refunded.refunded) == (2592, 1296)
    assert (order.total, order.discount, order.tax) == (1620, 300, 120)
    assert_totals_hold(shop)


def test_square_transactions_have_tips(shop: Shop, tmp_path: Path) -> None:
    import_orders(shop, STAFF, written(tmp_path, SQUARE_TRANSACTIONS))
    order = orders_in(shop)["SQT"]
    assert (order.total, order.tip, order.subtotal, order.discount) == (3116, 200, 2700, 300)
    assert order.note == "Mug x 1, Fern print x 1"


def test_bigcommerce_packs_items_and_has_statuses_of_its_own(shop: Shop, tmp_path: Path) -> None:
    result = import_orders(shop, STAFF, written(tmp_path, BIGCOMMERCE))
    order = orders_in(shop)["117"]
    assert [(line.title, line.quantity, line.unit_price, line.sku) for line in order.lines] == [
        ("Assam tea", 2, 2000, "TEA-1"),
        ("Pot, lidded - Size: L", 1, 1000, "POT"),
    ]
    assert (order.total, order.tax, order.shipping, order.status) == (6600, 600, 1000, OrderStatus.PAID)
    said = {row["Order"]: (row["Reason"], row["Outcome"]) for row in faults(result)}
    assert said[""] == ("Order 118: “Incomplete” is no order yet, or none any more.", "skipped")
    assert said["119"] == ("“Teleported” is not a known financial status. It counts as pending.", "repaired")


def test_woocommerce_repeats_the_order_in_each_row(shop: Shop, tmp_path: Path) -> None:
    import_orders(shop, STAFF, written(tmp_path, WOOCOMMERCE))
    order = orders_in(shop)["501"]
    assert [line.title for line in order.lines] == ["Assam tea", "Pot"]
    assert (order.total, order.refunded, order.discount, order.subtotal) == (3000, 300, 200, 2400)
    assert (order.customer_name, order.customer_email, order.status) == (
        "Maria Lopez",
        "maria@example.com",
        OrderStatus.FULFILLED,
    )
    assert order.billing_address is not None
    assert order.billing_address.street == "1 Street"


def test_stripe_times_are_utc(shop: Shop, tmp_path: Path) -> None:
    import_orders(shop, STAFF, written(tmp_path, STRIPE))
    order, failed = (orders_in(shop)[number] for number in ("ch_1", "ch_2"))
    assert order.placed_at == datetime(2026, 6, 5, 23, 38, 34, tzinfo=UTC)
    assert (order.total, order.refunded, order.note) == (3125, 125, "Gift box")
    assert failed.status is OrderStatus.CANCELLED


def test_a_mapping_is_remembered_for_the_same_titles(shop: Shop, tmp_path: Path) -> None:
    table = "Beleg;Wann;Wer;Was;Stück;Betrag\nA-1;02.03.2026;Maria;Tee;2;1.234,50\nA-1;;;Kanne;1;6,00\n"
    columns = {"number": "Beleg", "date": "Wann", "name": "Wer", "item": "Was", "quantity": "Stück", "price": "Betrag"}
    path = written(tmp_path, table)
    with pytest.raises(InvalidInputError, match="needs a column for: Order number"):
        import_orders(shop, STAFF, path)
    import_orders(shop, STAFF, path, mapping=OrderMapping("Till in the shop", columns))
    order = orders_in(shop)["A-1"]
    assert (order.total, order.source, len(order.lines)) == (247500, "till-in-the-shop", 2)
    assert remembered_or_proposed(shop, table.split("\n")[0].split(";")) == OrderMapping("till-in-the-shop", columns)
    assert import_orders(shop, STAFF, path).orders.unchanged == 1


def test_a_total_that_differs_within_an_order_is_no_total(shop: Shop, tmp_path: Path) -> None:
    result = import_orders(
        shop, STAFF, written(tmp_path, "Order ID,Date,Item,Total\nX,2026-03-02,Tea,5\nY,2026-03-02,Tea,5\nX,,Pot,6\n")
    )
    assert (result.orders.created, result.orders.failed) == (1, 1)
    assert "differs within the order" in faults(result)[0]["Reason"]


def test_a_price_that_the_total_needs_costs_its_order(shop: Shop, tmp_path: Path) -> None:
    result = import_orders(
        shop, STAFF, written(tmp_path, "Order ID,Date,Item,Price\nX,2026-03-02,Tea,five\nY,2026-03-02,Tea,5\n")
    )
    assert (result.orders.created, faults(result)[0]["Column"]) == (1, "Price")


def test_a_corrected_column_leaves_the_others_as_recognised(shop: Shop) -> None:
    header = ETSY_ITEMS.splitlines()[0].split(",")
    proposed = remembered_or_proposed(shop, header)
    assert proposed is not None
    found = mapping_of(shop, header, {"name": "Buyer", "discount": ""}, "")
    assert found.source == "etsy"
    assert found.columns == {
        field: title for field, title in {**proposed.columns, "name": "Buyer"}.items() if field != "discount"
    }


def test_with_columns_that_are_asked_for_any_table_is_one_of_orders(shop: Shop) -> None:
    header = ["Date", "Description", "Amount", "Balance", "Reference"]
    with pytest.raises(InvalidInputError, match="This is a bank statement"):
        mapping_of(shop, header, {}, "")
    assert mapping_of(shop, header, {"number": "Reference", "total": "Amount"}, "Bank").source == "bank"
