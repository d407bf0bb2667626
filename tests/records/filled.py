"""Domain objects made of nothing but their type: one with every field filled, one with as little as possible."""

from __future__ import annotations

import dataclasses
import types
import typing
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from enum import Enum
from typing import Any, TypeVar

T = TypeVar("T")
FIRST = datetime(2026, 11, 26, 9, 30, 15, 123456, tzinfo=UTC)


def filled(of: type[T], **given: Any) -> T:
    """An object whose every field differs from its default. The same type gives the same object."""
    values = {name: _value(kind, name) for name, kind in _fields(of).items() if name not in given}
    values |= {each.name: False for each in dataclasses.fields(of) if each.default is True and each.name in values}
    made = of(**values, **given)
    same = [
        each.name
        for each in dataclasses.fields(of)
        if each.name not in given and getattr(made, each.name) == each.default
    ]
    assert not same, f"{of.__name__} keeps the default of {same}."
    return made


def least(of: type[T], **given: Any) -> T:
    """An object whose fields have their defaults, and where there is none, a value that says as little as it can."""
    required = {each.name for each in dataclasses.fields(of) if each.default is each.default_factory}
    hints = _fields(of)
    return of(**{name: _least(hints[name], name) for name in hints if name in required - given.keys()}, **given)


def _fields(of: Any) -> dict[str, Any]:
    hints = typing.get_type_hints(of)
    return {each.name: hints[each.name] for each in dataclasses.fields(of) if each.init}


def _number(name: str) -> int:
    return zlib.crc32(name.encode()) % 900 + 2


def _value(kind: Any, name: str) -> Any:
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return _value(next(each for each in inner if each is not type(None)), name)
    if origin is tuple:
        if inner[-1] is Ellipsis:
            return (_value(inner[0], name), _value(inner[0], f"{name}2"))
        return tuple(_value(each, f"{name}{place}") for place, each in enumerate(inner))
    if origin is frozenset:
        return frozenset({_value(inner[0], name)})
    if origin in (Mapping, dict):
        keys = list(inner[0]) if isinstance(inner[0], type) and issubclass(inner[0], Enum) else None
        keys = keys or [_value(inner[0], name), _value(inner[0], f"{name}2")]
        return {key: _value(inner[1], f"{name}{place}") for place, key in enumerate(keys)}
    if dataclasses.is_dataclass(kind):
        return filled(kind)
    return _plain(kind, name)


def _plain(kind: Any, name: str) -> Any:
    if issubclass(kind, Enum):
        return list(kind)[-1]
    simple: dict[type, Any] = {
        bool: True,
        str: name,
        int: _number(name),
        float: _number(name) + 0.125,
        bytes: name.encode(),
        datetime: FIRST + timedelta(minutes=_number(name)),
        timedelta: timedelta(seconds=_number(name)),
        time: time(_number(name) % 24, 15),
    }
    return simple[kind]


def _least(kind: Any, name: str) -> Any:
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if type(None) in inner:
        return None
    if origin is not None:
        return origin() if origin is not Mapping else {}
    if dataclasses.is_dataclass(kind):
        return least(kind)
    if issubclass(kind, Enum):
        return next(iter(kind))
    return {bool: False, str: "x", int: 0, float: 0.0, bytes: b""}.get(kind, _plain(kind, name))
