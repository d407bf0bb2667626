"""The data of a message, packed so small that the message stays below a kilobyte, which is one write unit.

Data of emails repeat the same words. zlib is given them beforehand, and then needs two thirds of what it needs alone.
"""

from __future__ import annotations

import zlib

_WORDS = (
    b'"tags":[],"member":{"username":"","invitation_url":"https://","unsubscribe_url":"https://","verify_url":"https://'
    b'/api/mail/unsubscribe/.eJyL/api/mail/verify/.eJyL","fields":{"refund":{"amount":0,"at":"202'
    b'"status":"pending","status":"cancelled","status":"refunded","status":"fulfilled","currency":"GBP","currency":"EUR"'
    b'"country":"GB","country_name":"United Kingdom","country":"US","country_name":"United States"'
    b'"country":"DE","country_name":"Germany"@gmail.com"@example.com","example.com/'
    b'{"links":{"view_url":"https://www.shop.com/api/mail/view/.eJyLVrI","preferences_url":"https://www.shop.com/api/mail'
    b'/preferences/.eJyLVrI"},"customer":{"id":"","name":"","first_name":"","email":"","phone":"","city":"","country":"",'
    b'"country_name":"","address_lines":["","",""]},"order":{"id":"202","number":"T","status":"paid","placed_at":"202'
    b':00.000000Z","currency":"USD","lines":[{"title":"","quantity":1,"unit_price":00,"amount":00,"sku":""},{"title":"","'
    b'quantity":2,"unit_price":90,"amount":90,"sku":""}],"count":1,"subtotal":00,"discount":0,"discount_code":"",'
    b'"shipping":0,"tax":0,"total":00,"refunded":0,"remaining":00}}'
)
"""Must stay as it is, because what is packed can be read by the same words only."""


def packed_small(document: bytes) -> bytes:
    """The document in zlib's format (RFC 1950), with our words as its preset dictionary."""
    packer = zlib.compressobj(level=9, zdict=_WORDS)
    return packer.compress(document) + packer.flush()


def unpacked_small(data: bytes) -> bytes:
    """What `packed_small` packed, or zlib alone.

    Raises: `zlib.error` for anything else.
    """
    reader = zlib.decompressobj(zdict=_WORDS)
    document = reader.decompress(data) + reader.flush()
    if not reader.eof:
        raise zlib.error("The data breaks off.")
    return document
