"""Tables and indexes are created when they are missing, and missing ones are named."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest

from backend.store import dynamodb_tables, sql_creation, sql_rows, sql_tables
from backend.store.port import Item, Key, Put, Query
from backend.store.schema import INDEXES, TABLES
from tests.engines import Engine
from tests.store.conftest import opened

KEY = Key("shop", "P", "s")


def test_what_is_missing_is_named_until_it_is_created(engine: Engine) -> None:
    store = engine.open()
    missing = store.missing_tables()
    assert len(missing) >= len(TABLES)
    for table in TABLES:
        assert any(table.name in name for name in missing)
    store.create_tables()
    assert store.missing_tables() == []
    store.close()


def test_creating_tables_again_is_harmless(engine: Engine) -> None:
    with opened(engine) as store:
        store.put(Put(KEY, {"a": 1}))
        store.create_tables()
        assert store.get(KEY) == {"a": 1}
        assert store.missing_tables() == []


def test_what_one_store_wrote_another_reads(shared_engine: Engine) -> None:
    with opened(shared_engine) as first, opened(shared_engine) as second:
        first.put(Put(KEY, {"a": 1}))
        assert second.get(KEY) == {"a": 1}


def test_the_schema_names_each_index_once() -> None:
    assert len(INDEXES) == sum(len(table.indexes) for table in TABLES)


def test_many_who_start_at_once_all_find_the_tables_ready(shared_engine: Engine) -> None:
    start = Barrier(6)

    def begin(number: int) -> None:
        store = shared_engine.open()
        start.wait()
        try:
            store.create_tables()
            store.put(Put(Key("mail", "P", f"{number}"), {}))
        finally:
            store.close()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(begin, range(6)))
    with opened(shared_engine) as store:
        assert len(store.scan("mail").rows) == 6


@pytest.fixture
def older_schema(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """The schema before the index `timeline` of the table `shop` was thought of."""
    older = [
        replace(table, indexes=tuple(index for index in table.indexes if index.name != "timeline")) for table in TABLES
    ]
    with monkeypatch.context() as patch:
        for module in (dynamodb_tables, sql_tables):
            patch.setattr(module, "TABLES", tuple(older))
        for module in (sql_rows, sql_creation):
            patch.setattr(module, "_INDEXES_OF", {table.name: table.indexes for table in older})
        yield patch


def test_an_index_of_a_newer_schema_is_added_and_filled_with_what_is_there(
    shared_engine: Engine, older_schema: pytest.MonkeyPatch
) -> None:
    items: dict[str, Item] = {
        f"{number:05}": {"line": "L", "line_at": f"{number:05}", "big": 10**30} for number in range(50)
    }
    with opened(shared_engine) as store:
        store.write_batch([Put(Key("shop", "P", sk), item) for sk, item in items.items()])
        store.put(Put(Key("shop", "P", "other"), {"board": "B", "rank_revenue": 1}))
    older_schema.undo()
    store = shared_engine.open()
    assert [name for name in store.missing_tables() if "timeline" in name]
    store.create_tables()
    assert store.missing_tables() == []
    store.put(Put(Key("shop", "P", "x"), {"line": "L", "line_at": "x"}))
    rows = store.query(Query("shop", "L", index="timeline")).rows
    assert [row.key.sk for row in rows] == [*items, "x"]
    assert len(store.query(Query("shop", "B", index="by_revenue")).rows) == 1
    store.close()
