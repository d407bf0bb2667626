"""Queries give a partition in the order of its sort key, page by page, from the table or one of its indexes."""

from __future__ import annotations

import base64
import itertools
from dataclasses import replace

import pytest

from backend.errors import InvalidInputError
from backend.store.limits import encode_cursor
from backend.store.port import Delete, Item, Key, Page, Plus, Put, Query, Row, Store, Update, pages_of
from backend.store.schema import INDEXES, MAIL, SHOP


def fill(store: Store, sort_keys: list[str], partition: str = "P") -> None:
    store.write_batch([Put(Key(SHOP, partition, sk), {"was": sk}) for sk in sort_keys])


def sort_keys(page: Page | list[Row]) -> list[str]:
    return [row.key.sk for row in (page.rows if isinstance(page, Page) else page)]


def board(store: Store, ranks: list[int], partition: str = "ALL#0") -> None:
    """Customers in a leaderboard, whose sort keys say their ranks."""
    writes = [Put(Key(SHOP, f"C#{n}", "A"), {"board": partition, "rank_revenue": rank}) for n, rank in enumerate(ranks)]
    store.write_batch(writes)


def ranks(page: Page) -> list[object]:
    return [row.item["rank_revenue"] for row in page.rows]


def test_an_empty_partition_gives_an_empty_page(store: Store) -> None:
    assert store.query(Query(SHOP, "P")) == Page([], None)
    assert store.query(Query(SHOP, "P", index="timeline")) == Page([], None)


def test_a_query_gives_its_own_partition_of_its_own_table(store: Store) -> None:
    fill(store, ["b", "a"])
    fill(store, ["c"], "P2")
    store.put(Put(Key(MAIL, "P", "d"), {"was": "d"}))
    rows = [Row(Key(SHOP, "P", "a"), {"was": "a"}), Row(Key(SHOP, "P", "b"), {"was": "b"})]
    assert store.query(Query(SHOP, "P")) == Page(rows, None)
    assert store.query(Query(SHOP, "P", consistent=True)) == Page(rows, None)


def test_text_is_sorted_by_its_utf8_bytes(store: Store) -> None:
    words = ["", "Z", "a", "z", "é", "Я", "\uffff", "😀", "a\u0301", "A", "0", "#", "~", " ", "aa", "a#", "ab"]
    words = [f"k{word}" for word in words]
    fill(store, words)
    in_order = sorted(words, key=str.encode)
    assert sort_keys(store.query(Query(SHOP, "P"))) == in_order
    assert sort_keys(store.query(Query(SHOP, "P", descending=True))) == in_order[::-1]


@pytest.mark.parametrize("descending", [False, True])
def test_a_query_can_be_narrowed_to_a_beginning(store: Store, descending: bool) -> None:
    fill(store, ["O", "O#", "O#1", "O#2", "O#\U0010ffff", "O#\U0010ffffz", "O$", "N#", "o#1"])
    expected = ["O#", "O#1", "O#2", "O#\U0010ffff", "O#\U0010ffffz"]
    page = store.query(Query(SHOP, "P", begins_with="O#", descending=descending))
    assert sort_keys(page) == (expected[::-1] if descending else expected)


def test_an_empty_beginning_is_no_limit_and_special_characters_are_plain(store: Store) -> None:
    fill(store, ["a", "%", "_b", "%c"])
    assert len(store.query(Query(SHOP, "P", begins_with="")).rows) == 4
    assert sort_keys(store.query(Query(SHOP, "P", begins_with="%"))) == ["%", "%c"]
    assert sort_keys(store.query(Query(SHOP, "P", begins_with="_"))) == ["_b"]


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        ("b", "d", ["b", "c", "d"]),
        ("b", "b", ["b"]),
        ("bb", "bc", []),
        ("a#", "c~", ["b", "c"]),
        ("", "b", ["a", "b"]),
        ("d", "b", []),
        ("b", "", []),
        ("", "", []),
    ],
)
def test_a_query_can_be_narrowed_to_a_range_with_both_ends(
    store: Store, low: str, high: str, expected: list[str], descending: bool
) -> None:
    fill(store, ["a", "b", "c", "d", "e"])
    page = store.query(Query(SHOP, "P", between=(low, high), descending=descending))
    assert sort_keys(page) == (expected[::-1] if descending else expected)


def test_numbers_are_sorted_as_numbers_whatever_their_length_and_sign(store: Store) -> None:
    numbers = [0, 1, -1, 9, 10, -10, -9, 2**53, 2**53 + 1, 2**63, 10**37, 10**38 - 1, -(10**38) + 1, 10**16 + 7]
    board(store, numbers)
    up = store.query(Query(SHOP, "ALL#0", index="by_revenue"))
    down = store.query(Query(SHOP, "ALL#0", index="by_revenue", descending=True))
    assert ranks(up) == sorted(numbers)
    assert ranks(down) == sorted(numbers, reverse=True)


@pytest.mark.parametrize("descending", [False, True])
def test_a_range_of_numbers_includes_both_ends(store: Store, descending: bool) -> None:
    board(store, [-20, -3, 0, 3, 20, 10**30, -(10**30)])
    for between, expected in (((-3, 20), [-3, 0, 3, 20]), ((4, 5), []), ((21, 10**30), [10**30]), ((5, -5), [])):
        page = store.query(Query(SHOP, "ALL#0", index="by_revenue", between=between, descending=descending))
        assert ranks(page) == (expected[::-1] if descending else expected)


def test_an_item_without_both_index_keys_is_not_in_the_index(store: Store) -> None:
    store.put(Put(Key(SHOP, "a", "A"), {"line": "L"}))
    store.put(Put(Key(SHOP, "b", "A"), {"line_at": "1"}))
    store.put(Put(Key(SHOP, "c", "A"), {"line": "L", "line_at": "1"}))
    store.put(Put(Key(SHOP, "d", "A"), {}))
    page = store.query(Query(SHOP, "L", index="timeline"))
    assert page.rows == [Row(Key(SHOP, "c", "A"), {"line": "L", "line_at": "1"})]


def test_an_index_gives_its_keys_and_projected_attributes_and_no_others(store: Store) -> None:
    index = INDEXES[SHOP, "by_revenue"]
    item: Item = {
        "board": "B",
        "rank_revenue": 1,
        "rank_orders": 2,
        "name": "Zoë",
        "tags": ["a"],
        "secret": "s",
        "line": "L",
    }
    store.put(Put(Key(SHOP, "C#1", "A"), item))
    kept = {index.partition, index.sort, *index.projected}
    expected = {name: value for name, value in item.items() if name in kept}
    assert store.query(Query(SHOP, "B", index="by_revenue")).rows == [Row(Key(SHOP, "C#1", "A"), expected)]
    assert "secret" not in expected


def test_an_update_moves_an_item_within_and_between_index_partitions(store: Store) -> None:
    key = Key(SHOP, "C#1", "A")

    def standing(partition: str) -> list[object]:
        return ranks(store.query(Query(SHOP, partition, index="by_revenue")))

    store.put(Put(key, {"board": "A#0", "rank_revenue": 1}))
    store.put(Put(Key(SHOP, "C#2", "A"), {"board": "A#0", "rank_revenue": 5}))
    store.update(Update(key, add={"rank_revenue": Plus(9)}))
    assert standing("A#0") == [5, 10]
    store.transact([Update(key, set={"board": "B#0"})])
    assert (standing("A#0"), standing("B#0")) == ([5], [10])
    store.update(Update(key, remove=["board"]))
    assert (standing("A#0"), standing("B#0")) == ([5], [])
    store.update(Update(key, set={"board": "A#0"}))
    store.delete(Delete(key))
    assert (standing("A#0"), standing("B#0")) == ([5], [])


def test_one_item_can_be_in_several_indexes(store: Store) -> None:
    item: Item = {"board": "B", "rank_revenue": 3, "rank_orders": 1, "line": "L", "line_at": "x"}
    store.put(Put(Key(SHOP, "C#1", "A"), item))
    for partition, index in (("B", "by_revenue"), ("B", "by_orders"), ("L", "timeline")):
        assert len(store.query(Query(SHOP, partition, index=index)).rows) == 1


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 6, 7])
@pytest.mark.parametrize("descending", [False, True])
def test_pages_are_full_until_the_last_one_and_only_the_last_has_no_cursor(
    store: Store, limit: int, descending: bool
) -> None:
    fill(store, list("abcdef"))
    query = Query(SHOP, "P", limit=limit, descending=descending)
    pages = []
    while True:
        page = store.query(query)
        pages.append(page)
        if page.cursor is None:
            break
        query = replace(query, cursor=page.cursor)
    in_order = "fedcba" if descending else "abcdef"
    assert "".join(sk for page in pages for sk in sort_keys(page)) == in_order
    assert [len(page.rows) for page in pages] == [limit] * (6 // limit) + [6 % limit] * (6 % limit > 0)


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("narrowed", [{"begins_with": "O#"}, {"between": ("O#1", "O#8")}, {}], ids=repr)
def test_a_cursor_resumes_in_the_same_range_and_direction(
    store: Store, narrowed: dict[str, str], descending: bool
) -> None:
    fill(store, [f"O#{n}" for n in range(10)] + ["A", "Z"])
    whole = Query(SHOP, "P", descending=descending, **narrowed)  # type: ignore[arg-type]
    by_page = list(pages_of(store, replace(whole, limit=3)))
    assert by_page == store.query(whole).rows
    assert len(by_page) >= 8


@pytest.mark.parametrize("descending", [False, True])
def test_a_cursor_resumes_in_an_index_even_among_equal_sort_keys(store: Store, descending: bool) -> None:
    board(store, [7] * 7 + [8, 6, -(10**30), 10**30])
    query = Query(SHOP, "ALL#0", index="by_revenue", descending=descending, limit=2)
    rows = list(pages_of(store, query))
    assert len({row.key for row in rows}) == len(rows) == 11
    found = [row.item["rank_revenue"] for row in rows]
    assert found == sorted(found, reverse=descending)


def test_a_cursor_resumes_in_an_index_of_texts(store: Store) -> None:
    store.write_batch([Put(Key(SHOP, f"C#{n}", "O"), {"line": "L", "line_at": f"é{n}"}) for n in range(5)])
    rows = list(pages_of(store, Query(SHOP, "L", index="timeline", limit=2, descending=True)))
    assert [row.item["line_at"] for row in rows] == ["é4", "é3", "é2", "é1", "é0"]


def test_a_cursor_survives_that_the_item_it_is_at_is_deleted(store: Store) -> None:
    fill(store, list("abcd"))
    page = store.query(Query(SHOP, "P", limit=2))
    store.delete(Delete(Key(SHOP, "P", "b")))
    store.put(Put(Key(SHOP, "P", "bb"), {}))
    assert sort_keys(store.query(Query(SHOP, "P", cursor=page.cursor))) == ["bb", "c", "d"]


def test_an_item_put_behind_the_cursor_does_not_shift_the_next_page(store: Store) -> None:
    fill(store, list("bdf"))
    page = store.query(Query(SHOP, "P", limit=2))
    store.put(Put(Key(SHOP, "P", "a"), {}))
    assert sort_keys(store.query(Query(SHOP, "P", cursor=page.cursor))) == ["f"]


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "é",
        "%%%",
        base64.urlsafe_b64encode(b"[]").decode(),
        base64.urlsafe_b64encode(b'{"pk": 5, "sk": {}}').decode(),
        base64.urlsafe_b64encode(b'"text"').decode(),
        encode_cursor({}),
        encode_cursor({"unknown": "x"}),
    ],
)
def test_a_cursor_that_no_query_gave_is_refused(store: Store, cursor: str) -> None:
    fill(store, list("abc"))
    board(store, [1, 2, 3])
    for query in (Query(SHOP, "P", cursor=cursor), Query(SHOP, "ALL#0", index="by_revenue", cursor=cursor)):
        with pytest.raises(InvalidInputError):
            store.query(query)
    with pytest.raises(InvalidInputError):
        store.scan(SHOP, cursor=cursor)


def test_a_cursor_that_was_cut_is_refused(store: Store) -> None:
    fill(store, list("abc"))
    cursor = store.query(Query(SHOP, "P", limit=1)).cursor
    assert cursor is not None
    with pytest.raises(InvalidInputError):
        store.query(Query(SHOP, "P", cursor=cursor[:-6]))


def test_a_cursor_of_the_table_is_refused_by_an_index(store: Store) -> None:
    fill(store, list("abc"))
    board(store, [1, 2, 3])
    cursor = store.query(Query(SHOP, "P", limit=1)).cursor
    with pytest.raises(InvalidInputError):
        store.query(Query(SHOP, "ALL#0", index="by_revenue", cursor=cursor))


def test_a_cursor_of_another_partition_is_refused(store: Store) -> None:
    fill(store, list("abc"))
    fill(store, list("abc"), "Q")
    cursor = store.query(Query(SHOP, "P", limit=1)).cursor
    with pytest.raises(InvalidInputError):
        store.query(Query(SHOP, "Q", cursor=cursor))


@pytest.mark.parametrize("limit", [0, -1])
def test_a_query_asks_for_one_item_at_least(store: Store, limit: int) -> None:
    with pytest.raises(InvalidInputError):
        store.query(Query(SHOP, "P", limit=limit))
    with pytest.raises(InvalidInputError):
        store.scan(SHOP, limit=limit)


def test_an_index_cannot_be_read_consistently(store: Store) -> None:
    with pytest.raises(InvalidInputError):
        store.query(Query(SHOP, "ALL#0", index="by_revenue", consistent=True))


def test_a_page_is_full_even_when_its_items_are_large(store: Store) -> None:
    for sk in "abcdef":
        store.put(Put(Key(SHOP, "P", sk), {"text": "x" * 300_000}))
    page = store.query(Query(SHOP, "P", limit=5))
    assert sort_keys(page) == list("abcde")
    assert sort_keys(store.query(Query(SHOP, "P", limit=5, cursor=page.cursor))) == ["f"]


def test_pages_of_reads_no_further_than_it_is_asked(store: Store) -> None:
    fill(store, list("abcdef"))
    rows = pages_of(store, Query(SHOP, "P", limit=2))
    assert sort_keys(list(itertools.islice(rows, 3))) == ["a", "b", "c"]
