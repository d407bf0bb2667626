"""The data of messages is packed small, and everything that was ever packed is read."""

from __future__ import annotations

import zlib

import pytest

from backend.services.sending.composition import packed_small, unpacked_small

USUAL = (
    b'{"links":{"view_url":"https://tea.example/api/mail/view/.eJyLVrII8AjxC4n0MDZT0kHi6BanJufnpQDFlGIBvgkKJg.x.6sDOSkd6",'
    b'"preferences_url":"https://tea.example/api/mail/preferences/.eJyLVrII8AjxC4n0MDZT0kHi6BanJufnpQDFlGIBvgkKJg.x.TvLY"},'
    b'"customer":{"id":"8PHTNTYH36","name":"Maria Lopez","first_name":"Maria","email":"maria@example.com","phone":"",'
    b'"city":"","country":"DE","country_name":"Germany","address_lines":["Maria Lopez","Germany"]},"order":{"id":"2",'
    b'"number":"T261125-0119-GQ3","status":"paid","placed_at":"2026-11-25T01:19:47.440855Z","currency":"USD","lines":['
    b'{"title":"Assam tea","quantity":2,"unit_price":1290,"amount":2580,"sku":"TEA-1"}],"count":2,"subtotal":2580,'
    b'"discount":0,"discount_code":"","shipping":590,"tax":0,"total":3170,"refunded":0,"remaining":3170}}'
)
PACKED = "78f9e12f69e7ab4689656874f8261665262a21073cd434130333a01e00d9e11158"


@pytest.mark.parametrize("document", [USUAL, b"", b"{}", "Grüße".encode() * 50_000, bytes(range(256))])
def test_what_is_packed_is_read_back(document: bytes) -> None:
    assert unpacked_small(packed_small(document)) == document


def test_what_was_packed_before_there_were_words_is_read() -> None:
    assert unpacked_small(zlib.compress(USUAL)) == USUAL


def test_usual_data_needs_two_thirds_of_what_zlib_needs_alone() -> None:
    assert len(packed_small(USUAL)) < 0.67 * len(zlib.compress(USUAL))


def test_the_words_are_those_that_messages_were_packed_with() -> None:
    """Bytes of an earlier day: if this fails, the words were changed, and no stored message can be read any more."""
    assert unpacked_small(bytes.fromhex(PACKED)) == b'{"customer":{"name":"Maria"},"order":{"total":4060}}'


@pytest.mark.parametrize("data", [b"", b"nothing", zlib.compress(USUAL)[:-5], packed_small(USUAL)[:-5]])
def test_what_is_damaged_is_refused(data: bytes) -> None:
    with pytest.raises(zlib.error):
        unpacked_small(data)
