"""Reads postal addresses of files, with repairs: what cannot be kept is left out and reported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from backend.domain.addresses import LONGEST, Address
from backend.domain.phones import e164_of, plain_number
from backend.records.customers import book_item
from backend.services.concurrency.retries import StaleReadError
from backend.services.customers.addresses import first_address
from backend.services.imports.repair import Repairs
from backend.store import schema
from backend.store.port import Absent, Put

SHOPIFY_PARTS = {
    "name": "Name",
    "company": "Company",
    "street": "Address1",
    "street2": "Address2",
    "city": "City",
    "postcode": "Zip",
    "region": "Province",
    "country": "Country",
    "phone": "Phone",
}
"""Which of Shopify's columns, after "Billing" or "Shipping", is which field."""
_PARTS = (*SHOPIFY_PARTS.values(), "Street", "Province Name")
SHOPIFY_COLUMNS = tuple(f"{kind} {part}" for kind in ("Billing", "Shipping") for part in _PARTS)


class AddressReader:
    """Reads the two addresses of the rows of an order file; `home` is the shop's country."""

    def __init__(self, repairs: Repairs, home: str) -> None:
        self._repairs, self._home = repairs, home

    def read(self, row: Mapping[str, str], kind: str) -> Address | None:
        """The address of the columns that begin with `kind` ("Shipping"); None where they name no place."""
        cells = {field: row[f"{kind} {part}"] for field, part in SHOPIFY_PARTS.items()}
        titles = {field: f"{kind} {part}" for field, part in SHOPIFY_PARTS.items()}
        for field, other in (("street", "Street"), ("region", "Province Name")):
            if not cells[field]:
                cells[field], titles[field] = row[f"{kind} {other}"], f"{kind} {other}"
        return read_address(self._repairs, cells, titles, self._home)


def read_address(repairs: Repairs, cells: Mapping[str, str], titles: Mapping[str, str], home: str) -> Address | None:
    """The address of cells by field, whose columns have these titles; None where they name no place.

    `home` is the country of phone numbers without a country code where the address has none.
    """
    texts = {field: repairs.line(cells[field], titles[field], longest) for field, longest in LONGEST.items()}
    texts["postcode"] = plain_number(texts["postcode"]) or ""  # Shopify writes an apostrophe before the digits
    address = Address(**texts)
    if address.is_empty:
        return None
    country = repairs.country(cells["country"], titles["country"])
    return replace(address, country=country, phone=_phone(repairs, cells, titles, country or home))


def _phone(repairs: Repairs, cells: Mapping[str, str], titles: Mapping[str, str], region: str) -> str:
    written = repairs.phone(cells["phone"], titles["phone"]) if cells["phone"] else ""
    number = e164_of(written, region) if written else ""
    if number is None:
        repairs.note(titles["phone"], f"“{written}” is not a phone number, so the address has none.")
    return number or ""


def default_address_put(customer_id: str, address: Address) -> Put:
    """Stores the default address of a customer who has no addresses."""
    moved = StaleReadError("Somebody is changing the same customers.")
    return Put(schema.addresses_key(customer_id), book_item(first_address(address)), Absent(), moved)
