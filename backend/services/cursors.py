"""Reads what a page link (a cursor) of one of our lists says. Links come back from outside: anything may be in them."""

from __future__ import annotations

from backend.errors import InvalidInputError
from backend.store.limits import decode_cursor


def text_in(cursor: str, name: str) -> str:
    """Raises: `InvalidInputError` when the cursor is not one of a list that writes a text of this name."""
    value = decode_cursor(cursor).get(name)
    if not isinstance(value, str):
        raise _foreign()
    return value


def number_in(cursor: str, name: str) -> int:
    """Raises: `InvalidInputError` when the cursor is not one of a list that writes a number of this name."""
    value = decode_cursor(cursor).get(name)
    if not isinstance(value, int):
        raise _foreign()
    return value


def _foreign() -> InvalidInputError:
    return InvalidInputError("This page link belongs to another list; start again from the first page.")
