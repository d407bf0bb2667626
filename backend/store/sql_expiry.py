"""Removes the rows of items that have expired, found by an index of those that ever do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from backend.store.port import EXPIRES, Key
from backend.store.sql_rows import by_table


def expired(connection: sa.Connection, tables: Mapping[str, sa.Table], now: int, limit: int) -> list[Key]:
    """Keys of items that have expired, the earliest first, `limit` of each table at most."""
    keys: list[Key] = []
    for name, table in tables.items():
        at = table.c[EXPIRES]
        found = sa.select(table.c.pk, table.c.sk).where(at <= now).order_by(at).limit(limit)
        keys += [Key(name, pk, sk) for pk, sk in connection.execute(found)]
    return keys


def remove(connection: sa.Connection, tables: Mapping[str, sa.Table], keys: Sequence[Key], now: int) -> int:
    """Removes those of the items that have not been given a later moment meanwhile; returns how many."""
    removed = 0
    for name, wanted in by_table(keys).items():
        table = tables[name]
        row = (table.c.pk == sa.bindparam("b_pk"), table.c.sk == sa.bindparam("b_sk"))
        delete = sa.delete(table).where(*row, table.c[EXPIRES] <= now)
        removed += connection.execute(delete, [{"b_pk": key.pk, "b_sk": key.sk} for key in wanted]).rowcount
    return removed
