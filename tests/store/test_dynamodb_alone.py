"""A transaction of one write goes out as an ordinary write where a repetition finds its own effect; that costs half."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from backend.errors import ConflictError, StoreUnreachableError
from backend.store.dynamodb import DynamoStore
from backend.store.dynamodb_calls import Patience
from backend.store.dynamodb_client import open_client, parse_address
from backend.store.meter import Meter, access_pattern
from backend.store.port import (
    Absent,
    AllOf,
    AnyOf,
    AtLeast,
    Below,
    Check,
    Condition,
    Delete,
    Equals,
    Exists,
    Item,
    Key,
    Missing,
    Plus,
    Put,
    Update,
    Write,
)
from backend.store.repeats import is_made, is_repeatable
from backend.store.schema import SHOP
from backend.store.sql import SqlStore
from tests.engines import free_port
from tests.store.failing_server import FailingServer, HangUp, Reply, Silence, failing_server, refused

KEY = Key(SHOP, "P", "s")
TAKEN = ConflictError("somebody was faster")
PATIENT = Patience(seconds=8.0, first_pause=0.001, longest_pause=0.01)

PUT = Put(KEY, {"n": 2, "who": "me"}, Equals("n", 1), TAKEN)
UPDATE = Update(KEY, set={"n": 2, "who": "me"}, remove=["old"], condition=Equals("n", 1), otherwise=TAKEN)
OURS = {"n": {"N": "2"}, "who": {"S": "me"}}


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[FailingServer, Any]]:
    with failing_server() as server:
        address = parse_address(f"dynamodb://T?endpoint={server.address}")
        yield server, open_client(address, connect_seconds=3, read_seconds=2)


@pytest.fixture
def server(running: tuple[FailingServer, Any]) -> FailingServer:
    running[0].begin_again()
    return running[0]


@pytest.fixture
def store(server: FailingServer, running: tuple[FailingServer, Any]) -> Iterator[DynamoStore]:
    store = DynamoStore(running[1], "T", patience=PATIENT)
    yield store
    store.close()


def failed_on(item: dict[str, Any] | None) -> Reply:
    """That the condition does not hold of this item, as DynamoDB tells it."""
    reply = refused("ConditionalCheckFailedException")
    keys = {"pk": {"S": "P"}, "sk": {"S": "s"}}
    return reply if item is None else Reply(400, {**reply.body, "Item": keys | item})


@pytest.mark.parametrize(
    ("write", "operation"),
    [
        (PUT, "PutItem"),
        (Put(KEY, {}), "PutItem"),
        (UPDATE, "UpdateItem"),
        (Delete(KEY), "DeleteItem"),
        (Update(KEY, add={"n": Plus(1)}, set={"m": 1}, condition=Missing("m")), "TransactWriteItems"),
        (Update(KEY, set={"n": 1}, condition=Exists()), "TransactWriteItems"),
        (Delete(KEY, Exists()), "TransactWriteItems"),
        (Check(KEY, Exists()), "TransactWriteItems"),
    ],
)
def test_only_what_is_recognised_goes_out_alone(
    server: FailingServer, store: DynamoStore, write: Write, operation: str
) -> None:
    store.transact([write])
    assert store.transact_each([[write]]) == [None]
    assert [each for each, _ in server.received] == [operation] * 2


CALLS: list[Callable[[DynamoStore], object]] = [
    lambda store: store.put(PUT),
    lambda store: store.update(UPDATE),
    lambda store: store.transact([PUT]),
    lambda store: store.transact([UPDATE]),
]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("lost", [Silence(), HangUp()], ids=["silence", "hang-up"])
def test_its_own_effect_is_a_success(
    server: FailingServer, store: DynamoStore, call: Callable[[DynamoStore], object], lost: Silence | HangUp
) -> None:
    server.then(lost, failed_on(OURS))
    call(store)
    assert len(server.received) == 2
    assert server.received[1][1]["ReturnValuesOnConditionCheckFailure"] == "ALL_OLD"


def test_an_update_that_finds_its_own_effect_returns_the_item(server: FailingServer, store: DynamoStore) -> None:
    server.then(HangUp(), failed_on({**OURS, "more": {"BOOL": True}}))
    assert store.update(UPDATE) == {"n": 2, "who": "me", "more": True}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    "item",
    [{"n": {"N": "2"}, "who": {"S": "you"}}, {"n": {"N": "2"}}, {"n": {"N": "3"}, "who": {"S": "me"}}],
    ids=["other", "missing", "later"],
)
def test_the_effect_of_somebody_else_is_what_the_write_says_of_it(
    server: FailingServer, store: DynamoStore, call: Callable[[DynamoStore], object], item: dict[str, Any]
) -> None:
    server.then(HangUp(), failed_on(item))
    with pytest.raises(ConflictError, match="faster"):
        call(store)


@pytest.mark.parametrize("call", CALLS)
def test_where_the_item_is_not_told_nothing_is_claimed(
    server: FailingServer, store: DynamoStore, call: Callable[[DynamoStore], object]
) -> None:
    server.then(HangUp(), failed_on(None))
    with pytest.raises(StoreUnreachableError, match="not known"):
        call(store)


@pytest.mark.parametrize("call", CALLS)
def test_a_condition_that_fails_at_the_first_answer_is_somebody_elses_doing(
    server: FailingServer, store: DynamoStore, call: Callable[[DynamoStore], object]
) -> None:
    server.then(refused("ThrottlingException"), failed_on(OURS))
    with pytest.raises(ConflictError, match="faster"):
        call(store)


def test_what_was_never_sent_raises_no_doubt(server: FailingServer) -> None:
    """The port is closed at first, so that the first attempt certainly had no effect."""
    address = parse_address(f"dynamodb://T?endpoint=http://127.0.0.1:{free_port()}")
    client = open_client(address, connect_seconds=1, read_seconds=1)
    there = open_client(parse_address(f"dynamodb://T?endpoint={server.address}"), connect_seconds=1, read_seconds=1)

    class FirstInVain:
        """Takes the closed port once."""

        def __init__(self) -> None:
            self.clients = [client, there]

        def put_item(self, **parameters: object) -> object:
            return self.clients.pop(0).put_item(**parameters)

        def close(self) -> None: ...

    store = DynamoStore(FirstInVain(), "T", patience=PATIENT)
    server.then(failed_on(OURS))
    with pytest.raises(ConflictError, match="faster"):
        store.put(PUT)
    assert len(server.received) == 1


def test_a_value_of_another_type_is_not_the_same() -> None:
    assert not is_made(Put(KEY, {"n": 1}), {"n": True})
    assert is_made(Put(KEY, {"n": [1, {"a": b"x"}]}), {"n": [1, {"a": b"x"}]})
    assert not is_made(Update(KEY, set={"a": 1}, remove=["b"]), {"a": 1, "b": 2})
    assert is_made(Update(KEY, set={"a": 1}, remove=["b"]), {"a": 1, "c": 2})
    assert not is_made(Delete(KEY), {})


ITEM: Item = {"status": "sent", "n": 2}


@pytest.mark.parametrize(
    ("condition", "certain"),
    [
        (None, True),
        (Absent(), True),
        (Exists(), False),
        (Equals("status", "waiting"), True),
        (Equals("status", "sent"), False),
        (Missing("n"), True),
        (Below("n", 2), True),
        (Below("n", 3), False),
        (AtLeast("n", 3), True),
        (AtLeast("n", 2), False),
        (AllOf((Exists(), Equals("n", 1))), True),
        (AllOf((Exists(),)), False),
        (AllOf(()), False),
        (AnyOf((Absent(), Equals("n", 1))), True),
        (AnyOf((Absent(), Equals("n", 2))), False),
        (Equals("other", 1), None),
        (Missing("other"), None),
        (Equals("gone", 1), None),
    ],
)
def test_a_condition_that_its_own_write_makes_false_allows_a_repetition(
    condition: Condition | None, certain: bool | None
) -> None:
    """None: it depends on whether the write knows the whole item."""
    put = Put(KEY, ITEM, condition)
    update = Update(KEY, set=ITEM, remove=["gone"], condition=condition)
    if certain is not None:
        assert (is_repeatable(put), is_repeatable(update)) == (certain, certain)
    elif isinstance(condition, Missing):
        assert (is_repeatable(put), is_repeatable(update)) == (False, False)
    else:
        gone = condition == Equals("gone", 1)
        assert (is_repeatable(put), is_repeatable(update)) == (True, gone)


def test_the_meter_counts_a_single_write_once_and_a_transaction_twice() -> None:
    meter = Meter()
    store = SqlStore("sqlite://", meter=meter)
    store.create_tables()
    cases: dict[str, list[Write]] = {
        "alone": [Put(KEY, {"n": 1}, Absent())],
        "addition": [Update(KEY, add={"n": Plus(1)})],
        "two": [Update(KEY, set={"n": 1}), Put(Key(SHOP, "P", "t"), {})],
    }
    for name, writes in cases.items():
        with access_pattern(name):
            store.transact(writes)
    assert {name: usage.write_units for name, usage in meter.usage().items()} == {"alone": 1, "addition": 2, "two": 4}
    store.close()
