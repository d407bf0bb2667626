"""Transactions are all or nothing; many of them keep their order where they share a key."""

from __future__ import annotations

import pytest

from backend.errors import AlreadyExistsError, ConditionFailedError, InvalidInputError, ItemTooLargeError
from backend.store.port import (
    MAX_TRANSACTION_WRITES,
    Absent,
    Check,
    Delete,
    Equals,
    Exists,
    Item,
    Key,
    Plus,
    Put,
    Query,
    Store,
    Update,
    Write,
)
from backend.store.schema import MAIL, SHOP


def key(sk: str, pk: str = "P", table: str = SHOP) -> Key:
    return Key(table, pk, sk)


def contents(store: Store) -> dict[Key, Item]:
    return {row.key: row.item for table in (SHOP, MAIL) for row in store.scan(table).rows}


def test_all_kinds_of_writes_over_both_tables_happen_together(store: Store) -> None:
    store.put(Put(key("old"), {"a": 1}))
    store.put(Put(key("counter"), {"n": 1, "gone": 1}))
    store.put(Put(key("checked"), {}))
    store.transact(
        [
            Put(key("new", table=MAIL), {"b": 2}, Absent()),
            Update(key("counter"), set={"c": 3}, add={"n": Plus(5)}, remove=["gone"], condition=Equals("n", 1)),
            Delete(key("old"), Exists()),
            Check(key("checked"), Exists()),
        ]
    )
    assert contents(store) == {
        key("new", table=MAIL): {"b": 2},
        key("counter"): {"n": 6, "c": 3},
        key("checked"): {},
    }


@pytest.mark.parametrize("place", [0, 1, 2, 3])
def test_nothing_happens_when_one_condition_fails_wherever_it_is(store: Store, place: int) -> None:
    store.put(Put(key("a"), {"n": 1}))
    before = contents(store)
    writes: list[Write] = [Update(key("a"), add={"n": Plus(1)}), Delete(key("x")), Put(key("b"), {})]
    writes.insert(place, Check(key("absent"), Exists()))
    with pytest.raises(ConditionFailedError):
        store.transact(writes)
    assert contents(store) == before


def test_nothing_happens_when_one_write_is_refused(store: Store) -> None:
    store.put(Put(key("n"), {"board": "B"}))
    before = contents(store)
    with pytest.raises(InvalidInputError):
        store.transact([Put(key("a"), {}), Update(key("n"), add={"board": Plus(1)})])
    assert contents(store) == before


test_nothing_happens_when_one_write_is_refused = pytest.mark.emulator_differs(
    "dynamodb-ministack", "leaves what is not a number as it is instead of refusing"
)(test_nothing_happens_when_one_write_is_refused)


def test_a_transaction_writes_each_key_once(store: Store) -> None:
    for other in (Put(key("a"), {}), Delete(key("a")), Check(key("a"), Absent()), Update(key("a"), set={"a": 1})):
        with pytest.raises(InvalidInputError):
            store.transact([Put(key("a"), {"n": 1}), other])
    assert contents(store) == {}


def test_a_transaction_may_have_a_hundred_writes_and_no_more(store: Store) -> None:
    store.transact([Put(key(f"{n:03}"), {"n": n}, Absent()) for n in range(MAX_TRANSACTION_WRITES)])
    assert len(store.query(Query(SHOP, "P")).rows) == MAX_TRANSACTION_WRITES
    with pytest.raises(InvalidInputError):
        store.transact([Delete(key(f"{n:03}")) for n in range(MAX_TRANSACTION_WRITES + 1)])
    assert len(store.query(Query(SHOP, "P")).rows) == MAX_TRANSACTION_WRITES


def test_a_transaction_has_four_megabytes_at_most(store: Store) -> None:
    with pytest.raises(InvalidInputError):
        store.transact([Put(key(f"{n}"), {"text": "x" * 390_000}) for n in range(11)])
    assert contents(store) == {}


def test_a_transaction_of_nothing_does_nothing(store: Store) -> None:
    store.transact([])
    assert store.transact_each([]) == []
    assert store.transact_each([[]]) == [None]


def test_each_of_many_transactions_succeeds_or_fails_by_itself(store: Store) -> None:
    taken = AlreadyExistsError("taken")
    store.put(Put(key("taken"), {}))
    errors = store.transact_each(
        [
            [Put(key("a"), {}), Put(key("b"), {})],
            [Put(key("c"), {}), Put(key("taken"), {"stolen": 1}, Absent(), taken)],
            [Put(key("x"), {"f": 1.5})],  # type: ignore[dict-item]
            [Put(key("twice"), {}), Delete(key("twice"))],
            [Put(key("large"), {"text": "x" * 500_000})],
            [Put(key("d"), {})],
        ]
    )
    assert errors[0] is None
    assert isinstance(errors[1], type(taken))
    assert errors[1].sentence == taken.sentence
    assert [type(error) for error in errors[2:]] == [
        InvalidInputError,
        InvalidInputError,
        ItemTooLargeError,
        type(None),
    ]
    assert contents(store) == {key("a"): {}, key("b"): {}, key("d"): {}, key("taken"): {}}


def test_transactions_that_share_a_key_happen_in_their_order(store: Store) -> None:
    steps = 60
    transactions: list[list[Write]] = []
    for step in range(steps):
        counter = Update(key("shared"), set={"at": step}, condition=Equals("at", step - 1) if step else Absent())
        transactions.append([Put(key(f"own {step:03}"), {}, Absent()), counter])
        transactions.append([Put(key(f"free {step:03}"), {})])
    assert store.transact_each(transactions) == [None] * 2 * steps
    assert store.get(key("shared")) == {"at": steps - 1}


def test_a_later_transaction_sees_what_an_earlier_one_did_and_not_what_it_failed_to_do(store: Store) -> None:
    errors = store.transact_each(
        [
            [Put(key("a"), {"n": 1}, Absent())],
            [Put(key("a"), {"n": 2}, Absent())],
            [Update(key("a"), add={"n": Plus(10)}, condition=Equals("n", 1)), Put(key("b"), {}, Absent())],
            [Update(key("a"), add={"n": Plus(100)}), Put(key("b"), {}, Absent())],
            [Delete(key("a"), Equals("n", 11))],
            [Put(key("a"), {"n": 3}, Absent())],
        ]
    )
    assert [type(error) for error in errors] == [
        type(None),
        ConditionFailedError,
        type(None),
        ConditionFailedError,
        type(None),
        type(None),
    ]
    assert store.get(key("a")) == {"n": 3}


def test_many_transactions_may_be_very_many(store: Store) -> None:
    transactions: list[list[Write]] = [
        [Put(key(f"{n:04}", pk="O"), {"n": n}, Absent()), Update(key(f"{n % 4}", pk="T"), add={"n": Plus(n)})]
        for n in range(200)
    ]
    assert store.transact_each(transactions) == [None] * 200
    assert sum(int(str(row.item["n"])) for row in store.query(Query(SHOP, "T")).rows) == sum(range(200))
    assert len(store.query(Query(SHOP, "O", limit=400)).rows) == 200
