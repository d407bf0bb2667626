"""Reads and writes of many items, and scans of whole tables."""

from __future__ import annotations

import pytest

from backend.errors import InvalidInputError
from backend.store.port import Begins, Delete, Item, Key, Put, Query, Store
from backend.store.schema import MAIL, SHOP


def many(number: int, table: str = SHOP) -> dict[Key, Item]:
    return {Key(table, f"P{n % 37}", f"{n:05}"): {"n": n, "line": "L", "line_at": f"{n:05}"} for n in range(number)}


def put_all(store: Store, items: dict[Key, Item]) -> None:
    store.write_batch([Put(key, item) for key, item in items.items()])


def scanned(store: Store, table: str, *, segments: int = 1, limit: int = 1000) -> list[tuple[Key, Item]]:
    rows: list[tuple[Key, Item]] = []
    for segment in range(segments):
        cursor: str | None = None
        while True:
            page = store.scan(table, segment=segment, segments=segments, limit=limit, cursor=cursor)
            assert len(page.rows) <= limit
            rows += page.rows
            cursor = page.cursor
            if cursor is None:
                break
    return rows


def test_thousands_of_writes_in_a_batch_all_happen_in_the_table_and_its_indexes(store: Store) -> None:
    items = many(2500)
    put_all(store, items)
    assert dict(scanned(store, SHOP)) == items
    assert len(store.query(Query(SHOP, "L", index="timeline", limit=3000)).rows) == 2500


def test_a_batch_puts_and_deletes_over_both_tables(store: Store) -> None:
    put_all(store, many(30))
    deletes = [Delete(key) for key in many(20)]
    store.write_batch(
        [*deletes, *(Put(key, item) for key, item in many(5, MAIL).items()), Delete(Key(MAIL, "no", "no"))]
    )
    assert len(scanned(store, SHOP)) == 10
    assert dict(scanned(store, MAIL)) == many(5, MAIL)
    store.write_batch([])


def test_a_batch_writes_each_key_once(store: Store) -> None:
    key = Key(SHOP, "P", "s")
    with pytest.raises(InvalidInputError):
        store.write_batch([Put(key, {"n": 1}), Delete(key)])
    assert store.get(key) is None


def test_hundreds_of_items_are_read_at_once_and_the_absent_are_left_out(store: Store) -> None:
    items = many(250) | many(30, MAIL)
    put_all(store, items)
    absent = [Key(SHOP, "P0", f"no {n}") for n in range(120)]
    assert store.get_many([*items, *absent, *items]) == items
    assert store.get_many([]) == {}
    assert store.get_many(absent) == {}


@pytest.mark.parametrize("segments", [1, 2, 7])
@pytest.mark.parametrize("limit", [3, 50, 1000])
def test_the_segments_of_a_scan_are_together_the_whole_table_and_each_item_once(
    store: Store, segments: int, limit: int
) -> None:
    items = many(120)
    put_all(store, items)
    put_all(store, many(5, MAIL))
    rows = scanned(store, SHOP, segments=segments, limit=limit)
    assert len(rows) == len(items)
    assert dict(rows) == items


def test_a_scan_of_an_empty_table_is_empty(store: Store) -> None:
    assert scanned(store, SHOP, segments=3) == []


def test_a_scan_goes_on_although_items_are_deleted_behind_it(store: Store) -> None:
    items = many(60)
    put_all(store, items)
    seen: list[Key] = []
    cursor: str | None = None
    while True:
        page = store.scan(SHOP, limit=7, cursor=cursor)
        seen += [row.key for row in page.rows]
        store.write_batch([Delete(row.key) for row in page.rows])
        cursor = page.cursor
        if cursor is None:
            break
    assert sorted(seen) == sorted(items)
    assert scanned(store, SHOP) == []


@pytest.mark.parametrize(("segment", "segments"), [(1, 1), (-1, 2), (2, 2), (0, 0)])
def test_a_segment_that_does_not_exist_is_refused(store: Store, segment: int, segments: int) -> None:
    with pytest.raises(InvalidInputError):
        store.scan(SHOP, segment=segment, segments=segments)


def test_a_scan_can_leave_out_what_does_not_begin_as_wanted(store: Store) -> None:
    wanted = {Key(SHOP, f"C#{n}", sk): {"n": n} for n in range(40) for sk in ("A", "O#1", "O#2")}
    others = [Key(SHOP, "C#1", "M#2026-11"), Key(SHOP, "C#1", "P"), Key(SHOP, "B#1", "A"), Key(SHOP, "D", "O#1")]
    put_all(store, wanted | {key: {"n": 0} for key in others})
    found: list[Key] = []
    for segment in range(3):
        cursor: str | None = None
        while True:
            page = store.scan(SHOP, segment=segment, segments=3, limit=7, cursor=cursor, only=Begins("C#", ("A", "O#")))
            found += [row.key for row in page.rows]
            cursor = page.cursor
            if cursor is None:
                break
    assert sorted(found) == sorted(wanted)
