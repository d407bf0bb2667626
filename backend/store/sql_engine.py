"""Connections of the SQL engine: how SQLite and PostgreSQL are opened, made durable, and made to fail clearly."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.engine import make_url
from sqlalchemy.pool import QueuePool, StaticPool

from backend.errors import ConfigurationError, DiskFullError, StoreBusyError, StoreUnreachableError

BUSY_SECONDS = 5
"""How long another process may keep the lock of SQLite."""
_TURN_SECONDS = 4
"""How long other threads of this process may take before; together they stay below what people wait for."""
_POOL_SECONDS = 5
_CREATION_SECONDS = 30
_BUSY_STATES = {"40001", "40P01", "55P03", "57014"}
"""PostgreSQL: serialization failure, deadlock, no lock in time, statement took too long. Nothing was written."""
_FULL_STATES = {"53100"}
"""PostgreSQL: disk full. The transaction is rolled back."""
_STORE_FULL = "The disk of the store is full: nothing was written. Free space on it or make it larger, then try again."
_LOOK_AGAIN_SECONDS = 0.02
_locks: WeakKeyDictionary[sa.Engine, threading.RLock] = WeakKeyDictionary()


def open_engine(url: str) -> sa.Engine:
    """An engine for a SQLAlchemy URL of SQLite or PostgreSQL.

    Raises: `ConfigurationError` when the URL names another database or its driver is not installed.
    """
    try:
        parsed = make_url(url)
        backend = parsed.get_backend_name()
        if backend == "sqlite":
            return _open_sqlite(parsed)
        if backend == "postgresql":
            from backend.store.sql_postgresql import open_postgresql  # its driver need not be installed for SQLite

            return open_postgresql(parsed)
    except (exc.ArgumentError, ImportError) as error:
        raise ConfigurationError("STORE_URL is not a database URL that Tillpost can open.") from error
    raise ConfigurationError(f"STORE_URL names {backend}; sqlite, postgresql+psycopg and dynamodb are possible.")


def _open_sqlite(url: sa.URL) -> sa.Engine:
    in_memory = url.database in (None, "", ":memory:")
    if not in_memory:
        Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(
        url,
        connect_args={"check_same_thread": False, "timeout": BUSY_SECONDS},
        hide_parameters=True,
        poolclass=StaticPool if in_memory else QueuePool,
        **({} if in_memory else {"pool_size": 10, "max_overflow": 50, "pool_timeout": _POOL_SECONDS}),
    )
    sa.event.listen(engine, "connect", _prepare_sqlite)
    _locks[engine] = threading.RLock()
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    """Transactions are begun by us. An acknowledged write survives a crash of the process and of the machine."""
    connection.isolation_level = None
    cursor = connection.cursor()
    _use_log(cursor)
    cursor.execute("PRAGMA synchronous=FULL")
    # Busy pages are copied from the log to the file once instead of four times; the log grows to 16 MB.
    cursor.execute("PRAGMA wal_autocheckpoint=4000")
    cursor.execute("PRAGMA cache_size=-65536")
    cursor.execute("PRAGMA temp_store=MEMORY")
    cursor.close()


def _use_log(cursor: sqlite3.Cursor) -> None:
    """Turns the write-ahead log on. Of several that open a new file at once, SQLite lets none wait for this."""
    deadline = time.monotonic() + _CREATION_SECONDS
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(_LOOK_AGAIN_SECONDS)


class StatementFailedError(Exception):
    """The database refused a statement that should be right. Says the statement, without its values."""


@contextmanager
def exclusive(engine: sa.Engine) -> Iterator[None]:
    """Queues this process's writers fairly before SQLite's own lock, which is polled and can starve.

    Raises: `StoreBusyError` when it takes too long until it is the caller's turn.
    """
    lock = _locks.get(engine)
    if lock is None:
        yield
        return
    if not lock.acquire(timeout=_TURN_SECONDS):
        raise StoreBusyError("The store is busy; please try again in a moment.")
    try:
        yield
    finally:
        lock.release()


@contextmanager
def translated() -> Iterator[None]:
    """Raises the driver's failures as errors of the port, without the statement and its values.

    Raises: `StoreBusyError`, `DiskFullError` (nothing was written), `StoreUnreachableError`, or `StatementFailedError`.
    """
    try:
        yield
    except (exc.OperationalError, sqlite3.OperationalError) as error:
        cause = error.orig if isinstance(error, exc.OperationalError) else error
        message = str(cause)
        if getattr(cause, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL or _state_of(error) in _FULL_STATES:
            raise DiskFullError(_STORE_FULL) from error
        if "locked" in message or "busy" in message or _state_of(error) in _BUSY_STATES:
            raise StoreBusyError("The store is busy; please try again in a moment.") from error
        raise StoreUnreachableError("The store cannot be reached; please try again, or ask an engineer.") from error
    except (exc.InterfaceError, exc.TimeoutError, sqlite3.InterfaceError) as error:
        raise StoreUnreachableError("The store cannot be reached; please try again, or ask an engineer.") from error
    except exc.DBAPIError as error:
        if error.connection_invalidated:
            raise StoreUnreachableError("The store cannot be reached; please try again, or ask an engineer.") from error
        # The driver's own words may quote a row, which may hold personal data.
        what = f"{type(error.orig).__name__} {_state_of(error)}".strip()
        raise StatementFailedError(f"The database refused a statement ({what}): {error.statement}") from None


def _state_of(error: Exception) -> str:
    """The SQLSTATE that PostgreSQL gave; "" elsewhere."""
    return str(getattr(getattr(error, "orig", None), "sqlstate", None) or "")
