"""A Shopify order export of any size, always the same for the same arguments: what imports are measured with."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

_COLUMNS = (
    "Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Accepts Marketing,Currency,Subtotal,Shipping,"
    "Taxes,Total,Discount Code,Discount Amount,Shipping Method,Created at,Lineitem quantity,Lineitem name,"
    "Lineitem price,Lineitem compare at price,Lineitem sku,Lineitem requires shipping,Lineitem taxable,"
    "Lineitem fulfillment status,Billing Name,Billing Street,Billing Address1,Billing Address2,Billing Company,"
    "Billing City,Billing Zip,Billing Province,Billing Country,Billing Phone,Shipping Name,Shipping Street,"
    "Shipping Address1,Shipping Address2,Shipping Company,Shipping City,Shipping Zip,Shipping Province,"
    "Shipping Country,Shipping Phone,Notes,Note Attributes,Cancelled at,Payment Method,Payment Reference,"
    "Refunded Amount,Vendor,Outstanding Balance,Employee,Location,Device ID,Id,Tags,Risk Level,Source,"
    "Lineitem discount,Tax 1 Name,Tax 1 Value,Tax 2 Name,Tax 2 Value,Tax 3 Name,Tax 3 Value,Tax 4 Name,Tax 4 Value,"
    "Tax 5 Name,Tax 5 Value,Phone,Receipt Number,Duties,Billing Province Name,Shipping Province Name,Payment ID,"
    "Payment Terms Name,Next Payment Due At,Payment References"
)
_HEADER = tuple(next(csv.reader([_COLUMNS])))
_FIRST = ("Maria", "Jürgen", "Aiko", "Noah", "Zoë", "Liam", "Ana", "Omar", "Priya", "Chloé", "Ivan", "Quinn")
_LAST = ("Silva", "Müller", "Tanaka", "Smith", "García", "Novak", "Okafor", "Rossi", "Dubois", "Kim", "Reyes")
_TEAS = ("Assam", "Darjeeling", "Sencha", "Oolong", "Rooibos", "Matcha", "Mint", "Chai", "Jasmine", "Lapsang")
_PLACES = (("Berlin", "DE"), ("Lyon", "FR"), ("Austin", "US"), ("Leeds", "GB"), ("Porto", "PT"), ("Osaka", "JP"))
_SEGMENTS = ("Retail", "Wholesale", "Club")
_START = datetime(2022, 1, 1, 9, tzinfo=UTC)
_DAYS = 1400
CUSTOMERS_A_HUNDRED_ORDERS = 16
"""As in the real shop's export that the tests import: 793 customers placed 5,009 orders."""


def write_shopify_file(
    path: Path, orders: int, *, seed: int = 1, currency: str = "USD", customers: int | None = None
) -> int:
    """Writes an export of that many orders (two line items on average), oldest first; returns the number of rows.

    `customers` is how many people the orders are spread over, a few of whom order very often.
    """
    chance = Random(seed)  # noqa: S311 - it must be the same every time
    people = customers or max(orders * CUSTOMERS_A_HUNDRED_ORDERS // 100, 1)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, _HEADER, restval="")
        writer.writeheader()
        count = 0
        for number in range(orders):
            placed = _START + timedelta(minutes=number * _DAYS * 1440 // orders)
            for row in _order(chance, number, people, placed, currency):
                writer.writerow(row)
                count += 1
    return count


def _order(chance: Random, number: int, people: int, placed: datetime, currency: str) -> Iterator[dict[str, object]]:
    who = min(int(people * chance.random() ** 1.6), people - 1)
    lines = [_line(chance) for _ in range(chance.choice((1, 1, 2, 2, 3, 3)))]
    subtotal = sum(price * quantity for price, quantity, _ in lines)
    shipping = chance.choice((0, 490, 990))
    cancelled, refunded = chance.random() < 0.02, chance.random() < 0.03
    total = subtotal + shipping
    name, email = f"#{1001 + number}", f"customer{who}@example.com"
    city, country = _PLACES[who % len(_PLACES)]
    person = f"{_FIRST[who % len(_FIRST)]} {_LAST[who // len(_FIRST) % len(_LAST)]}"
    order: dict[str, object] = {
        "Financial Status": "partially_refunded" if refunded else "paid",
        "Paid at": _moment(placed),
        "Fulfillment Status": "" if cancelled else "fulfilled",
        "Accepts Marketing": "yes" if who % 3 else "no",
        "Currency": currency,
        "Subtotal": _amount(subtotal),
        "Shipping": _amount(shipping),
        "Taxes": _amount(subtotal * 19 // 119),
        "Total": _amount(total),
        "Discount Amount": "0.00",
        "Shipping Method": "Standard",
        "Billing Name": person,
        "Billing Street": f"{who % 200 + 1} High Street",
        "Billing City": city,
        "Billing Country": country,
        "Shipping Name": person,
        "Shipping City": city,
        "Shipping Country": country,
        "Cancelled at": _moment(placed + timedelta(days=1)) if cancelled else "",
        "Payment Method": "Shopify Payments",
        "Refunded Amount": _amount(total // 4 if refunded else 0),
        "Outstanding Balance": "0.00",
        "Id": 5_000_000_000 + number,
        "Tags": _SEGMENTS[who % len(_SEGMENTS)],
        "Risk Level": "Low",
        "Source": "web",
    }
    for place, (price, quantity, title) in enumerate(lines):
        item: dict[str, object] = {
            "Name": name,
            "Email": email,
            "Created at": _moment(placed),
            "Lineitem quantity": quantity,
            "Lineitem name": title,
            "Lineitem price": _amount(price),
            "Lineitem sku": f"TEA-{price}",
            "Vendor": "Tillpost Teas",
        }
        yield item | order if place == 0 else item


def _line(chance: Random) -> tuple[int, int, str]:
    """Price in hundredths, quantity, title."""
    tea = chance.randrange(len(_TEAS))
    grams = chance.choice((50, 100, 250))
    return (tea + 3) * grams, chance.choice((1, 1, 1, 2, 3)), f'{_TEAS[tea]} tea, {grams} g "loose"'


def _amount(hundredths: int) -> str:
    return f"{hundredths // 100}.{hundredths % 100:02}"


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} +0000"
