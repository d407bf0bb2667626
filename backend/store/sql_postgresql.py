"""Connections to PostgreSQL that have an end: to connect, to run a statement, to wait for a lock, and to hang.

The server ends statements and waits for locks itself. A server that hangs, or whose answers drip, is given up by us:
then the connection is closed, and others are not tried for a moment, so that no caller waits for each of them in turn.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import psycopg
import sqlalchemy as sa
from psycopg.abc import RV, PQGen
from psycopg.errors import _WaitTimeout

from backend.deadlines import DeadlineError, within

CONNECT_SECONDS = 3.0
"""For each address of the server, unless STORE_URL says something else as connect_timeout."""
STATEMENT_SECONDS = 5.0
LOCK_SECONDS = 4.0
ANSWER_SECONDS = 6.0
"""A little more than the server's own limits, so that a working server reports its own time-out first."""
IDLE_SECONDS = 15.0
"""An abandoned transaction gives its locks back: its process was stopped, or its network is gone."""
POOL_SECONDS = 3.0
_REST_SECONDS = 2.0
"""How long no connection is tried after the server did not answer."""
_LOOK_UP_SECONDS = 2.0
_LIMITS = {
    "statement_timeout": STATEMENT_SECONDS,
    "lock_timeout": LOCK_SECONDS,
    "idle_in_transaction_session_timeout": IDLE_SECONDS,
}


class BoundedConnection(psycopg.Connection[Any]):
    """A connection whose every answer is there in time, or the connection is closed."""

    seconds = ANSWER_SECONDS

    def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        try:
            return super().wait(gen, interval, self.seconds if timeout is None else timeout)
        except _WaitTimeout as error:
            self.pgconn.finish()
            raise psycopg.OperationalError("The server did not answer in time.") from error


def open_postgresql(url: sa.URL) -> sa.Engine:
    """An engine whose connections have these limits. What STORE_URL says of limits itself counts instead."""
    engine = sa.create_engine(
        url,
        pool_pre_ping=True,
        pool_size=10,
        max_overflow=30,
        pool_timeout=POOL_SECONDS,
        hide_parameters=True,
        connect_args={"connect_timeout": CONNECT_SECONDS} if "connect_timeout" not in url.query else {},
    )
    gate = _Gate()
    sa.event.listen(engine, "do_connect", gate.connected)
    sa.event.listen(engine, "connect", _set_limits)
    return engine


@contextmanager
def patient(connection: sa.Connection, seconds: float) -> Iterator[None]:
    """Gives what is done inside another time for each statement."""
    driver = cast(BoundedConnection, connection.connection.driver_connection)
    milliseconds = int(seconds * 1000)
    connection.exec_driver_sql(f"SET LOCAL statement_timeout = {milliseconds}; SET LOCAL lock_timeout = {milliseconds}")
    driver.seconds = seconds + 1
    try:
        yield
    finally:
        driver.seconds = BoundedConnection.seconds


class _Gate:
    """Connects within a time, and refuses at once for a while after the server did not answer."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._closed_until = 0.0

    def connected(self, _dialect: object, _record: object, cargs: list[Any], cparams: dict[str, Any]) -> Any:
        with self._lock:
            if time.monotonic() < self._closed_until:
                raise psycopg.OperationalError("The server did not answer a moment ago.")
        seconds = float(cparams.get("connect_timeout", CONNECT_SECONDS))
        try:
            return within(
                seconds + _LOOK_UP_SECONDS, "PostgreSQL", lambda: BoundedConnection.connect(*cargs, **cparams)
            )
        except (DeadlineError, psycopg.errors.ConnectionTimeout) as error:
            with self._lock:
                self._closed_until = time.monotonic() + _REST_SECONDS
            raise psycopg.OperationalError("The server did not answer in time.") from error


def _set_limits(connection: BoundedConnection, _record: object) -> None:
    """Only where nothing is set: STORE_URL, the role or the database may have limits of their own."""
    with connection.cursor() as cursor:
        for name, seconds in _LIMITS.items():
            cursor.execute(
                "SELECT set_config(name, %s, false) FROM pg_settings WHERE name = %s AND setting = '0'",
                (str(int(seconds * 1000)), name),
            )
    connection.commit()
