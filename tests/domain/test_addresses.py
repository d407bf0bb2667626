"""What a postal address is, and how it is written."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backend.domain.addresses import MOST_ADDRESSES, Address, AddressBook, KnownAddress, clean_address
from backend.errors import InvalidInputError

HOME = Address("Maria Lopez", "", "Lindenstr. 5", "", "Berlin", "10969", "", "de", "030 901820")


def test_what_was_typed_is_cleaned() -> None:
    typed = replace(HOME, name="  Maria Lopez ")
    assert clean_address(typed, "US") == replace(HOME, country="DE", phone="+4930901820")


def test_a_phone_without_a_country_code_is_one_of_the_shops_country() -> None:
    assert clean_address(replace(HOME, country=""), "DE").phone == "+4930901820"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"street": "", "city": "", "postcode": ""}, "street"),
        ({"phone": "call me"}, "phone"),
        ({"country": "Germany"}, "country"),
        ({"postcode": "1" * 21}, "postcode"),
        ({"city": "Ber\nlin"}, "city"),
    ],
)
def test_what_is_no_address_is_refused_with_its_field(changes: dict[str, str], field: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        clean_address(replace(HOME, **changes))
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("address", "last"),
    [
        (HOME, "10969 Berlin"),
        (Address(city="Portland", region="OR", postcode="97205", country="US"), "Portland, OR 97205"),
        (Address(city="London", postcode="N1 9GU", country="GB"), "London, N1 9GU"),
        (Address(city="Milano", region="MI", postcode="20121", country="IT"), "20121 Milano, MI"),
    ],
)
def test_the_postcode_is_where_the_country_writes_it(address: Address, last: str) -> None:
    assert address.lines[-1] == last


def test_the_first_address_is_the_default_and_another_can_become_it() -> None:
    home, work = KnownAddress("A", HOME), KnownAddress("B", replace(HOME, street="Am Markt 1"))
    book = AddressBook().having(home).having(work)
    assert book.default == HOME
    assert book.having(work, default=True).default == work.address
    assert book.without("A").default == work.address
    moved = replace(home, address=replace(HOME, city="Potsdam"))
    assert book.having(moved).entries == (moved, work)


def test_a_customer_has_so_many_addresses_at_most() -> None:
    book = AddressBook(tuple(KnownAddress(str(number), HOME) for number in range(MOST_ADDRESSES)))
    assert book.having(KnownAddress("7", HOME)).entries == book.entries
    with pytest.raises(InvalidInputError):
        book.having(KnownAddress("new", HOME))
