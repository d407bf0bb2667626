"""Conversion of stored items to domain objects. Every fault of an item is raised as one error, which names the item."""

from __future__ import annotations

import functools
import zlib
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from cattrs import AttributeValidationNote, BaseValidationError, ClassValidationError, IterableValidationError

from backend.errors import InvalidInputError, UnreadableItemError
from backend.records.values import MalformedItemError
from backend.store.port import Key, Row

_P = ParamSpec("_P")
_T = TypeVar("_T")

_FAULTS = (
    MalformedItemError,
    BaseValidationError,
    InvalidInputError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    zlib.error,
)
"""What an attribute that is missing, of another type or of an unknown value makes of a conversion."""


def reads(key_of: Callable[..., Key]) -> Callable[[Callable[_P, _T]], Callable[_P, _T]]:
    """Decorates a function that makes a domain object of an item; `key_of` takes the same arguments.

    The function then raises `UnreadableItemError` for every item that it cannot make anything of, and nothing else.
    """

    def decorate(convert: Callable[_P, _T]) -> Callable[_P, _T]:
        @functools.wraps(convert)
        def converted(*args: _P.args, **kwargs: _P.kwargs) -> _T:
            try:
                return convert(*args, **kwargs)
            except _FAULTS as error:
                raise UnreadableItemError(key_of(*args, **kwargs), reason_of(error)) from error

        return converted

    return decorate


def key_given(key: Key, *_: object) -> Key:
    """For functions that take the key and the item."""
    return key


def key_of_row(row: Row, *_: object) -> Key:
    """For functions that take a row."""
    return row.key


def reason_of(error: Exception, attribute_of: Callable[[str], str] = str) -> str:
    """What is wrong, without any value of the item: values may be addresses.

    `attribute_of` gives the attribute that holds a field of the record.
    """
    path: list[str] = []
    while isinstance(error, (ClassValidationError, IterableValidationError)):
        noted, others = error.group_exceptions()
        error, note = noted[0] if noted else (others[0], None)
        if isinstance(note, AttributeValidationNote):
            path.append(note.name if path else attribute_of(note.name))
    if path:
        return f"{'.'.join(path)} {_fault(error)}"
    if isinstance(error, KeyError) and error.args:
        return f"{error.args[0]} is missing"
    if isinstance(error, MalformedItemError):
        return error.reason
    fault = _fault(error)
    return f"one of its attributes {fault}" if fault == _WRONG_FORM else f"it {fault}"


def _fault(error: Exception) -> str:
    """What is wrong with an attribute, as the end of a sentence about it."""
    if isinstance(error, MalformedItemError):
        return error.reason
    if isinstance(error, KeyError):
        return "is missing"
    kind = str(error).rpartition(" is not a valid ")[2] if isinstance(error, ValueError) else ""
    return f"has an unknown {kind}" if kind.isidentifier() else _WRONG_FORM


_WRONG_FORM = "has the wrong form"
