"""How prepared statements get to the database: SQLite by its driver, PostgreSQL by SQLAlchemy.

SQLAlchemy takes longer over a statement than SQLite does: by it, an order and the top 25 customers take 1.3 times as
long (docs/benchmarks.md). Its pool keeps the connections of both.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Protocol, cast

import sqlalchemy as sa

from backend.store.port import Item, Key
from backend.store.sql_engine import exclusive, translated
from backend.store.sql_rows import by_table, item_of
from backend.store.sql_statements import GROUP, Parameters, Prepared, Statements, Values

_KEYS_AT_ONCE = 400
_LOCKS = 1024
"""PostgreSQL's table of locks is finite, so keys share this many."""


class Session(Protocol):
    """A connection, for as long as one read or one transaction takes."""

    def rows(self, statement: Prepared, parameters: Parameters) -> Sequence[Sequence[Any]]:
        """All rows of a query."""

    def run(self, statement: Prepared, rows: Sequence[Values]) -> None:
        """Runs the statement once for each row of values."""

    def items(self, keys: Sequence[Key]) -> dict[Key, Item]:
        """Those of the items that are there."""


class Sessions:
    """Gives out sessions, and plain connections for what is rare. Safe to use from several threads."""

    def __init__(self, engine: sa.Engine, tables: Mapping[str, sa.Table], statements: Statements) -> None:
        self._engine = engine
        self._tables = tables
        self._statements = statements
        self._is_sqlite = engine.dialect.name == "sqlite"
        self._is_shared = isinstance(engine.pool, sa.StaticPool)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        if self._is_sqlite:
            with translated(), self._alone(), self._driver() as connection:
                yield _SqliteSession(connection.cursor(), self._statements)
        else:
            with self.connected() as connected:
                yield _ServerSession(connected, self._tables)

    @contextmanager
    def writing(self, keys: Sequence[Key]) -> Iterator[Session]:
        """A transaction that is committed at the end, and in which no other process writes items of these keys."""
        if self._is_sqlite:
            with translated(), exclusive(self._engine), self._driver() as connection:
                cursor = connection.cursor()
                cursor.execute("BEGIN IMMEDIATE")
                yield _SqliteSession(cursor, self._statements)
                connection.commit()
        else:
            with self.transaction(keys) as connected:
                yield _ServerSession(connected, self._tables)

    @contextmanager
    def connected(self, seconds: float | None = None) -> Iterator[sa.Connection]:
        """SQLAlchemy's connection, to read by. `seconds` are for each statement where the usual time is too short."""
        with translated(), self._alone(), self._engine.connect() as connection, self._patient(connection, seconds):
            yield connection

    @contextmanager
    def one_moment(self, seconds: float) -> Iterator[sa.Connection]:
        """As `connected`, in a transaction in which every statement reads the same state of the database."""
        with translated(), self._engine.connect() as connection:
            if self._is_sqlite:
                connection.exec_driver_sql("BEGIN")
            else:
                connection = connection.execution_options(isolation_level="REPEATABLE READ")
            with self._patient(connection, seconds):
                yield connection
            connection.rollback()

    @contextmanager
    def transaction(self, keys: Sequence[Key], seconds: float | None = None) -> Iterator[sa.Connection]:
        """As `writing`, on SQLAlchemy's connection; `seconds` as in `connected`."""
        with (
            translated(),
            exclusive(self._engine),
            self._engine.connect() as connection,
            self._patient(connection, seconds),
        ):
            if self._is_sqlite:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            else:
                _lock(connection, keys)
            yield connection
            connection.commit()

    def _alone(self) -> AbstractContextManager[None]:
        """A store in memory has one connection: who gives it back would end the transaction of another thread."""
        return exclusive(self._engine) if self._is_shared else nullcontext()

    def _patient(self, connection: sa.Connection, seconds: float | None) -> AbstractContextManager[None]:
        if self._is_sqlite or seconds is None:
            return nullcontext()
        from backend.store.sql_postgresql import patient

        return patient(connection, seconds)

    @contextmanager
    def _driver(self) -> Iterator[sqlite3.Connection]:
        """The driver's own connection; given back, it is rolled back if it was not committed."""
        pooled = self._engine.raw_connection()
        try:
            yield cast(sqlite3.Connection, pooled.driver_connection)
        finally:
            pooled.close()


def _lock(connection: sa.Connection, keys: Sequence[Key]) -> None:
    numbers = sorted({zlib.crc32("\0".join(key).encode()) % _LOCKS for key in keys})
    connection.execute(
        sa.text("SELECT pg_advisory_xact_lock(71102, n) FROM unnest(CAST(:numbers AS int[])) AS n"),
        {"numbers": numbers},
    )


class _SqliteSession:
    """A `Session` on SQLite's own cursor."""

    def __init__(self, cursor: sqlite3.Cursor, statements: Statements) -> None:
        self._cursor = cursor
        self._statements = statements

    def rows(self, statement: Prepared, parameters: Parameters) -> Sequence[Sequence[Any]]:
        return self._cursor.execute(statement.text, parameters).fetchall()

    def run(self, statement: Prepared, rows: Sequence[Values]) -> None:
        self._cursor.executemany(statement.text, statement.bind_all(rows))

    def items(self, keys: Sequence[Key]) -> dict[Key, Item]:
        """A group at a time, and the rest one by one, so that there are two statements a table to be kept."""
        found: dict[Key, Item] = {}
        for table, wanted in by_table(keys).items():
            in_groups = len(wanted) - len(wanted) % GROUP
            for start in range(0, in_groups, GROUP):
                self._read_group(table, wanted[start : start + GROUP], found)
            text = self._statements.gets[table].text
            for key in wanted[in_groups:]:
                row = self._cursor.execute(text, key[1:]).fetchone()
                if row is not None:
                    found[key] = item_of(key, row[0])
        return found

    def _read_group(self, table: str, keys: Sequence[Key], found: dict[Key, Item]) -> None:
        parameters = [part for key in keys for part in key[1:]]
        for pk, sk, doc in self._cursor.execute(self._statements.group_gets[table], parameters):
            key = Key(table, pk, sk)
            found[key] = item_of(key, doc)


class _ServerSession:
    """A `Session` on a server, where each statement is a journey."""

    def __init__(self, connection: sa.Connection, tables: Mapping[str, sa.Table]) -> None:
        self._connection = connection
        self._tables = tables

    def rows(self, statement: Prepared, parameters: Parameters) -> Sequence[Sequence[Any]]:
        return self._connection.exec_driver_sql(statement.text, parameters).all()

    def run(self, statement: Prepared, rows: Sequence[Values]) -> None:
        self._connection.exec_driver_sql(statement.text, statement.bind_all(rows))

    def items(self, keys: Sequence[Key]) -> dict[Key, Item]:
        found: dict[Key, Item] = {}
        for table, wanted in by_table(keys).items():
            columns = self._tables[table].c
            pair = sa.tuple_(columns.pk, columns.sk)
            for start in range(0, len(wanted), _KEYS_AT_ONCE):
                pairs = [(key.pk, key.sk) for key in wanted[start : start + _KEYS_AT_ONCE]]
                query = sa.select(columns.pk, columns.sk, columns.doc).where(pair.in_(pairs))
                for pk, sk, doc in self._connection.execute(query):
                    key = Key(table, pk, sk)
                    found[key] = item_of(key, doc)
        return found
