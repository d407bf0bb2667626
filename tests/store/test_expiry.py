"""Items that carry `expires` disappear after that moment, and no others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from backend.store.port import EXPIRES, Delete, Item, Key, Put, Store, Update, Value
from backend.store.schema import MAIL, SHOP
from backend.store.sql import SqlStore
from tests.engines import Engine
from tests.store.conftest import opened

NOW = 1_800_000_000
SQL = [pytest.param("sqlite", id="sqlite"), pytest.param("postgres", marks=pytest.mark.postgres, id="postgres")]


@pytest.fixture(params=SQL)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/shop.db" if request.param == "sqlite" else request.getfixturevalue("postgres_url")


@pytest.fixture
def swept(url: str, request: pytest.FixtureRequest) -> Iterator[Store]:
    with store_at(url, f"x{abs(hash(request.node.name)) % 10**8}_") as store:
        yield store


@contextmanager
def store_at(url: str, prefix: str) -> Iterator[SqlStore]:
    store = SqlStore(url, prefix=prefix)
    store.create_tables()
    yield store
    store.close()


def key(name: str, table: str = MAIL) -> Key:
    return Key(table, "P", name)


def left(store: Store, table: str = MAIL) -> list[str]:
    return sorted(row.key.sk for row in store.scan(table).rows)


def test_what_has_expired_goes_and_the_rest_stays(swept: Store) -> None:
    moments: dict[str, Item] = {
        "past": {EXPIRES: NOW - 1}, "now": {EXPIRES: NOW}, "future": {EXPIRES: NOW + 1}, "never": {"a": 1},
    }  # fmt: skip
    swept.write_batch([Put(key(name, table), item) for name, item in moments.items() for table in (MAIL, SHOP)])
    assert swept.sweep(NOW, 100) == 4
    assert left(swept, MAIL) == left(swept, SHOP) == ["future", "never"]
    assert swept.sweep(NOW, 100) == 0


def test_the_earliest_go_first_and_no_more_than_asked_for(swept: Store) -> None:
    swept.write_batch([Put(key(f"{n}"), {EXPIRES: NOW - n}) for n in range(5)])
    assert swept.sweep(NOW, 2) == 2
    assert left(swept) == ["0", "1", "2"]


def test_an_item_whose_moment_was_moved_or_taken_away_stays(swept: Store) -> None:
    for name in ("moved", "taken", "written"):
        swept.put(Put(key(name), {EXPIRES: NOW - 1, "a": 1}))
    swept.update(Update(key("moved"), set={EXPIRES: NOW + 100}))
    swept.update(Update(key("taken"), remove=[EXPIRES]))
    swept.transact([Put(key("written"), {"a": 2})])
    assert swept.sweep(NOW, 100) == 0
    assert left(swept) == ["moved", "taken", "written"]


@pytest.mark.parametrize("moment", ["1", True, -1, 10**30, [NOW]])
def test_what_is_no_moment_never_expires(swept: Store, moment: Value) -> None:
    swept.put(Put(key("odd"), {EXPIRES: moment}))
    assert swept.sweep(NOW, 100) == 0
    assert swept.get(key("odd")) == {EXPIRES: moment}


def test_until_it_is_removed_an_expired_item_is_read_as_any_other(store: Store) -> None:
    store.put(Put(key("past"), {EXPIRES: NOW - 1}))
    assert store.get(key("past")) == {EXPIRES: NOW - 1}
    store.delete(Delete(key("past")))
    assert store.sweep(NOW, 100) == 0


def test_a_database_from_before_there_was_expiry_is_extended_where_it_is(url: str) -> None:
    with store_at(url, "old_") as store:
        store.put(Put(key("kept"), {"a": 1}))
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        for table in (SHOP, MAIL):
            connection.exec_driver_sql(f"DROP INDEX ix_old_{table}_expires")
            connection.exec_driver_sql(f"ALTER TABLE old_{table} DROP COLUMN expires")
    engine.dispose()
    store = SqlStore(url, prefix="old_")
    assert "ix_old_mail_expires" in store.missing_tables()
    store.create_tables()
    assert store.missing_tables() == []
    store.put(Put(key("past"), {EXPIRES: NOW - 1}))
    assert store.sweep(NOW, 100) == 1
    assert left(store) == ["kept"]
    store.close()


def test_finding_what_has_expired_does_not_read_the_whole_table(tmp_path: Path) -> None:
    with store_at(f"sqlite:///{tmp_path}/shop.db", ""):
        engine = sa.create_engine(f"sqlite:///{tmp_path}/shop.db")
        with engine.begin() as connection:
            query = "SELECT pk, sk FROM mail WHERE expires <= 5 ORDER BY expires LIMIT 10"
            [plan] = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}").all()
        engine.dispose()
    assert "USING COVERING INDEX ix_mail_expires" in plan[3]


def test_dynamodb_is_asked_to_remove_what_has_expired(engine: Engine) -> None:
    if not engine.name.startswith("dynamodb"):
        return
    with opened(engine) as store:
        client, names = store._caller._client, store._names.values()  # type: ignore[attr-defined]
        found = [client.describe_time_to_live(TableName=name)["TimeToLiveDescription"] for name in names]
        store.create_tables()  # harmless when it is on
    assert [each["AttributeName"] for each in found] == [EXPIRES, EXPIRES]
    assert {each["TimeToLiveStatus"] for each in found} <= {"ENABLED", "ENABLING"}
