"""How items are stored in a SQL database: one table each, the item as JSON, two columns per index, and when
it expires.

Integer sort keys are written as texts of fixed width that sort like the numbers, because no integer type that
SQLite and PostgreSQL share holds 38 digits.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from backend.store.port import EXPIRES, Item
from backend.store.schema import TABLES, Index, Table

_OFFSET = 10**38
_WIDE = 2**63

Text = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
"""Sorts by UTF-8 bytes, as DynamoDB does: SQLite's default, and PostgreSQL's collation "C"."""


def build_tables(prefix: str, metadata: sa.MetaData) -> dict[str, sa.Table]:
    """SQLAlchemy tables by the name that keys carry; `prefix` is put before the name in the database."""
    return {table.name: _build(prefix, table, metadata) for table in TABLES}


def _build(prefix: str, table: Table, metadata: sa.MetaData) -> sa.Table:
    columns: list[Any] = [
        sa.Column("pk", Text, primary_key=True),
        sa.Column("sk", Text, primary_key=True),
        sa.Column("doc", sa.Text, nullable=False),
    ]
    expires = sa.Column(EXPIRES, sa.BigInteger)
    columns += [expires, _index(f"ix_{prefix}{table.name}_{EXPIRES}", expires)]
    for index in table.indexes:
        partition, sort = sa.Column(pk_column(index), Text), sa.Column(sk_column(index), Text)
        columns += [partition, sort, _index(f"ix_{prefix}{table.name}_{index.name}", partition, sort)]
    return sa.Table(f"{prefix}{table.name}", metadata, *columns, sqlite_with_rowid=False)


def _index(name: str, first: sa.Column[Any], *more: sa.Column[Any]) -> sa.Index:
    """An index of the rows that have the first column, with the table's key behind its own columns."""
    present = first.isnot(None)
    return sa.Index(name, first, *more, "pk", "sk", sqlite_where=present, postgresql_where=present)


def expiry(item: Item) -> int | None:
    """The value of the column `expires`; None for an item that stays (also when its `expires` is no moment)."""
    moment = item.get(EXPIRES)
    return moment if type(moment) is int and 0 <= moment < _WIDE else None


def pk_column(index: Index) -> str:
    return f"{index.name}_pk"


def sk_column(index: Index) -> str:
    return f"{index.name}_sk"


def index_columns(index: Index, item: Item) -> tuple[str | None, str | None]:
    """Values of an index's two columns; both None when the item is not in the index.

    An index key of the wrong type keeps the item out of the index (DynamoDB would refuse the write).
    """
    partition, sort = item.get(index.partition), item.get(index.sort)
    if not isinstance(partition, str):
        return None, None
    if isinstance(sort, str) or type(sort) is int:
        return partition, sort_text(sort)
    return None, None


def sort_text(sort: str | int) -> str:
    """A sort key as the text that is stored."""
    return sort if isinstance(sort, str) else str(sort + _OFFSET).zfill(39)
