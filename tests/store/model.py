"""The storage port once more, as short as it can be said: the yardstick of the state machine.

It shares no code with the engines, so that they cannot be wrong together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy

from backend.errors import BackendError, ConditionFailedError, InvalidInputError
from backend.store.port import (
    Absent,
    AllOf,
    AnyOf,
    AsStored,
    AtLeast,
    Below,
    Check,
    Condition,
    Delete,
    Equals,
    Exists,
    Item,
    Key,
    Missing,
    Put,
    Query,
    Row,
    Update,
    Value,
    Write,
)
from backend.store.schema import INDEXES


class Model:
    """Items in a dictionary."""

    def __init__(self) -> None:
        self.items: dict[Key, Item] = {}

    def transact(self, writes: Sequence[Write]) -> None:
        """All of the writes or none. Raises what the first write at fault says."""
        if len({write.key for write in writes}) < len(writes):
            raise InvalidInputError("A key stands twice.")
        after = dict(self.items)
        for write in writes:
            if not _true(write.condition, after.get(write.key)):
                raise write.otherwise or ConditionFailedError("No.")
            _write(write, after)
        self.items = after

    def transact_each(self, transactions: Sequence[Sequence[Write]]) -> list[BackendError | None]:
        def attempt(writes: Sequence[Write]) -> BackendError | None:
            try:
                self.transact(writes)
            except BackendError as error:
                return error
            return None

        return [attempt(writes) for writes in transactions]

    def query(self, query: Query) -> list[Row]:
        """All rows of the query from its beginning, in order, without regard to its limit."""
        rows: list[tuple[tuple[object, ...], Row]] = []
        for key, item in self.items.items():
            partition, sort, shown = _seen(key, item, query)
            if key.table == query.table and partition == query.partition and _within(sort, query):
                rows.append(((_sortable(sort), key.pk.encode(), key.sk.encode()), Row(key, deepcopy(shown))))
        return [row for _, row in sorted(rows, key=lambda pair: pair[0], reverse=query.descending)]


def _seen(key: Key, item: Item, query: Query) -> tuple[object, object, Item]:
    """Partition, sort key and attributes of an item as the query's table or index has them."""
    if not query.index:
        return key.pk, key.sk, item
    index = INDEXES[query.table, query.index]
    if index.partition not in item or index.sort not in item:
        return None, None, {}
    kept = {index.partition, index.sort, *index.projected}
    return item[index.partition], item[index.sort], {name: item[name] for name in item.keys() & kept}


def _within(sort: object, query: Query) -> bool:
    if query.between is not None:
        low, high = (_sortable(end) for end in query.between)
        return low <= _sortable(sort) <= high
    return str(sort).startswith(query.begins_with or "")


def _sortable(value: object) -> tuple[int, bytes]:
    return (value, b"") if isinstance(value, int) else (0, str(value).encode())


def _write(write: Write, items: dict[Key, Item]) -> None:
    match write:
        case Put(key, item):
            items[key] = deepcopy(item)
        case Delete(key):
            items.pop(key, None)
        case Update(key, new, add, remove):
            changed = {**items.get(key, {}), **deepcopy(dict(new))}
            for name, plus in add.items():
                before = changed.get(name, plus.start)
                if type(before) is not int:
                    raise InvalidInputError("Not a number.")
                changed[name] = before + plus.delta
            items[key] = {name: value for name, value in changed.items() if name not in remove}
        case Check():
            pass


def _true(condition: Condition | None, item: Item | None) -> bool:
    found: Mapping[str, Value] = item or {}
    match condition:
        case None:
            return True
        case Exists():
            return item is not None
        case Absent():
            return item is None
        case Missing(name):
            return name not in found
        case Equals(name, value):
            return name in found and exact(found[name]) == exact(value)
        case Below(name, value):
            return type(found.get(name)) is type(value) and _sortable(found[name]) < _sortable(value)
        case AtLeast(name, value):
            return type(found.get(name)) is type(value) and _sortable(found[name]) >= _sortable(value)
        case AsStored():
            return False
        case AllOf(conditions):
            return not any(not _true(each, item) for each in conditions)
        case AnyOf(conditions):
            return any(_true(each, item) for each in conditions)


def exact(value: Value) -> object:
    """A form of the value that is equal only to that of the same value of the same type."""
    match value:
        case dict():
            return {name: exact(each) for name, each in value.items()}
        case list():
            return [exact(each) for each in value]
    return type(value), value
