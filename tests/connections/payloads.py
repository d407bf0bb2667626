"""Payloads in the documented shapes of Shopify's and WooCommerce's webhooks, with as many odd ones as shops have."""

from __future__ import annotations

from typing import Any

Payload = dict[str, Any]


def money(amount: str, shown: str = "", currency: str = "EUR") -> Payload:
    """An amount as Shopify writes it twice: in the shop's currency and in that of the customer."""
    return {
        "shop_money": {"amount": amount, "currency_code": "USD"},
        "presentment_money": {"amount": shown or amount, "currency_code": currency if shown else "USD"},
    }


def line(title: str, quantity: int, price: str, number: int = 1, **more: Any) -> Payload:
    return {
        "id": 866550311766439020 + number,
        "name": title,
        "title": title,
        "quantity": quantity,
        "current_quantity": quantity,
        "price": price,
        "price_set": money(price),
        "sku": f"SKU-{number}",
        "gift_card": False,
        "total_discount": "0.00",
        "duties": [],
        **more,
    }


def customer(number: int = 115310627314723954, **more: Any) -> Payload:
    return {
        "id": number,
        "email": "john@example.com",
        "first_name": "John",
        "last_name": "Smith",
        "phone": None,
        "tags": "",
        "created_at": "2026-11-26T06:30:00-05:00",
        "updated_at": "2026-11-26T06:30:00-05:00",
        "email_marketing_consent": {
            "state": "not_subscribed",
            "opt_in_level": "single_opt_in",
            "consent_updated_at": None,
        },
        **more,
    }


def address(**more: Any) -> Payload:
    return {
        "first_name": "John",
        "last_name": "Smith",
        "name": "John Smith",
        "address1": "123 Elm St.",
        "address2": None,
        "city": "Ottawa",
        "zip": "K2H 7A8",
        "province": "Ontario",
        "country": "Canada",
        "country_code": "CA",
        "province_code": "ON",
        "phone": "613-555-0123",
        "company": None,
        **more,
    }


def shopify_order(number: int = 1001, **more: Any) -> Payload:
    """An order of 49.90 for two line items and 5.00 shipping, paid, with 4.99 tax on top."""
    return {
        "id": 820982911946150000 + number,
        "name": f"#{number}",
        "order_number": number,
        "number": number - 1000,
        "email": "john@example.com",
        "contact_email": "john@example.com",
        "phone": None,
        "created_at": "2026-11-26T06:55:00-05:00",
        "processed_at": "2026-11-26T06:55:00-05:00",
        "updated_at": "2026-11-26T06:55:01-05:00",
        "cancelled_at": None,
        "cancel_reason": None,
        "test": False,
        "currency": "USD",
        "presentment_currency": "USD",
        "financial_status": "paid",
        "fulfillment_status": None,
        "subtotal_price": "49.90",
        "total_discounts": "0.00",
        "total_tax": "4.99",
        "total_price": "59.89",
        "total_price_set": money(more.get("total_price", "59.89")),
        "total_tip_received": "0.00",
        "total_outstanding": "0.00",
        "taxes_included": False,
        "buyer_accepts_marketing": False,
        "payment_gateway_names": ["shopify_payments"],
        "discount_codes": [],
        "note": None,
        "tags": "",
        "line_items": [line("Wool blanket", 1, "29.90", 1), line("Candle", 2, "10.00", 2)],
        "shipping_lines": [{"title": "Standard", "price": "5.00", "discounted_price": "5.00"}],
        "refunds": [],
        "customer": customer(),
        "billing_address": address(),
        "shipping_address": address(),
        "fulfillments": [],
        **more,
    }


def shopify_refund(number: int, amount: str, order: int = 1001, **more: Any) -> Payload:
    return {
        "id": number,
        "order_id": 820982911946150000 + order,
        "created_at": "2026-11-26T07:10:00-05:00",
        "note": "Broken",
        "refund_line_items": [],
        "transactions": [
            {"id": number * 10, "kind": "refund", "status": "success", "amount": amount, "currency": "USD"}
        ],
        "order_adjustments": [],
        **more,
    }


def woo_order(number: int = 727, **more: Any) -> Payload:
    """An order of 2 shirts for 20.00 each and 10.00 shipping with 5.00 tax: 55.00."""
    person = {"first_name": "Ann", "last_name": "Lee", "company": "", "city": "Berlin", "country": "DE"}
    return {
        "id": number,
        "number": str(number),
        "status": "processing",
        "currency": "USD",
        "date_created": "2026-11-26T12:55:00",
        "date_created_gmt": "2026-11-26T11:55:00",
        "date_modified_gmt": "2026-11-26T11:55:01",
        "date_paid_gmt": "2026-11-26T11:55:01",
        "discount_total": "0.00",
        "shipping_total": "10.00",
        "total": "55.00",
        "total_tax": "5.00",
        "prices_include_tax": False,
        "customer_id": 26,
        "customer_note": "",
        "payment_method": "bacs",
        "payment_method_title": "Direct Bank Transfer",
        "billing": {**person, "email": "ann@example.com", "phone": "030 123456"},
        "shipping": person,
        "line_items": [
            {"id": 1, "name": "Shirt", "quantity": 2, "subtotal": "40.00", "total": "40.00", "price": 20, "sku": "S1"}
        ],
        "fee_lines": [],
        "coupon_lines": [],
        "refunds": [],
        **more,
    }


ODD: dict[str, Payload] = {
    "no customer, no addresses, no email": shopify_order(
        2001, customer=None, billing_address=None, shipping_address=None, email="", contact_email=None
    ),
    "only a phone": shopify_order(
        2002, customer=customer(2, email=None, phone="+16135550199"), email="", contact_email=None, phone="+16135550199"
    ),
    "a test order": shopify_order(2003, test=True, payment_gateway_names=["bogus"]),
    "a tip": shopify_order(2004, total_tip_received="5.00", total_price="64.89"),
    "a tip as a line item": shopify_order(
        2005,
        total_price="64.89",
        line_items=[line("Wool blanket", 1, "49.90"), line("Tip", 1, "5.00", 2, sku=None)],
    ),
    "a gift card by another name": shopify_order(
        2006, line_items=[line("Something nice", 1, "49.90", gift_card=True, sku=None)]
    ),
    "duties": shopify_order(
        2007, current_total_duties_set=money("3.00"), original_total_duties_set=money("3.00"), total_price="62.89"
    ),
    "presentment money": shopify_order(
        2008,
        presentment_currency="EUR",
        total_price_set=money("59.89", "55.10"),
        line_items=[line("Wool blanket", 1, "49.90", price_set=money("49.90", "45.90"))],
    ),
    "removed by an edit": shopify_order(
        2009,
        current_total_price="37.89",
        current_subtotal_price="29.90",
        current_total_tax="2.99",
        line_items=[line("Wool blanket", 1, "29.90", 1), line("Candle", 2, "10.00", 2, current_quantity=0)],
        financial_status="partially_paid",
        total_outstanding="0.00",
    ),
    "partly fulfilled": shopify_order(2010, fulfillment_status="partial"),
    "tax in the prices": shopify_order(2011, taxes_included=True, total_price="54.90"),
    "no line items": shopify_order(2012, line_items=[]),
    "free": shopify_order(
        2013, subtotal_price="0.00", total_tax="0.00", total_price="0.00", total_discounts="49.90", shipping_lines=[]
    ),
    "voided": shopify_order(2014, financial_status="voided", current_total_price="0.00"),
    "not to be paid for yet": shopify_order(2015, financial_status="pending", total_outstanding="59.89"),
    "words of formulas and scripts": shopify_order(
        2016, note="=1+1 <script>alert(1)</script>", tags="<b>, =cmd", customer=customer(3, first_name="=HYPERLINK()")
    ),
    "nulls wherever they may be": shopify_order(
        2017,
        discount_codes=None,
        shipping_lines=None,
        refunds=None,
        payment_gateway_names=None,
        total_tip_received=None,
        fulfillments=None,
        total_price="54.89",
    ),
}
REVENUE = {
    "no customer, no addresses, no email": 5989,
    "only a phone": 5989,
    "a test order": 0,
    "a tip": 6489,
    "a tip as a line item": 6489,
    "a gift card by another name": 5989 - 4990,
    "duties": 6289,
    "presentment money": 5989,
    "removed by an edit": 3789,
    "partly fulfilled": 5989,
    "tax in the prices": 5490,
    "no line items": 5989,
    "free": 0,
    "voided": 0,
    "not to be paid for yet": 5989,
    "words of formulas and scripts": 5989,
    "nulls wherever they may be": 5489,
}
"""What each adds to the shop's revenue, in cents."""
