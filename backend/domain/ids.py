"""Identifiers: short, sortable where that helps, and readable over the telephone (no I, L, O or U)."""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, datetime

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CUSTOMER_LENGTH = 10
_RANDOM_LENGTH = 8
_TOKEN_LENGTH = 16
_ENTRY_LENGTH = 6
_STAMP, _STAMP_LENGTH = "%Y%m%d%H%M%S", 14


class _Digits(dict[int, str]):
    """Maps our characters to those of Python's base 32; others count as zero."""

    def __missing__(self, character: int) -> str:
        return "0"


_LETTERS = bytes(ord(_ALPHABET[byte % 32]) for byte in range(256))
"""A letter of the alphabet for each byte of a digest."""
_DIGITS = _Digits(zip(map(ord, _ALPHABET), "0123456789ABCDEFGHIJKLMNOPQRSTUV", strict=True))


def new_customer_id() -> str:
    """Ten characters, 50 random bits. Customer ids are created on condition that they are free."""
    return _random(_CUSTOMER_LENGTH)


def is_our_id(text: str) -> bool:
    """Whether it may be a customer's id. Ids of other programs are often only digits, these hardly ever are."""
    return len(text) == _CUSTOMER_LENGTH and set(text) <= set(_ALPHABET) and not text.isdecimal()


def customer_number(customer_id: str) -> int:
    """The id as an integer below 2**50. Any text is accepted; characters outside the alphabet count as zero."""
    return int(customer_id[:_CUSTOMER_LENGTH].translate(_DIGITS) or "0", 32)


def new_order_id(now: datetime) -> str:
    """An order id for a form that is drawn now: it is the form's idempotency key, and sorts by time."""
    return f"{_stamp(now)}{_random(_RANDOM_LENGTH)}"


def new_change_id(now: datetime) -> str:
    """The id of a recorded change, which sorts by time."""
    return f"{_stamp(now)}{_random(_RANDOM_LENGTH)}"


def new_draft_id(now: datetime) -> str:
    """A draft order's id: as an order's, with 120 random bits, because it is the token of a link to pay."""
    return f"{new_order_id(now)}{_random(_TOKEN_LENGTH)}"


def is_draft_id(order_id: str) -> bool:
    """Whether the id of an order is that of a draft order."""
    return len(order_id) == _STAMP_LENGTH + _RANDOM_LENGTH + _TOKEN_LENGTH


def product_id_of(words: str) -> str:
    """The id of what these words name; the same words give the same id, so that orders find their products unasked."""
    digest = hashlib.sha256(words.encode()).digest()
    return digest[:_CUSTOMER_LENGTH].translate(_LETTERS).decode()


def order_id_of(source: str, reference: str, placed_at: datetime) -> str:
    """The order id of an order that another system numbered; the same input gives the same id."""
    digest = hashlib.sha256(f"{source}\0{reference}".encode()).digest()
    return f"{_stamp(placed_at)}{digest[:_RANDOM_LENGTH].translate(_LETTERS).decode()}"


def customer_id_of(source: str, reference: str) -> str:
    """The customer id that belongs to a reference elsewhere; the same input gives the same id."""
    digest = hashlib.sha256(f"customer\0{source}\0{reference}".encode()).digest()
    return digest[:_CUSTOMER_LENGTH].translate(_LETTERS).decode()


def moment_in(order_id: str) -> datetime | None:
    """The second at which the order's form was drawn, or an imported order was placed; None for ids of other makes."""
    stamp = order_id[:_STAMP_LENGTH]
    try:
        return datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC) if stamp.isdigit() else None
    except ValueError:
        return None


def new_entry_id() -> str:
    """Six random characters, which make ids of the same microsecond unique."""
    return _random(_ENTRY_LENGTH)


def _random(length: int) -> str:
    bits = secrets.randbits(5 * length)
    return "".join([_ALPHABET[bits >> shift & 31] for shift in range(0, 5 * length, 5)])


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime(_STAMP)
