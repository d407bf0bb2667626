"""PostgreSQL that hangs, drips, is locked or is slow: everybody has an answer in time, and what comes after works."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from backend.deadlines import LONGEST_WAIT
from backend.errors import StoreBusyError, StoreUnreachableError
from backend.store import sql_postgresql
from backend.store.port import Key, Put
from backend.store.sql import SqlStore
from backend.store.sql_engine import StatementFailedError, translated
from backend.store.sql_postgresql import open_postgresql

pytestmark = pytest.mark.postgres
KEY = Key("shop", "C#A", "A")


@dataclass
class Relay:
    """Stands between the store and the server. While it is stopped, connections are taken and nothing passes."""

    server: tuple[str, int]
    port: int = 0
    passing: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)
    dripping: bool = False

    def run(self, listener: socket.socket) -> None:
        while not self.over.is_set():
            with contextlib.suppress(TimeoutError, OSError):
                client, _ = listener.accept()
                upstream = socket.create_connection(self.server)
                for source, sink in ((client, upstream), (upstream, client)):
                    threading.Thread(target=self._pass, args=(source, sink), daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError), source, sink:
            while data := source.recv(65536):
                while not self.passing.wait(0.05) and not self.over.is_set():
                    if self.dripping:
                        sink.sendall(data[:1])
                        data = data[1:]
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)


@pytest.fixture
def relay(postgres_url: str) -> Iterator[Relay]:
    url = make_url(postgres_url)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.1)
        relay = Relay((url.host or "127.0.0.1", url.port or 5432), listener.getsockname()[1])
        relay.passing.set()
        thread = threading.Thread(target=relay.run, args=(listener,))
        thread.start()
        yield relay
        relay.over.set()
        relay.passing.set()
        thread.join()


@pytest.fixture
def store(postgres_url: str, relay: Relay, monkeypatch: pytest.MonkeyPatch) -> Iterator[SqlStore]:
    for name, seconds in (("CONNECT_SECONDS", 1.0), ("STATEMENT_SECONDS", 0.5), ("LOCK_SECONDS", 0.3)):
        monkeypatch.setattr(sql_postgresql, name, seconds)
    limits = {"statement_timeout": 0.5, "lock_timeout": 0.3, "idle_in_transaction_session_timeout": 0.4}
    monkeypatch.setattr(sql_postgresql, "_LIMITS", limits)
    monkeypatch.setattr(sql_postgresql, "_REST_SECONDS", 0.5)
    monkeypatch.setattr(sql_postgresql.BoundedConnection, "seconds", 1.0)
    url = make_url(postgres_url).set(host="127.0.0.1", port=relay.port).render_as_string(hide_password=False)
    store = SqlStore(url, prefix="deadlines_")
    store.create_tables()
    store.put(Put(KEY, {"name": "Maria"}))
    yield store
    store.close()


def test_the_usual_limits_leave_room_for_what_people_wait_for() -> None:
    assert sql_postgresql.LOCK_SECONDS < sql_postgresql.STATEMENT_SECONDS < sql_postgresql.ANSWER_SECONDS
    assert sql_postgresql.ANSWER_SECONDS + sql_postgresql.CONNECT_SECONDS < LONGEST_WAIT


@pytest.mark.parametrize("dripping", [False, True])
def test_a_server_that_hangs_is_given_up_and_used_again_when_it_is_back(
    store: SqlStore, relay: Relay, dripping: bool
) -> None:
    relay.dripping = dripping
    relay.passing.clear()
    began = time.monotonic()
    for _ in range(5):
        with pytest.raises(StoreUnreachableError):
            store.get(KEY)
    assert time.monotonic() - began < 6  # the first one waits for an answer and a connection, the others hardly
    relay.passing.set()
    time.sleep(0.6)
    assert store.get(KEY) == {"name": "Maria"}


def test_a_lock_that_somebody_keeps_makes_a_write_busy(store: SqlStore, postgres_url: str) -> None:
    plain = postgres_url.replace("postgresql+psycopg", "postgresql")
    with psycopg.connect(plain) as other:
        other.execute("SELECT pg_advisory_xact_lock(71102, n) FROM generate_series(0, 1023) AS n")
        began = time.monotonic()
        with pytest.raises(StoreBusyError):
            store.put(Put(KEY, {"name": "Noah"}))
        assert time.monotonic() - began < 3
        other.rollback()
    assert store.get(KEY) == {"name": "Maria"}
    store.put(Put(KEY, {"name": "Noah"}))
    assert store.get(KEY) == {"name": "Noah"}


def test_a_transaction_that_nobody_goes_on_with_gives_its_locks_back(store: SqlStore, postgres_url: str) -> None:
    with store._sessions.transaction([KEY]) as _stopped:
        time.sleep(1.0)
        with psycopg.connect(postgres_url.replace("postgresql+psycopg", "postgresql")) as other:
            (free,) = other.execute("SELECT pg_try_advisory_xact_lock(71102, 0)").fetchone() or (False,)
            assert free
            held = other.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = 71102")
            assert held.fetchone() == (1,)  # ours
        with contextlib.suppress(StoreUnreachableError), translated():
            _stopped.rollback()
    assert store.get(KEY) == {"name": "Maria"}


def test_a_statement_that_takes_too_long_is_ended_and_said_to_have_done_nothing(store: SqlStore) -> None:
    with pytest.raises(StoreBusyError), store._sessions.connected() as connection:
        connection.exec_driver_sql("SELECT pg_sleep(5)")
    with store._sessions.connected(5) as connection:
        connection.exec_driver_sql("SELECT pg_sleep(0.7)")
    with pytest.raises(StoreBusyError), store._sessions.connected() as connection:
        connection.exec_driver_sql("SELECT pg_sleep(5)")


def test_limits_that_the_installation_has_set_itself_are_kept(postgres_url: str) -> None:
    url = make_url(postgres_url).update_query_dict({"options": "-c statement_timeout=1234"})
    engine = open_postgresql(url)
    with engine.connect() as connection:
        assert connection.execute(sa.text("SHOW statement_timeout")).scalar() == "1234ms"
        assert connection.execute(sa.text("SHOW lock_timeout")).scalar() == f"{sql_postgresql.LOCK_SECONDS:.0f}s"
    engine.dispose()


def test_what_the_database_says_of_a_row_is_not_repeated(store: SqlStore) -> None:
    with pytest.raises(StatementFailedError) as failed, store._sessions.connected() as connection:
        connection.execute(sa.text("SELECT CAST(:text AS int)"), {"text": "maria@example.com"})
    told = str(failed.value)
    assert "maria" not in told
    assert "SELECT CAST" in told
    assert failed.value.__cause__ is None
    assert failed.value.__suppress_context__
