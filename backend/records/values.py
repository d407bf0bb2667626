"""Typed access to attributes of items. One of the wrong shape raises `MalformedItemError`: a bug, or foreign data."""

from __future__ import annotations

from backend.errors import BackendError
from backend.store.port import Item, Value


class MalformedItemError(BackendError):
    """An item in the store does not have the shape that its key promises. `reason` says what is wrong."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"A record of the store cannot be read: {reason}.")
        self.reason = reason


def text(item: Item, name: str, default: str | None = None) -> str:
    value = item.get(name, default)
    if not isinstance(value, str):
        raise MalformedItemError(f"{name} is not a text")
    return value


def optional_text(item: Item, name: str) -> str | None:
    return text(item, name) if item.get(name) is not None else None


def number(item: Item, name: str, default: int | None = None) -> int:
    value = item.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool):
        raise MalformedItemError(f"{name} is not a number")
    return value


def binary(item: Item, name: str) -> bytes:
    value = item.get(name)
    if not isinstance(value, bytes):
        raise MalformedItemError(f"{name} is not binary")
    return value


def flag(item: Item, name: str) -> bool:
    return item.get(name) is True


def texts(item: Item, name: str) -> tuple[str, ...]:
    value = item.get(name, [])
    if not isinstance(value, list):
        raise MalformedItemError(f"{name} is not a list")
    return tuple(element for element in value if isinstance(element, str))


def items(item: Item, name: str) -> list[Item]:
    """A list of maps."""
    value = item.get(name, [])
    if not isinstance(value, list):
        raise MalformedItemError(f"{name} is not a list")
    maps = [element for element in value if isinstance(element, dict)]
    if len(maps) < len(value):
        raise MalformedItemError(f"{name} holds something else than maps")
    return maps


def rows(item: Item, name: str) -> list[list[Value]]:
    """A list of lists: how repeated parts are kept small."""
    value = item.get(name, [])
    if not isinstance(value, list):
        raise MalformedItemError(f"{name} is not a list")
    lists = [element for element in value if isinstance(element, list)]
    if len(lists) < len(value):
        raise MalformedItemError(f"{name} holds something else than lists")
    return lists


def without_empty(item: Item) -> Item:
    """The item without attributes that say nothing ("", None, [], False): bytes cost money."""
    return {
        name: value for name, value in item.items() if value or (isinstance(value, (int, bytes)) and value is not False)
    }
