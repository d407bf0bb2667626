"""Creates the SQL engine's tables, and adds to existing ones the indexes that a newer schema has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.schema import CreateColumn

from backend.store.documents import decode
from backend.store.port import EXPIRES
from backend.store.schema import TABLES, Index
from backend.store.sql_tables import index_columns, pk_column, sk_column

_ROWS_AT_ONCE = 5000
_INDEXES_OF = {table.name: table.indexes for table in TABLES}


def create(connection: sa.Connection, tables: Mapping[str, sa.Table]) -> None:
    """Creates what is missing, within the connection's transaction. Nobody else may create at the same time."""
    inspector = sa.inspect(connection)
    for name, table in tables.items():
        if inspector.has_table(table.name):
            _extend(connection, inspector, table, _INDEXES_OF[name])
        else:
            table.create(connection)


def missing(connection: sa.Connection, tables: Mapping[str, sa.Table]) -> list[str]:
    """Names of the tables and indexes that are not there."""
    inspector = sa.inspect(connection)
    names: list[str] = []
    for table in tables.values():
        if not inspector.has_table(table.name):
            names.append(table.name)
        else:
            names += [str(index.name) for index in _missing_indexes(inspector, table)]
    return names


def _missing_indexes(inspector: sa.Inspector, table: sa.Table) -> list[sa.Index]:
    present = {index["name"] for index in inspector.get_indexes(table.name)}
    return sorted((index for index in table.indexes if index.name not in present), key=lambda index: str(index.name))


def _extend(connection: sa.Connection, inspector: sa.Inspector, table: sa.Table, indexes: Sequence[Index]) -> None:
    present = {column["name"] for column in inspector.get_columns(table.name)}
    if EXPIRES not in present:  # no item carried the attribute when there was no such column
        _add_column(connection, table, table.c[EXPIRES])
    added = [index for index in indexes if pk_column(index) not in present]
    for index in added:
        for name in (pk_column(index), sk_column(index)):
            _add_column(connection, table, table.c[name])
    if added:
        _fill(connection, table, added)
    for missing_index in _missing_indexes(inspector, table):
        missing_index.create(connection)


def _add_column(connection: sa.Connection, table: sa.Table, column: sa.Column[Any]) -> None:
    definition = CreateColumn(column).compile(dialect=connection.dialect)
    name = connection.dialect.identifier_preparer.format_table(table)
    connection.exec_driver_sql(f"ALTER TABLE {name} ADD COLUMN {definition}")


def _fill(connection: sa.Connection, table: sa.Table, indexes: Sequence[Index]) -> None:
    """Writes the columns of new indexes for the items that are there already."""
    position = sa.tuple_(table.c.pk, table.c.sk)
    page = sa.select(table.c.pk, table.c.sk, table.c.doc).order_by(table.c.pk, table.c.sk).limit(_ROWS_AT_ONCE)
    update = sa.update(table).where(table.c.pk == sa.bindparam("b_pk"), table.c.sk == sa.bindparam("b_sk"))
    rows = connection.execute(page).all()
    while rows:
        filled = [row for row in (_index_row(pk, sk, doc, indexes) for pk, sk, doc in rows) if len(row) > 2]
        for names in {tuple(row) for row in filled}:
            values: dict[str, sa.BindParameter[str]] = {
                name: sa.bindparam(name) for name in names if name not in ("b_pk", "b_sk")
            }
            connection.execute(update.values(values), [row for row in filled if tuple(row) == names])
        rows = connection.execute(page.where(position > (rows[-1].pk, rows[-1].sk))).all()


def _index_row(pk: str, sk: str, doc: str, indexes: Sequence[Index]) -> dict[str, str]:
    row, item = {"b_pk": pk, "b_sk": sk}, decode(doc)
    for index in indexes:
        partition, sort = index_columns(index, item)
        if partition is not None and sort is not None:
            row |= {pk_column(index): partition, sk_column(index): sort}
    return row
