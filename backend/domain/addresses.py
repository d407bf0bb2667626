"""Postal addresses: what one holds, how it is checked, and a customer's addresses with the default one first."""

from __future__ import annotations

from dataclasses import dataclass, replace

from backend.domain.customers import clean_country
from backend.domain.phones import LONGEST as LONGEST_PHONE
from backend.domain.phones import e164_of
from backend.domain.text import SHORT_LENGTH, clean_line
from backend.errors import InvalidInputError

MOST_ADDRESSES = 50
"""So that they fit into one item, whatever is written in them."""
LONGEST = {
    "name": 255,
    "company": 255,
    "street": 255,
    "street2": 255,
    "city": 255,
    "postcode": 20,
    "region": SHORT_LENGTH,
}
"""The longest text of each field, in characters."""
_LABELS = {
    "name": "Name",
    "company": "Company",
    "street": "Street and number",
    "street2": "Apartment, suite",
    "city": "City",
    "postcode": "Postcode",
    "region": "State or region",
}
_CITY_FIRST = frozenset(
    "US CA AU NZ GB IE IN JP KR CN TW HK SG TH MY PH ID PK BD ZA NG KE GH EG SA AE QA KW CO PE VE".split()  # noqa: SIM905
)
"""Countries that write the postcode after the city (Universal Postal Union, S42); the others write it before."""


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address. Any field may be "".

    `country` is an ISO 3166 code, `region` a state, province or prefecture as its source writes it, `phone` in E.164.
    """

    name: str = ""
    company: str = ""
    street: str = ""
    street2: str = ""
    city: str = ""
    postcode: str = ""
    region: str = ""
    country: str = ""
    phone: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether it says nothing of where somebody lives: a name and a phone alone are no address."""
        return not (self.street or self.street2 or self.city or self.postcode or self.region)

    @property
    def lines(self) -> list[str]:
        """The address as it is written on an envelope, without the country."""
        return [line for line in (self.name, self.company, self.street, self.street2, self._place()) if line]

    def _place(self) -> str:
        if self.country in _CITY_FIRST:
            place = ", ".join(filter(None, (self.city, " ".join(filter(None, (self.region, self.postcode))))))
        else:
            city = " ".join(filter(None, (self.postcode, self.city)))
            place = ", ".join(filter(None, (city, self.region)))
        return place


@dataclass(frozen=True, slots=True)
class KnownAddress:
    """One of a customer's addresses. Its id stays when the address is changed."""

    id: str
    address: Address


@dataclass(frozen=True, slots=True)
class AddressBook:
    """A customer's addresses; the first one is the default. `version` counts changes, 0 while there is none."""

    entries: tuple[KnownAddress, ...] = ()
    version: int = 0

    @property
    def default(self) -> Address | None:
        """The address that new orders go to."""
        return self.entries[0].address if self.entries else None

    def find(self, address_id: str) -> KnownAddress | None:
        return next((entry for entry in self.entries if entry.id == address_id), None)

    def having(self, entry: KnownAddress, *, default: bool = False) -> AddressBook:
        """With this address in the place of the one with its id, else as a further one; first of all if `default`.

        Raises: `InvalidInputError` when there are too many.
        """
        others = tuple(each for each in self.entries if each.id != entry.id)
        if len(others) >= MOST_ADDRESSES:
            raise InvalidInputError(f"A customer can have {MOST_ADDRESSES} addresses at most.", "address")
        if default or not others:
            return replace(self, entries=(entry, *others))
        if self.find(entry.id) is None:
            return replace(self, entries=(*self.entries, entry))
        return replace(self, entries=tuple(entry if each.id == entry.id else each for each in self.entries))

    def without(self, address_id: str) -> AddressBook:
        """Without this address; the next one becomes the default if it was."""
        return replace(self, entries=tuple(each for each in self.entries if each.id != address_id))


def clean_address(address: Address, home: str = "") -> Address:
    """An address that somebody has typed, in the form in which it is stored. `home` is the shop's country.

    Raises: `InvalidInputError` naming the field.
    """
    texts = {
        name: clean_line(getattr(address, name), label, longest=LONGEST[name], field=name)
        for name, label in _LABELS.items()
    }
    country = clean_country(address.country)
    clean = Address(**texts, country=country, phone=clean_phone(address.phone, country or home))
    if clean.is_empty:
        raise InvalidInputError("The address needs a street, a city or a postcode.", "street")
    return clean


def clean_phone(text: str, region: str) -> str:
    """The number in E.164, or "". `region` is the country of numbers without a country code.

    Raises: `InvalidInputError`.
    """
    typed = clean_line(text, "Phone", longest=LONGEST_PHONE)
    number = e164_of(typed, region) if typed else ""
    if number is None:
        raise InvalidInputError(
            f"“{typed}” is not a phone number. Write it with the country code, such as +49 30 123456.", "phone"
        )
    return number
