"""What is particular to the SQL engine: how items are written down, and failures of the driver itself."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from backend.errors import ConditionFailedError, StoreBusyError, StoreUnreachableError
from backend.store import sql_engine
from backend.store.documents import decode, encode
from backend.store.port import Absent, Exists, Item, Key, Put, Store
from backend.store.sql import SqlStore

KEY = Key("shop", "P", "s")


@pytest.mark.parametrize(
    "item",
    [
        {"a": 1, "b": "x", "c": None, "d": True, "e": [1, {"f": "g"}]},
        {"rank": 10**25, "name": "Zoë", "big": -(10**37), "edge": 2**63 - 1, "over": 2**63, "under": -(2**63) - 1},
        {"rank": 10**25, "price": "$5", "$odd": "$bytes"},
        {"$bytes": "not bytes", "rank": 10**25},
        {"data": b"\0\xff", "rank": 10**25},
        {"data": b"\0\xff", "name": "plain"},
        {"nested": {"rank": 10**25, "$x": [b"y", {"$bytes": "z"}]}},
        {"nested": {"$bytes": "z"}, "data": b"q"},
        {"text": '{"$bytes": "a"}', "rank": 10**25},
        {"quote": '"$', "rank": 10**25},
    ],
)
def test_what_is_written_down_is_read_back_the_same(item: Item) -> None:
    found = decode(encode(item))
    assert found == item
    assert {name: type(value) for name, value in found.items()} == {name: type(value) for name, value in item.items()}


@pytest.mark.parametrize(
    ("doc", "item"),
    [
        (' {"rank":10000000000000000000000000,"$$odd":"x"}', {"rank": 10**25, "$odd": "x"}),
        (' {"rank":10000000000000000000000000,"data":{"$bytes":"AP8="}}', {"rank": 10**25, "data": b"\0\xff"}),
        (' {"rank": 10000000000000000000000000, "name": "Zoë"}', {"rank": 10**25, "name": "Zoë"}),
        ('\t{"data":{"$bytes":"AP8="}}', {"data": b"\0\xff"}),
    ],
)
def test_what_earlier_versions_wrote_is_still_read(doc: str, item: Item) -> None:
    assert decode(doc) == item


def test_a_put_that_depends_on_nothing_is_seen_by_a_later_transaction_of_the_same_batch() -> None:
    store = SqlStore("sqlite://")
    store.create_tables()
    outcomes = store.transact_each(
        [[Put(KEY, {"a": 1})], [Put(KEY, {"a": 2}, Absent())], [Put(KEY, {"a": 3}, Exists())]]
    )
    assert outcomes[0] is None
    assert isinstance(outcomes[1], ConditionFailedError)
    assert outcomes[2] is None
    assert store.get(KEY) == {"a": 3}
    store.close()


@pytest.fixture
def locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A store whose file another connection writes to and does not let go."""
    monkeypatch.setattr(sql_engine, "BUSY_SECONDS", 0.05)
    store = SqlStore(f"sqlite:///{tmp_path}/shop.db")
    store.create_tables()
    store.put(Put(KEY, {"a": 1}))
    return store


def test_a_database_that_somebody_else_keeps_locked_is_busy_and_nothing_is_written(
    locked: Store, tmp_path: Path
) -> None:
    other = sqlite3.connect(tmp_path / "shop.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreBusyError):
        locked.transact([Put(KEY, {"a": 2}, Exists())])
    assert locked.get(KEY) == {"a": 1}
    other.execute("ROLLBACK")
    other.close()
    locked.transact([Put(KEY, {"a": 2}, Exists())])
    assert locked.get(KEY) == {"a": 2}
    locked.close()


def test_a_store_whose_tables_are_gone_cannot_be_reached(locked: Store, tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "shop.db")
    other.execute("DROP TABLE shop")
    other.commit()
    other.close()
    with pytest.raises(StoreUnreachableError):
        locked.get(KEY)
    with pytest.raises(StoreUnreachableError):
        locked.put(Put(KEY, {"a": 1}))
    locked.close()
