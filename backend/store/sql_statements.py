"""The SQL engine's statements, built with SQLAlchemy Core once per shape and kept as the driver's own text.

Building and looking up a statement costs SQLAlchemy more than SQLite needs to run it, so each shape is compiled once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from backend.store.limits import decode_place, foreign_cursor
from backend.store.port import MAX_SK_BYTES, Query
from backend.store.schema import INDEXES, Index
from backend.store.sql_tables import pk_column, sk_column, sort_text

Values: TypeAlias = Mapping[str, str | int | None]
Parameters: TypeAlias = tuple[Any, ...] | dict[str, Any]

_LAST_TEXT = chr(0x10FFFF) * (MAX_SK_BYTES // 4)
"""Added to a beginning, it comes after every sort key that has this beginning."""

GROUP = 100
"""How many items SQLite looks up with one statement. Some older ones take 999 parameters, and a key has two."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A statement as the driver takes it. `order` names the positional parameters; None means named ones.

    `constants` are values that SQLAlchemy itself put in (SQLite's OFFSET, say).
    """

    text: str
    order: tuple[str, ...] | None
    constants: Mapping[str, Any]

    def bind(self, values: Values) -> Parameters:
        values = {**self.constants, **values} if self.constants else values
        return dict(values) if self.order is None else tuple([values[name] for name in self.order])

    def bind_all(self, rows: Iterable[Values]) -> list[Any]:
        if self.order is not None and len(self.order) > 1 and not self.constants:
            return list(map(itemgetter(*self.order), rows))
        return [self.bind(row) for row in rows]


@dataclass(frozen=True, slots=True)
class _Shape:
    """What makes two queries the same statement with other values."""

    table: str
    index: str
    between: bool
    begins_with: bool
    cursor: bool
    descending: bool


class Statements:
    """All statements of one database. Threads may share it: two that compile the same shape get equal results."""

    def __init__(self, tables: Mapping[str, sa.Table], dialect: sa.Dialect) -> None:
        self._tables = tables
        self._dialect = dialect
        self._queries: dict[_Shape, Prepared] = {}
        self.gets = {name: self._prepare(self._get(table)) for name, table in tables.items()}
        self.deletes = {name: self._prepare(self._delete(table)) for name, table in tables.items()}
        self.upserts = {name: self._prepare(self._upsert(table)) for name, table in tables.items()}
        self.group_gets = {name: _group_get(table.name) for name, table in tables.items()}

    def _prepare(self, statement: sa.Select[Any] | sa.Delete | sa.Insert) -> Prepared:
        compiled: Any = statement.compile(dialect=self._dialect)
        constants = {name: value for name, value in compiled.params.items() if value is not None}
        return Prepared(str(compiled), tuple(compiled.positiontup) if compiled.positional else None, constants)

    @staticmethod
    def _get(table: sa.Table) -> sa.Select[Any]:
        return sa.select(table.c.doc).where(table.c.pk == sa.bindparam("b_pk"), table.c.sk == sa.bindparam("b_sk"))

    @staticmethod
    def _delete(table: sa.Table) -> sa.Delete:
        return sa.delete(table).where(table.c.pk == sa.bindparam("b_pk"), table.c.sk == sa.bindparam("b_sk"))

    def _upsert(self, table: sa.Table) -> sa.Insert:
        dialect = sqlite if self._dialect.name == "sqlite" else postgresql
        insert: sqlite.Insert | postgresql.Insert = dialect.insert(table)
        changed = {column.name: insert.excluded[column.name] for column in table.c if column.name not in ("pk", "sk")}
        return insert.on_conflict_do_update(index_elements=["pk", "sk"], set_=changed)

    def query(self, query: Query) -> tuple[Prepared, Parameters]:
        """The statement of a query and its values; it reads one row more than the limit, to know whether there are.

        Raises: `InvalidInputError` for a cursor that was not made by us.
        """
        shape = _Shape(
            query.table,
            query.index,
            query.between is not None,
            query.begins_with is not None,
            query.cursor is not None,
            query.descending,
        )
        prepared = self._queries.get(shape)
        if prepared is None:
            prepared = self._queries[shape] = self._prepare(self._select(shape))
        return prepared, prepared.bind(_values(query))

    def _select(self, shape: _Shape) -> sa.Select[Any]:
        columns = self._tables[shape.table].c
        index = INDEXES[shape.table, shape.index] if shape.index else None
        sort, partition = _columns(columns, index)
        order = (sort, columns.pk, columns.sk) if index else (columns.sk,)
        statement = sa.select(sort.label("at"), columns.pk, columns.sk, columns.doc)
        statement = statement.where(partition == sa.bindparam("b_partition"))
        if shape.between or shape.begins_with:
            statement = statement.where(sort >= sa.bindparam("b_low"), sort <= sa.bindparam("b_high"))
        if shape.cursor:
            place = sa.tuple_(*(sa.bindparam(f"b_at{n}", type_=sa.Text) for n in range(len(order))))
            position = sa.tuple_(*order)
            statement = statement.where(position < place if shape.descending else position > place)
        directed = [column.desc() if shape.descending else column.asc() for column in order]
        return statement.order_by(*directed).limit(sa.bindparam("b_limit", type_=sa.Integer))


def _columns(
    columns: sa.ColumnCollection[str, sa.ColumnElement[Any]] | Any, index: Index | None
) -> tuple[sa.ColumnElement[str], sa.ColumnElement[str]]:
    if index is None:
        return columns.sk, columns.pk
    return columns[sk_column(index)], columns[pk_column(index)]


def _group_get(table: str) -> str:
    """SQLite's look-up of a group of keys. It would scan the table for a list of pairs, but takes them as a table to
    begin from (which CROSS makes it do)."""
    pairs = ",".join(["(?,?)"] * GROUP)
    return (
        f"WITH wanted(pk, sk) AS (VALUES {pairs}) SELECT found.pk, found.sk, found.doc FROM wanted "  # noqa: S608 - the program's own names
        f'CROSS JOIN "{table}" AS found ON found.pk = wanted.pk AND found.sk = wanted.sk'
    )


def _values(query: Query) -> dict[str, str | int | None]:
    values: dict[str, str | int | None] = {"b_partition": query.partition, "b_limit": query.limit + 1}
    if query.between is not None:
        values |= {"b_low": sort_text(query.between[0]), "b_high": sort_text(query.between[1])}
    if query.begins_with is not None:
        values |= {"b_low": query.begins_with, "b_high": query.begins_with + _LAST_TEXT}
    if query.cursor is not None:
        values |= _place(query, query.cursor)
    return values


def _place(query: Query, cursor: str) -> dict[str, str | int | None]:
    place = decode_place(cursor, indexed=bool(query.index))
    if not query.index:
        if place["pk"] != query.partition:
            raise foreign_cursor()
        return {"b_at0": place["sk"]}
    return {"b_at0": str(place["at"]), "b_at1": place["pk"], "b_at2": place["sk"]}
