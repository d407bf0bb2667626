"""What may have happened to an item: each gives its new content, or the text that stands in its place."""

from __future__ import annotations

import re
from collections.abc import Callable

import sqlalchemy as sa

from backend.store.port import Item, Put, Row, Store, Value
from backend.store.schema import TABLES
from backend.store.sql import SqlStore

_PLACES = {name for table in TABLES for index in table.indexes for name in (index.partition, index.sort)}
"""Attributes by which an item is found; without them it would only be missing from a list."""
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
Damage = Callable[[Item], Item]


def _with(change: Callable[[Value], Value]) -> Damage:
    return lambda item: {name: value if name in _PLACES else change(value) for name, value in item.items()}


def _unknown(value: Value) -> Value:
    return "nonsense" if isinstance(value, str) and not _MOMENT.fullmatch(value) else value


def _absurd(value: Value) -> Value:
    return _MOMENT.sub("9999-12-31T23:59:59.999999Z", value) if isinstance(value, str) else value


DAMAGES: dict[str, Damage | str] = {
    "not JSON": "{not JSON",
    "fields missing": lambda item: {name: value for name, value in item.items() if name in _PLACES},
    "wrong types": _with(lambda _: ["nonsense"]),
    "unknown values": _with(_unknown),
    "absurd dates": _with(_absurd),
}


def do_damage(store: Store, row: Row, damage: Damage | str) -> bool:
    """Whether the item is another one now."""
    if isinstance(damage, str):
        assert isinstance(store, SqlStore)
        table = store._tables[row.key.table]
        with store._engine.begin() as connection:
            mine = (table.c.pk == row.key.pk) & (table.c.sk == row.key.sk)
            connection.execute(sa.update(table).where(mine).values(doc=damage))
        return True
    changed = damage(dict(row.item))
    store.put(Put(row.key, changed))
    return changed != row.item
