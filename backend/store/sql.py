"""The SQL engine of the storage port: SQLite (the default) and PostgreSQL, through SQLAlchemy Core.

Writes read the old items, decide in Python by the same rules as DynamoDB, and write the new ones in one database
transaction. Writers do not overlap: SQLite has one writer at a time (`BEGIN IMMEDIATE`), which takes along those who
wait (`sql_groups`); PostgreSQL takes advisory locks on the keys in ascending order, so that no two transactions can
wait for each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from operator import attrgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from backend.errors import BackendError, InvalidInputError
from backend.store import sql_creation, sql_engine
from backend.store.evaluate import applied, check_transaction, check_write
from backend.store.limits import check_key, check_query, check_scan, decode_place, encode_cursor
from backend.store.meter import Meter
from backend.store.port import (
    EXPIRES,
    Begins,
    Changes,
    Check,
    Delete,
    Item,
    Key,
    Moment,
    Page,
    Put,
    Query,
    Row,
    Update,
    Write,
)
from backend.store.repeats import is_repeatable
from backend.store.schema import INDEXES
from backend.store.sql_feed import SqlFeed
from backend.store.sql_groups import Job, Line
from backend.store.sql_rows import by_table, cursor_after, item_of, projected, row_of
from backend.store.sql_sessions import Session, Sessions
from backend.store.sql_statements import Statements
from backend.store.sql_tables import build_tables


class SqlStore:
    """A `Store` on a SQL database.

    `url` is SQLAlchemy's, for example `sqlite:///var/tillpost.db`, `sqlite://` (in memory) or
    `postgresql+psycopg://user@host/name`. `prefix` goes before the names of the tables.
    """

    def __init__(self, url: str, *, prefix: str = "", meter: Meter | None = None) -> None:
        self._engine = sql_engine.open_engine(url)
        self._tables = build_tables(prefix, sa.MetaData())
        self._feed = SqlFeed(prefix, self._tables, self._engine.dialect.name)
        self._meter = meter
        self._statements = Statements(self._tables, self._engine.dialect)
        self._sessions = Sessions(self._engine, self._tables, self._statements)
        self._line = Line(self._write_group) if self._engine.dialect.name == "sqlite" else None

    # --- reads ---------------------------------------------------------------------------------------------------

    def get(self, key: Key) -> Item | None:
        check_key(key)
        statement = self._statements.gets[key.table]
        with self._sessions.reading() as session:
            rows = session.rows(statement, statement.bind({"b_pk": key.pk, "b_sk": key.sk}))
        item = item_of(key, rows[0][0]) if rows else None
        if self._meter:
            self._meter.read([(key, item)], consistent=True, together=False)
        return item

    def get_many(self, keys: Sequence[Key]) -> dict[Key, Item]:
        for key in keys:
            check_key(key)
        with self._sessions.reading() as session:
            found = session.items(keys)
        if self._meter and keys:
            self._meter.read(((key, found.get(key)) for key in dict.fromkeys(keys)), consistent=False, together=False)
        return found

    def query(self, query: Query) -> Page:
        check_query(query)
        index = INDEXES[query.table, query.index] if query.index else None
        statement, parameters = self._statements.query(query)
        with self._sessions.reading() as session:
            rows = session.rows(statement, parameters)
        more = len(rows) > query.limit
        rows = rows[: query.limit]
        keyed = ((Key(query.table, pk, sk), doc) for _, pk, sk, doc in rows)
        found = [Row(key, projected(index, item_of(key, doc))) for key, doc in keyed]
        if self._meter:
            self._meter.read(found, consistent=query.consistent, together=True)
        return Page(found, cursor_after(rows[-1], index) if more else None)

    def scan(
        self,
        table: str,
        *,
        segment: int = 0,
        segments: int = 1,
        limit: int = 1000,
        cursor: str | None = None,
        only: Begins | None = None,
    ) -> Page:
        check_scan(segment, segments, limit)
        statement = scan_statement(self._tables[table], limit, cursor, only, segment, segments)
        with self._sessions.connected(_SCAN_SECONDS) as connection:
            return _scanned_page(connection, table, statement, limit)

    @contextmanager
    def moment(self) -> Iterator[Moment]:
        with self._sessions.one_moment(_SCAN_SECONDS) as connection:
            yield _Moment(connection, self._tables)

    def changes(self, since: str | None = None, limit: int = 1000) -> Changes:
        with self._sessions.connected() as connection:
            keys, cursor, more = self._feed.read(connection, since, limit)
        found = self.get_many(keys)
        return Changes([(key, found.get(key)) for key in dict.fromkeys(keys)], cursor, more)

    # --- writes --------------------------------------------------------------------------------------------------

    def put(self, put: Put) -> None:
        check_write(put)
        self._write([put], transactional=False)

    def delete(self, delete: Delete) -> None:
        check_write(delete)
        self._write([delete], transactional=False)

    def update(self, update: Update) -> Item:
        check_write(update)
        return self._write([update], transactional=False)[update.key] or {}

    def transact(self, writes: Sequence[Write]) -> None:
        check_transaction(writes)
        if writes:
            self._write(writes, transactional=True)

    def _write(self, writes: Sequence[Write], *, transactional: bool) -> dict[Key, Item | None]:
        job = Job([writes], transactional)
        self._carry_out(job)
        if job.outcomes[0] is not None:
            raise job.outcomes[0].copy()  # a traceback in `outcomes` would hold this frame, which holds `outcomes`
        return job.images

    def transact_each(self, transactions: Sequence[Sequence[Write]]) -> list[BackendError | None]:
        refusals = [_refusal(writes) for writes in transactions]
        job = Job([writes for writes, refusal in zip(transactions, refusals, strict=True) if refusal is None], True)
        if job.transactions:
            self._carry_out(job)
        decided = iter(job.outcomes)
        return [refusal or next(decided) for refusal in refusals]

    def _carry_out(self, job: Job) -> None:
        if self._line is None:
            self._write_group([job])
        else:
            self._line.run(job)

    def _write_group(self, jobs: Sequence[Job]) -> None:
        with self._sessions.writing([key for job in jobs for key in job.keys]) as session:
            self._run(session, jobs)

    def _run(self, session: Session, jobs: Sequence[Job]) -> None:
        """Decides all transactions against one picture of the items, then writes what has changed."""
        exact = self._meter is not None and self._meter.is_exact
        writes = [write for job in jobs for transaction in job.transactions for write in transaction]
        images: dict[Key, Item | None] = {**session.items([w.key for w in writes if exact or _depends(w)])}
        changed: dict[Key, Item | None] = {}
        for job in jobs:
            job.images = {}
            job.outcomes = [self._decide(job, transaction, images) for transaction in job.transactions]
            changed |= job.images
        self._flush(session, changed)

    def _decide(self, job: Job, writes: Sequence[Write], images: dict[Key, Item | None]) -> BackendError | None:
        try:
            results = [(write, applied(write, images.get(write.key))) for write in writes]
        except BackendError as error:
            return error.with_traceback(None)  # its frames would keep the whole batch alive
        if self._meter:
            doubled = job.transactional and not (len(writes) == 1 and is_repeatable(writes[0]))
            changes = [(write.key, images.get(write.key), new) for write, new in results]
            job.context.run(self._meter.write, changes, transactional=doubled)
        for write, new in results:
            if not isinstance(write, Check):
                images[write.key] = job.images[write.key] = new
        return None

    def _flush(self, session: Session, images: dict[Key, Item | None]) -> None:
        # Together, the items of a partition change a page of the database once while it is at hand.
        for table, keys in by_table(sorted(images, key=attrgetter("pk"))).items():
            gone = [{"b_pk": key.pk, "b_sk": key.sk} for key in keys if images[key] is None]
            rows = [row_of(key, item) for key in keys if (item := images[key]) is not None]
            if gone:
                session.run(self._statements.deletes[table], gone)
            if rows:
                session.run(self._statements.upserts[table], rows)

    def write_batch(self, writes: Sequence[Put | Delete]) -> None:
        if len({write.key for write in writes}) != len(writes):
            raise InvalidInputError("A batch writes one item twice.")
        for write in writes:
            check_write(write)
        for start in range(0, len(writes), 5000):
            part = writes[start : start + 5000]
            images = {write.key: write.item if isinstance(write, Put) else None for write in part}
            with self._sessions.writing(list(images)) as session:
                if self._meter:
                    before = session.items(list(images)) if self._meter.is_exact else {}
                    for key, new in images.items():
                        self._meter.write([(key, before.get(key), new)], transactional=False)
                self._flush(session, images)

    # --- housekeeping --------------------------------------------------------------------------------------------

    def sweep(self, now: int, limit: int) -> int:
        with self._sessions.connected() as connection:
            keys = expired(connection, self._tables, now, limit)
            has_old = self._feed.has_old(connection, now)
        if not keys and not has_old:
            return 0
        with self._sessions.transaction(keys) as connection:
            if has_old:
                self._feed.trim(connection, now)
            return remove(connection, self._tables, keys, now)

    def create_tables(self) -> None:
        with self._sessions.transaction([_CREATION], _CREATION_SECONDS) as connection:
            sql_creation.create(connection, self._tables)
            self._feed.create(connection)

    def missing_tables(self) -> list[str]:
        with self._sessions.connected() as connection:
            return sql_creation.missing(connection, self._tables) + self._feed.missing(connection)

    def close(self) -> None:
        self._engine.dispose()


_SCAN_SECONDS = 60.0
"""A page of a scan may pass over many rows that are not wanted; only workers and commands scan."""
_CREATION_SECONDS = 24 * 3600.0
"""A new index of a large table takes long, and the next process waits for it."""
_CREATION = Key("", "tables", "creation")
"""Locked while tables are created, so that two processes that start at once do not both create one."""


def _depends(write: Write) -> bool:
    """Whether the outcome of the write depends on what is there."""
    return write.condition is not None or isinstance(write, Update)


def _refusal(writes: Sequence[Write]) -> BackendError | None:
    """Why the transaction cannot even be tried, if so."""
    try:
        check_transaction(writes)
    except BackendError as error:
        return error.with_traceback(None)
    return None


# --- Expired items -----------------------------------------------------------------------------------------------


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


# --- Scans -------------------------------------------------------------------------------------------------------


_END = chr(0x10FFFF)


def scan_statement(
    table: sa.Table, limit: int, cursor: str | None, only: Begins | None, segment: int = 0, segments: int = 1
) -> sa.Select[Any]:
    """Selects partition key, sort key and document. Raises: `InvalidInputError` for a cursor that is none."""
    columns = table.c
    statement = sa.select(columns.pk, columns.sk, columns.doc).order_by(columns.pk, columns.sk).limit(limit)
    if cursor is not None:
        place = decode_place(cursor)
        statement = statement.where(sa.tuple_(columns.pk, columns.sk) > (place["pk"], place["sk"]))
    elif only is not None:
        statement = statement.where(columns.pk >= only.pk)
    if only is not None:
        wanted = sa.or_(*(sa.and_(columns.sk >= sk, columns.sk < sk + _END) for sk in only.sks))
        statement = statement.where(columns.pk < only.pk + _END, wanted)
    if segments > 1:
        statement = statement.where(_LastLetter(columns.pk) % segments == segment)
    return statement


def _scanned_page(connection: sa.Connection, table: str, statement: sa.Select[Any], limit: int) -> Page:
    # The driver's own rows: SQLAlchemy's cost a twentieth of the time that reading a large shop takes.
    fetched = connection.execute(statement).cursor
    rows = fetched.fetchall() if fetched else []
    found = [Row(key := Key(table, pk, sk), item_of(key, doc)) for pk, sk, doc in rows]
    following = encode_cursor({"pk": rows[-1][0], "sk": rows[-1][1]}) if len(rows) == limit else None
    return Page(found, following)


class _Moment:
    """A `Moment`: scans on one connection, whose transaction shows one state of the database."""

    is_exact = True

    def __init__(self, connection: sa.Connection, tables: Mapping[str, sa.Table]) -> None:
        self._connection = connection
        self._tables = tables

    def scan(self, table: str, *, limit: int = 1000, cursor: str | None = None) -> Page:
        return _scanned_page(self._connection, table, scan_statement(self._tables[table], limit, cursor, None), limit)


class _LastLetter(FunctionElement[int]):
    """The code point at the end of a text. Ids have random ends, and databases compute it without reading the item."""

    type = sa.Integer()
    inherit_cache = True
    name = "last_letter"


@compiles(_LastLetter, "sqlite")
def _in_sqlite(element: _LastLetter, compiler: SQLCompiler, **options: Any) -> str:
    return f"unicode(substr({compiler.process(element.clauses, **options)}, -1))"


@compiles(_LastLetter, "postgresql")
def _in_postgresql(element: _LastLetter, compiler: SQLCompiler, **options: Any) -> str:
    return f"ascii(right({compiler.process(element.clauses, **options)}, 1))"
