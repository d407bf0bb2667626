"""The change feed: nothing that was written is missed, whatever the order in which transactions end."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest
import sqlalchemy as sa

from backend.errors import ConditionFailedError
from backend.store import schema
from backend.store.port import Delete, Exists, Key, Put, Store, Update, Write
from backend.store.sql import SqlStore
from backend.store.sql_feed import KEPT_SECONDS
from tests.store.test_expiry import SQL, store_at

MARIA = schema.customer_key("maria")
ORDER = schema.order_key("maria", "o1")
MAIL = schema.message_key("maria", "welcome")
BLOCKED = schema.suppression_key("digest")
FED = (MARIA, ORDER, MAIL, BLOCKED)
NOT_FED = (schema.meta_key("x"), schema.customer_month_key("maria", "2026-11"), Key(schema.MAIL, "RATE#ses", "RATE"))


@pytest.fixture(params=SQL)
def url(request: pytest.FixtureRequest, tmp_path: object) -> str:
    return f"sqlite:///{tmp_path}/shop.db" if request.param == "sqlite" else request.getfixturevalue("postgres_url")


@pytest.fixture
def sql_store(url: str, request: pytest.FixtureRequest) -> Iterator[SqlStore]:
    with store_at(url, f"f{abs(hash(request.node.name)) % 10**8}_") as store:
        yield store


def read(store: Store, since: str, limit: int = 1000) -> tuple[dict[Key, object], str]:
    """All changes since the cursor, page by page, and the cursor behind them."""
    found: dict[Key, object] = {}
    while True:
        page = store.changes(since, limit)
        assert page.cursor is not None
        found |= dict(page.rows)
        since = page.cursor
        if not page.more:
            return found, since


def begin(store: Store) -> str:
    cursor = store.changes().cursor
    assert cursor is not None
    return cursor


@pytest.mark.parametrize("limit", [1, 3, 1000])
def test_every_kind_of_write_is_reported_once_it_is_done(store: Store, limit: int) -> None:
    since = begin(store)
    store.write_batch([Put(key, {"a": 1}) for key in (*FED, *NOT_FED)])
    found, since = read(store, since, limit)
    assert found == {key: {"a": 1} for key in FED}
    store.transact([Update(MARIA, set={"a": 2}), Delete(ORDER)])
    store.put(Put(MAIL, {"a": 3}))
    store.delete(Delete(BLOCKED))
    found, since = read(store, since, limit)
    assert found == {MARIA: {"a": 2}, ORDER: None, MAIL: {"a": 3}, BLOCKED: None}
    assert read(store, since, limit) == ({}, since)


def test_what_was_rolled_back_or_refused_is_not_reported(store: Store) -> None:
    since = begin(store)
    with suppress(ConditionFailedError):
        store.transact([Put(MARIA, {"a": 1}), Update(ORDER, add={}, set={"a": 1}, condition=Exists())])
    assert read(store, since)[0] == {}


def test_a_store_made_before_there_was_a_feed_gets_one(sql_store: SqlStore) -> None:
    with sql_store._engine.begin() as connection:  # as an older version left it
        for name in sql_store.missing_tables() or sql_store._feed._wanted():
            table = sql_store._tables["mail" if "mail" in name else "shop"].name
            on = f' ON "{table}"' if connection.dialect.name == "postgresql" else ""
            connection.exec_driver_sql(f'DROP TRIGGER "{name}"{on}')
        connection.exec_driver_sql(f'DROP TABLE "{sql_store._feed._table.name}"')
    assert sql_store.missing_tables()
    sql_store.create_tables()
    assert sql_store.missing_tables() == []
    since = begin(sql_store)
    sql_store.put(Put(MARIA, {"a": 1}))
    assert read(sql_store, since)[0] == {MARIA: {"a": 1}}


def test_who_was_away_for_too_long_hears_so(sql_store: SqlStore) -> None:
    away = begin(sql_store)
    sql_store.put(Put(MARIA, {"a": 1}))
    sql_store.put(Put(ORDER, {"a": 1}))
    _, late = read(sql_store, away, 1)
    with sql_store._engine.begin() as connection:
        connection.execute(
            sa.update(sql_store._feed._table).where(sql_store._feed._table.c.pk == MARIA.pk).values(at=1000)
        )
    sql_store.put(Put(MAIL, {"a": 1}))
    sql_store.sweep(1000 + KEPT_SECONDS + 3601, 100)
    assert sql_store.changes(away) == ([], None, False)
    assert sql_store.changes(late) == ([(MAIL, {"a": 1})], sql_store.changes(late).cursor, False)


def test_a_cursor_of_another_store_is_of_no_use(sql_store: SqlStore, url: str) -> None:
    with store_at(url, "other_") as other:
        assert sql_store.changes(begin(other)).cursor is None


def test_a_cursor_that_is_none_is_of_no_use(store: Store) -> None:
    assert store.changes("nonsense") == ([], None, False)
    assert store.changes("{}") == ([], None, False)


@pytest.mark.postgres
def test_a_transaction_that_ends_late_is_not_missed(postgres_url: str) -> None:
    """The first writer takes its number and waits; the second is done meanwhile, and is reported after the first."""
    with store_at(postgres_url, "late_") as store:
        since = begin(store)
        with store._engine.begin() as slow:
            insert = sa.insert(store._tables["shop"])
            slow.execute(insert.values(pk=MARIA.pk, sk=MARIA.sk, doc='{"a": 1}'))
            store.put(Put(ORDER, {"a": 2}))
            found, since = read(store, since)
            assert MARIA not in found
        later, _ = read(store, since)
        assert {**found, **later} == {MARIA: {"a": 1}, ORDER: {"a": 2}}


def test_nothing_is_missed_while_many_write(shared_store: Store) -> None:
    since, found, writers = begin(shared_store), dict[Key, object](), 4

    def write(writer: int) -> None:
        for number in range(25):
            writes: list[Write] = [Put(schema.order_key(f"c{writer}", f"{number}"), {"n": number})]
            shared_store.transact([*writes, Update(MARIA, add={}, set={"last": f"{writer}"})])

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(writers)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        part, since = read(shared_store, since, 7)
        found |= part
    found |= read(shared_store, since)[0]
    assert len(found) == writers * 25 + 1
