"""How values of each type are stored, for every record: the one place that says it.

Moments are texts that sort, times of the day "09:00", spans whole seconds, enums their values, tuples lists, sets
sorted lists; texts, whole numbers (money in minor units), flags and bytes are themselves. Nothing is converted while
it is read: a number that should be a text is refused.
"""

from __future__ import annotations

import typing
from collections.abc import Callable, Mapping
from datetime import datetime, time, timedelta
from enum import IntEnum, StrEnum
from types import NoneType
from typing import Any, TypeVar

from cattrs import Converter

from backend.domain.time import from_text, to_text
from backend.records.values import MalformedItemError
from backend.store.port import Value

T = TypeVar("T")


def _strict(kind: type[T], what: str) -> Callable[[Any, object], T]:
    def checked(value: Any, _: object) -> T:
        if type(value) is not kind:
            raise MalformedItemError(f"is not {what}")
        return value

    return checked


whole_number = _strict(int, "a number")
binary = _strict(bytes, "binary")


def may_be_none(kind: Any) -> bool:
    return NoneType in typing.get_args(kind)


def _is_collection(kind: Any) -> bool:
    return typing.get_origin(kind) in {tuple, frozenset}


def listed(value: object) -> list[Value]:
    if not isinstance(value, list):
        raise MalformedItemError("is not a list")
    return value


_READ: Mapping[type, Callable[[Any, object], object]] = {
    str: _strict(str, "a text"),
    int: whole_number,
    bool: _strict(bool, "true or false"),
    bytes: binary,
    datetime: lambda value, _: from_text(value),
    time: lambda value, _: time.fromisoformat(value),
    timedelta: lambda value, _: timedelta(seconds=whole_number(value, int)),
}
_WRITTEN: Mapping[type, Callable[[Any], Value]] = {
    datetime: to_text,
    time: lambda value: f"{value:%H:%M}",
    timedelta: lambda value: round(value.total_seconds()),
}


def _optional(kind: Any) -> Callable[[Any, Any], Any]:
    """As cattrs has it, but the way of the type is looked up once and not for each value."""
    inner = next(each for each in typing.get_args(kind) if each is not NoneType)
    read = CONVERTER.get_structure_hook(inner)
    return lambda value, _: None if value is None else read(value, inner)


def _collection(kind: Any) -> Callable[[Any, Any], Any]:
    """A set or tuple of one type, or a tuple of so many. Nothing but a list is taken: a text has elements too."""
    collection, kinds = typing.get_origin(kind), [each for each in typing.get_args(kind) if each is not Ellipsis]
    reads = [CONVERTER.get_structure_hook(each) for each in kinds]
    if collection is tuple and len(kinds) == len(typing.get_args(kind)):
        return lambda value, _: tuple(
            read(each, of) for read, each, of in zip(reads, listed(value), kinds, strict=True)
        )
    read, of = reads[0], kinds[0]
    return lambda value, _: collection([read(each, of) for each in listed(value)])


def _converter() -> Converter:
    made = Converter(unstruct_collection_overrides={tuple: list, frozenset: sorted})
    for kind, read in _READ.items():
        made.register_structure_hook(kind, read)
    for kind, write in _WRITTEN.items():
        made.register_unstructure_hook(kind, write)
    made.register_structure_hook_factory(may_be_none, _optional)
    made.register_structure_hook_factory(_is_collection, _collection)
    for kind in (StrEnum, IntEnum):  # cattrs would take them for texts and numbers
        made.register_structure_hook(kind, lambda value, of: of(value))
        made.register_unstructure_hook(kind, lambda it: it.value)
    return made


CONVERTER = _converter()
