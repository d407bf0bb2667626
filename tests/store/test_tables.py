"""Tables and indexes are created when they are missing, and missing ones are named."""

from __future__ import annotations

from backend.store.port import Key, Put
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
