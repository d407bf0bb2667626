"""The change feed of a SQL database: triggers write down the keys of what the feed reports, in a table of their own.

Triggers see every write, whichever version of the program makes it. SQLite's writers follow each other, so its numbers
are in the order of the commits. PostgreSQL's are not: there a row also has its transaction's number, and only those
rows are read whose number is below that of every transaction that is still under way.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple
from zlib import crc32

import sqlalchemy as sa

from backend.errors import InvalidInputError
from backend.store.limits import decode_cursor, encode_cursor
from backend.store.port import Begins, Key
from backend.store.schema import FED

KEPT_SECONDS = 3 * 24 * 3600
"""A reader that was away for longer reads everything."""
_TRIM_SECONDS = 3600
_BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_NOW = {"sqlite": "CAST(strftime('%s', 'now') AS INTEGER)", "postgresql": "CAST(extract(epoch FROM now()) AS BIGINT)"}
_TRANSACTION = {"sqlite": "0", "postgresql": "CAST(CAST(pg_current_xact_id() AS TEXT) AS BIGINT)"}
_UNDER_WAY = sa.text("SELECT CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS TEXT) AS BIGINT)")


class Place(NamedTuple):
    """A place in the feed: behind the change of this transaction and number."""

    transaction: int
    number: int


class SqlFeed:
    """The feed of one set of tables. Its first row is no change: it names the feed, and says up to where it was cut."""

    def __init__(self, prefix: str, tables: Mapping[str, sa.Table], dialect: str) -> None:
        self._tables = tables
        self._dialect = dialect
        self._table = sa.Table(
            f"{prefix}changes",
            sa.MetaData(),
            sa.Column("number", _BIG, primary_key=True, autoincrement=True),
            sa.Column("transaction", _BIG, nullable=False),
            sa.Column("at", _BIG, nullable=False),
            sa.Column("tab", sa.Text, nullable=False),
            sa.Column("pk", sa.Text, nullable=False),
            sa.Column("sk", sa.Text, nullable=False),
            sqlite_autoincrement=True,
        )
        c = self._table.c
        self._place = sa.tuple_(c.transaction, c.number)
        if dialect == "postgresql":
            sa.Index(f"ix_{prefix}changes_place", c.transaction, c.number)

    def create(self, connection: sa.Connection) -> None:
        """Creates the table and the triggers that are missing."""
        if not sa.inspect(connection).has_table(self._table.name):
            self._table.create(connection)
            first = {"transaction": 0, "at": 0, "tab": "", "pk": secrets.token_hex(8), "sk": _text(Place(0, 1))}
            connection.execute(sa.insert(self._table).values(first))
        present = self._triggers(connection)
        for name, statements in self._wanted().items():
            if name not in present:
                for statement in statements:
                    connection.exec_driver_sql(statement)

    def missing(self, connection: sa.Connection) -> list[str]:
        """Names of the triggers that are not there; they need the table."""
        return sorted(self._wanted().keys() - self._triggers(connection))

    def read(self, connection: sa.Connection, since: str | None, limit: int) -> tuple[list[Key], str | None, bool]:
        """Keys, the cursor (None: unknown), and whether there is more; as `Store.changes`."""
        name, cut = connection.execute(sa.select(self._table.c.pk, self._table.c.sk).where(self._is_first)).one()
        end = self._end(connection)
        if since is None:
            return [], _cursor(name, end), False
        place = _place_in(since, name)
        if place is None or place < _place(cut) or place > end:
            return [], None, False
        rows = connection.execute(self._after(place, end).limit(limit)).all()
        last = Place(rows[-1].transaction, rows[-1].number) if rows else place
        return [Key(row.tab, row.pk, row.sk) for row in rows], _cursor(name, last), len(rows) == limit

    def has_old(self, connection: sa.Connection, now: int) -> bool:
        """Whether `trim` has something to do. It looks at many rows, so it waits for an hour's worth of them."""
        c = self._table.c
        oldest = connection.execute(sa.select(c.at).where(c.number > 1).order_by(c.number).limit(1)).scalar()
        return oldest is not None and oldest < now - KEPT_SECONDS - _TRIM_SECONDS

    def trim(self, connection: sa.Connection, now: int) -> None:
        """Removes what is older than readers are expected to be away. Nobody else may trim at the same time."""
        c = self._table.c
        old = sa.select(c.transaction, c.number).where(c.at < now - KEPT_SECONDS, c.number > 1)
        newest = connection.execute(old.order_by(c.transaction.desc(), c.number.desc()).limit(1)).first()
        if newest is None:
            return
        place = Place(*newest)
        connection.execute(sa.update(self._table).where(self._is_first).values(sk=_text(place)))
        connection.execute(sa.delete(self._table).where(self._place <= sa.tuple_(*place), c.number > 1))

    @property
    def _is_first(self) -> sa.ColumnElement[bool]:
        return self._table.c.number == 1

    def _after(self, place: Place, end: Place) -> sa.Select[Any]:
        c = self._table.c
        rows = sa.select(c.transaction, c.number, c.tab, c.pk, c.sk)
        if self._dialect == "sqlite":
            return rows.where(c.number > place.number).order_by(c.number)
        return rows.where(self._place > sa.tuple_(*place), c.transaction < end.transaction).order_by(
            c.transaction, c.number
        )

    def _end(self, connection: sa.Connection) -> Place:
        """Behind everything that can be read now."""
        if self._dialect == "sqlite":
            return Place(0, connection.execute(sa.select(sa.func.max(self._table.c.number))).scalar_one())
        return Place(connection.execute(_UNDER_WAY).scalar_one(), 0)

    def _triggers(self, connection: sa.Connection) -> set[str]:
        if self._dialect == "sqlite":
            found = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        else:
            found = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
        return {str(name) for (name,) in connection.exec_driver_sql(found)}

    def _wanted(self) -> dict[str, list[str]]:
        """The statements that make each trigger. A name changes with what is reported."""
        wanted: dict[str, list[str]] = {}
        for table, begins in FED.items():
            for event, row in (("INSERT", "NEW"), ("UPDATE", "NEW"), ("DELETE", "OLD")):
                condition = _is_reported(row, begins)
                name = f"{self._tables[table].name}_{event.lower()}_{crc32(condition.encode()):08x}"
                wanted[name] = self._trigger(name, table, event, row, condition)
        return wanted

    def _trigger(self, name: str, table: str, event: str, row: str, condition: str) -> list[str]:
        changes, on = f'"{self._table.name}"', f'"{self._tables[table].name}"'
        insert = (
            f'INSERT INTO {changes} ("transaction", at, tab, pk, sk) VALUES '  # noqa: S608 - our own names
            f"({_TRANSACTION[self._dialect]}, {_NOW[self._dialect]}, '{table}', {row}.pk, {row}.sk)"
        )
        head = f'CREATE TRIGGER "{name}" AFTER {event} ON {on} FOR EACH ROW WHEN ({condition})'
        if self._dialect == "sqlite":
            return [f"{head} BEGIN {insert}; END"]
        function = f'CREATE OR REPLACE FUNCTION "{name}"() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN'
        return [f"{function} {insert}; RETURN NULL; END $$", f'{head} EXECUTE FUNCTION "{name}"()']


def _is_reported(row: str, wanted: Iterable[Begins]) -> str:
    def starts(column: str, text: str) -> str:
        return f"substr({row}.{column}, 1, {len(text)}) = '{text}'"

    return " OR ".join(
        f"{starts('pk', begins.pk)} AND ({' OR '.join(starts('sk', sk) for sk in begins.sks)})" for begins in wanted
    )


def _text(place: Place) -> str:
    return f"{place.transaction}.{place.number}"


def _place(text: str) -> Place:
    transaction, _, number = text.partition(".")
    return Place(int(transaction), int(number))


def _cursor(name: str, place: Place) -> str:
    return encode_cursor({"feed": name, "place": _text(place)})


def _place_in(cursor: str, name: str) -> Place | None:
    """None for a cursor of another feed."""
    try:
        found = decode_cursor(cursor)
        return _place(str(found["place"])) if found["feed"] == name else None
    except (InvalidInputError, KeyError, ValueError):
        return None
