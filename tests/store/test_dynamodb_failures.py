"""When DynamoDB is busy, breaks or falls silent: what is safe to repeat is repeated, and nothing happens twice."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Iterator

import pytest

from backend.deadlines import LONGEST_WAIT
from backend.errors import (
    BackendError,
    ConditionFailedError,
    ConfigurationError,
    ConflictError,
    InvalidInputError,
    ItemTooLargeError,
    StoreBusyError,
    StoreUnreachableError,
)
from backend.store.dynamodb import DynamoStore
from backend.store.dynamodb_calls import DynamoDBClient, Patience
from backend.store.dynamodb_client import open_client, parse_address
from backend.store.meter import Meter, Usage, access_pattern
from backend.store.port import Absent, Check, Delete, Equals, Exists, Item, Key, Plus, Put, Query, Update, Write
from backend.store.schema import MAIL, SHOP, TABLES
from tests.engines import free_port
from tests.store.failing_server import (
    Behaviour,
    Corrupted,
    CutOff,
    Drip,
    FailingServer,
    HangUp,
    Reply,
    Silence,
    cancelled,
    failing_server,
    refused,
)

KEY = Key(SHOP, "P", "s")
READ_SECONDS = 1.5
"""Longer than a loaded machine pauses: an answer that is merely late would be asked for once more."""
PATIENT = Patience(seconds=8.0, first_pause=0.001, longest_pause=0.01)
IMPATIENT = Patience(seconds=0.5, first_pause=0.001, longest_pause=0.01)
A_MOMENT = 3.0
"""Seconds that a loaded machine may take on top; far below what a further repetition would cost."""

CONFLICT = cancelled("None", "TransactionConflict")
THROTTLED = refused("ProvisionedThroughputExceededException")
ITEM = Reply(200, {"Item": {"pk": {"S": "P"}, "sk": {"S": "s"}, "n": {"N": "5"}}})
CHANGED = Reply(200, {"Attributes": {"pk": {"S": "P"}, "sk": {"S": "s"}, "n": {"N": "5"}}})

ADDITION = Update(KEY, add={"n": Plus(1)})
TRANSACTION: list[Write] = [
    Put(KEY, {}, Absent(), ConflictError("there already")),
    Update(Key(MAIL, "P", "s"), add={"n": Plus(1)}),
]


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[FailingServer, DynamoDBClient]]:
    """A server and a client for it, which takes longer to make than most tests."""
    with failing_server() as server:
        address = parse_address(f"dynamodb://T?endpoint={server.address}")
        yield server, open_client(address, connect_seconds=3, read_seconds=READ_SECONDS)


@pytest.fixture
def server(running: tuple[FailingServer, DynamoDBClient]) -> FailingServer:
    running[0].begin_again()
    return running[0]


@pytest.fixture
def meter() -> Meter:
    return Meter()


@pytest.fixture
def store(server: FailingServer, running: tuple[FailingServer, DynamoDBClient], meter: Meter) -> Iterator[DynamoStore]:
    store = DynamoStore(running[1], "T", meter=meter, patience=PATIENT)
    yield store
    store.close()


@pytest.fixture
def impatient_store(server: FailingServer, running: tuple[FailingServer, DynamoDBClient]) -> Iterator[DynamoStore]:
    """For what never ends."""
    store = DynamoStore(running[1], "T", patience=IMPATIENT)
    yield store
    store.close()


NOT_REPEATABLE: list[Callable[[DynamoStore], object]] = [
    lambda store: store.update(ADDITION),
    lambda store: store.update(Update(KEY, add={"n": Plus(1)}, condition=Exists())),
    lambda store: store.update(Update(KEY, set={"n": 1}, condition=Exists())),
    lambda store: store.put(Put(KEY, {}, Exists())),
    lambda store: store.delete(Delete(KEY, Exists())),
]
REPEATABLE: list[Callable[[DynamoStore], object]] = [
    lambda store: store.put(Put(KEY, {"n": 1})),
    lambda store: store.update(Update(KEY, set={"n": 1}, remove=["m"])),
    lambda store: store.delete(Delete(KEY)),
    lambda store: store.put(Put(KEY, {"n": 1}, Absent())),
    lambda store: store.update(Update(KEY, set={"n": 1}, condition=Equals("n", 0))),
    lambda store: store.transact(TRANSACTION),
    lambda store: store.transact([Put(KEY, {"n": 1}, Absent())]),
    lambda store: store.transact([ADDITION]),
    lambda store: store.write_batch([Put(KEY, {})]),
    lambda store: store.get(KEY),
    lambda store: store.get_many([KEY]),
    lambda store: store.query(Query(SHOP, "P")),
    lambda store: store.scan(SHOP),
]


def success_after(server: FailingServer, *behaviours: Behaviour) -> None:
    server.then(*behaviours)
    server.always = CHANGED


# --- refusals: the request certainly did nothing --------------------------------------------------------------------


def test_a_transaction_in_conflict_is_repeated_with_its_token_until_it_succeeds_once(
    server: FailingServer, store: DynamoStore
) -> None:
    server.then(CONFLICT, CONFLICT, CONFLICT)
    store.transact(TRANSACTION)
    assert [operation for operation, _ in server.received] == ["TransactWriteItems"] * 4
    assert len({body["ClientRequestToken"] for _, body in server.received}) == 1
    assert len(server.effects) == 1


def test_two_transactions_have_two_tokens(server: FailingServer, store: DynamoStore) -> None:
    store.transact(TRANSACTION)
    store.transact(TRANSACTION)
    assert len({body["ClientRequestToken"] for _, body in server.received}) == 2
    assert len(server.effects) == 2


@pytest.mark.parametrize(
    "refusal",
    [
        CONFLICT,
        cancelled("ThrottlingError", "None"),
        cancelled("ProvisionedThroughputExceeded", "TransactionConflict"),
        cancelled(),
        refused("TransactionInProgressException"),
        refused("ThrottlingException"),
        THROTTLED,
        refused("RequestLimitExceeded"),
    ],
    ids=repr,
)
def test_a_transaction_that_is_refused_for_ever_is_given_up_as_busy(
    server: FailingServer, impatient_store: DynamoStore, refusal: Reply
) -> None:
    server.always = refusal
    began = time.monotonic()
    with pytest.raises(StoreBusyError, match="nothing was changed"):
        impatient_store.transact(TRANSACTION)
    assert time.monotonic() - began < IMPATIENT.seconds + A_MOMENT
    assert len(server.received) > 1
    assert server.effects == []


@pytest.mark.parametrize("call", [*NOT_REPEATABLE, *REPEATABLE])
@pytest.mark.parametrize(
    "refusal", [THROTTLED, refused("ThrottlingException"), refused("TransactionConflictException")]
)
def test_every_request_is_repeated_after_it_was_refused_and_happens_once(
    server: FailingServer, store: DynamoStore, refusal: Reply, call: Callable[[DynamoStore], object]
) -> None:
    success_after(server, refusal, refusal)
    call(store)
    assert len(server.received) == 3
    assert len(server.effects) == 1


def test_a_condition_that_failed_is_reported_at_once_although_another_write_met_a_conflict(
    server: FailingServer, store: DynamoStore
) -> None:
    server.then(cancelled("ConditionalCheckFailed", "TransactionConflict"))
    with pytest.raises(ConflictError, match="there already"):
        store.transact(TRANSACTION)
    assert len(server.received) == 1


def test_the_reasons_of_a_cancelled_transaction_belong_to_its_writes_by_their_places(
    server: FailingServer, store: DynamoStore
) -> None:
    checks = [Check(Key(SHOP, "P", f"{n}"), Exists(), ConflictError(f"number {n}")) for n in range(4)]
    server.then(cancelled("None", "None", "ConditionalCheckFailed", "ConditionalCheckFailed"))
    with pytest.raises(ConflictError, match="number 2"):
        store.transact(checks)


def test_what_a_cancelled_transaction_says_of_values_is_an_input_error(
    server: FailingServer, store: DynamoStore
) -> None:
    server.then(cancelled("None", "ValidationError"))
    with pytest.raises(InvalidInputError):
        store.transact(TRANSACTION)
    reasons = [{"Code": "None"}, {"Code": "ValidationError", "Message": "Item size to update has exceeded the maximum"}]
    server.then(Reply(400, {**cancelled().body, "CancellationReasons": reasons}))
    with pytest.raises(ItemTooLargeError):
        store.transact(TRANSACTION)


# --- no answer: perhaps it happened --------------------------------------------------------------------------------


@pytest.mark.parametrize("call", NOT_REPEATABLE)
@pytest.mark.parametrize(
    "behaviour", [Silence(), HangUp(), CutOff(), Corrupted()], ids=lambda behaviour: type(behaviour).__name__
)
def test_a_write_whose_answer_is_lost_is_sent_once_and_reported_as_unknown(
    server: FailingServer, store: DynamoStore, call: Callable[[DynamoStore], object], behaviour: Behaviour
) -> None:
    server.always = behaviour
    began = time.monotonic()
    with pytest.raises(StoreUnreachableError, match="not known"):
        call(store)
    assert time.monotonic() - began < READ_SECONDS + A_MOMENT
    assert len(server.received) == 1


@pytest.mark.parametrize("call", NOT_REPEATABLE)
def test_an_internal_error_leaves_a_write_unknown_too(
    server: FailingServer, store: DynamoStore, call: Callable[[DynamoStore], object]
) -> None:
    server.always = refused("InternalServerError", status=500)
    with pytest.raises(StoreUnreachableError, match="not known"):
        call(store)
    assert len(server.received) == 1


@pytest.mark.parametrize("call", REPEATABLE)
@pytest.mark.parametrize(
    "behaviour",
    [Silence(), HangUp(), CutOff(), Corrupted(), refused("InternalServerError", status=500), Reply(503, {})],
    ids=lambda behaviour: type(behaviour).__name__,
)
def test_what_does_no_harm_twice_is_repeated_after_a_lost_answer(
    server: FailingServer, store: DynamoStore, call: Callable[[DynamoStore], object], behaviour: Behaviour
) -> None:
    success_after(server, behaviour)
    call(store)
    assert len(server.received) == 2


@pytest.mark.parametrize("behaviour", [Silence(), HangUp()], ids=lambda behaviour: type(behaviour).__name__)
def test_a_transaction_whose_answer_was_lost_is_repeated_and_has_one_effect(
    server: FailingServer, store: DynamoStore, behaviour: Behaviour
) -> None:
    server.then(behaviour, CONFLICT, behaviour)
    store.transact(TRANSACTION)
    assert len(server.received) == 4
    assert len(server.effects) == 1


def test_a_conditional_put_never_mistakes_its_own_lost_effect_for_somebody_elses(
    server: FailingServer, store: DynamoStore
) -> None:
    server.then(Silence())
    server.always = refused("ConditionalCheckFailedException")
    with pytest.raises(StoreUnreachableError):
        store.put(Put(KEY, {}, Absent(), ConflictError("somebody was faster")))


def test_silence_is_given_up_after_three_attempts(server: FailingServer, store: DynamoStore) -> None:
    server.always = HangUp()
    with pytest.raises(StoreUnreachableError):
        store.get(KEY)
    assert len(server.received) == 3


def test_an_answer_that_comes_a_byte_at_a_time_is_given_up(
    server: FailingServer, running: tuple[object, DynamoDBClient]
) -> None:
    server.always = Drip()
    client = open_client(
        parse_address(f"dynamodb://T?endpoint={server.address}"), connect_seconds=0.2, read_seconds=READ_SECONDS
    )
    began = time.monotonic()
    with pytest.raises(StoreUnreachableError):
        DynamoStore(client, "T", patience=IMPATIENT).get(KEY)
    assert time.monotonic() - began < 2 * READ_SECONDS + A_MOMENT
    client.close()


def test_the_usual_times_stay_below_what_people_wait_for() -> None:
    usual = inspect.signature(DynamoStore.open).parameters
    longest = usual["connect_seconds"].default + usual["read_seconds"].default
    assert Patience().seconds + longest <= LONGEST_WAIT
    assert 3 * longest + 2 * Patience().first_pause < LONGEST_WAIT


def test_one_lost_answer_makes_a_transaction_unknown_although_the_rest_was_refused(
    server: FailingServer, impatient_store: DynamoStore
) -> None:
    server.then(HangUp())
    server.always = CONFLICT
    with pytest.raises(StoreUnreachableError, match="not known"):
        impatient_store.transact(TRANSACTION)


def test_a_server_that_is_not_there_is_unreachable_and_nothing_was_changed() -> None:
    store = DynamoStore.open(f"dynamodb://T?endpoint=http://127.0.0.1:{free_port()}", patience=IMPATIENT)
    began = time.monotonic()
    for call in (*NOT_REPEATABLE, *REPEATABLE):
        with pytest.raises(StoreUnreachableError, match="nothing was changed"):
            call(store)
    assert time.monotonic() - began < 5 * A_MOMENT
    store.close()


# --- work that is done in parts ------------------------------------------------------------------------------------


def test_what_a_batch_write_left_undone_is_sent_again_and_nothing_else(
    server: FailingServer, store: DynamoStore
) -> None:
    def request(sk: str) -> Item:
        return {"PutRequest": {"Item": {"pk": {"S": "P"}, "sk": {"S": sk}}}}

    server.then(
        Reply(200, {"UnprocessedItems": {"T-shop": [request("b"), request("c")]}}),
        THROTTLED,
        Reply(200, {"UnprocessedItems": {"T-shop": [request("c")]}}),
    )
    store.write_batch([Put(Key(SHOP, "P", sk), {}) for sk in "abc"])
    sent = [
        [each["PutRequest"]["Item"]["sk"]["S"] for each in body["RequestItems"]["T-shop"]]
        for _, body in server.received
    ]
    assert sent == [["a", "b", "c"], ["b", "c"], ["b", "c"], ["c"]]


def test_a_batch_that_is_never_done_is_given_up_as_busy(server: FailingServer, impatient_store: DynamoStore) -> None:
    request = {"PutRequest": {"Item": {"pk": {"S": "P"}, "sk": {"S": "s"}}}}
    server.always = Reply(200, {"UnprocessedItems": {"T-shop": [request]}})
    with pytest.raises(StoreBusyError):
        impatient_store.write_batch([Put(KEY, {})])


def test_keys_that_a_batch_read_left_out_are_asked_for_again(server: FailingServer, store: DynamoStore) -> None:
    def key(sk: str) -> dict[str, dict[str, str]]:
        return {"pk": {"S": "P"}, "sk": {"S": sk}}

    server.then(
        Reply(
            200, {"Responses": {"T-shop": [key("a")]}, "UnprocessedKeys": {"T-shop": {"Keys": [key("b"), key("c")]}}}
        ),
        Reply(200, {"Responses": {}, "UnprocessedKeys": {"T-shop": {"Keys": [key("b"), key("c")]}}}),
        Reply(200, {"Responses": {"T-shop": [key("c")]}, "UnprocessedKeys": {}}),
    )
    found = store.get_many([Key(SHOP, "P", sk) for sk in "abc"])
    assert found == {Key(SHOP, "P", "a"): {}, Key(SHOP, "P", "c"): {}}
    assert len(server.received) == 3


def test_each_of_many_transactions_says_its_own_error(server: FailingServer, store: DynamoStore) -> None:
    server.always = cancelled("ConditionalCheckFailed")
    one, other = ConflictError("one"), ConflictError("other")
    found = store.transact_each([[Check(KEY, Exists(), one)], [Check(Key(SHOP, "Q", "s"), Exists(), other)]])
    assert [(type(each), each and each.sentence) for each in found] == [
        (ConflictError, "one"),
        (ConflictError, "other"),
    ]


# --- installation errors, costs ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "code",
    ["ResourceNotFoundException", "AccessDeniedException", "UnrecognizedClientException", "ExpiredTokenException"],
)
def test_a_wrong_installation_is_reported_at_once_and_is_no_backend_error(
    server: FailingServer, store: DynamoStore, code: str
) -> None:
    server.always = refused(code, "arn:aws:iam::1:user/secret")
    with pytest.raises(ConfigurationError, match=code) as raised:
        store.get(KEY)
    assert not isinstance(raised.value, BackendError)
    assert "secret" not in str(raised.value)
    assert len(server.received) == 1


def test_capacity_that_dynamodb_reports_is_counted_for_its_access_pattern_in_every_thread(
    server: FailingServer, store: DynamoStore, meter: Meter
) -> None:
    read = {"ConsumedCapacity": {"TableName": "T-shop", "CapacityUnits": 0.5}, "Items": []}
    written = {"ConsumedCapacity": [{"CapacityUnits": 8.0}, {"CapacityUnits": 2.0}]}
    with access_pattern("top customers"):
        server.then(THROTTLED, Reply(200, read))
        store.query(Query(SHOP, "P"))
    server.always = Reply(200, written)
    with access_pattern("orders"):
        pairs = [[Put(Key(SHOP, "P", f"{n}"), {}), Put(Key(SHOP, "Q", f"{n}"), {})] for n in range(20)]
        assert store.transact_each(pairs) == [None] * 20
    assert meter.usage() == {
        "top customers": Usage(requests=2, read_units=0.5, throttled=1),
        "orders": Usage(requests=20, write_units=200.0),
    }
    assert all(body["ReturnConsumedCapacity"] == "TOTAL" for _, body in server.received)


def test_requests_are_counted_where_no_capacity_is_reported(
    server: FailingServer, store: DynamoStore, meter: Meter
) -> None:
    server.then(HangUp(), ITEM)
    assert store.get(KEY) == {"n": 5}
    assert meter.usage() == {"other": Usage(requests=2)}


def test_without_a_meter_no_capacity_is_asked_for(server: FailingServer) -> None:
    store = DynamoStore.open(f"dynamodb://T?endpoint={server.address}")
    server.then(ITEM)
    assert store.get(KEY) == {"n": 5}
    assert "ReturnConsumedCapacity" not in server.received[0][1]
    store.close()


@pytest.mark.parametrize(
    "refusal", [refused("AccessDeniedException"), refused("ValidationException", "TimeToLive is already enabled")]
)
def test_where_neither_expiry_nor_streams_can_be_turned_on_everything_else_works(
    server: FailingServer, running: tuple[FailingServer, DynamoDBClient], refusal: Reply
) -> None:
    for table in TABLES:
        indexes = [{"IndexName": index.name, "IndexStatus": "ACTIVE"} for index in table.indexes]
        described = Reply(200, {"Table": {"TableStatus": "ACTIVE", "GlobalSecondaryIndexes": indexes}})
        disabled = Reply(200, {"TimeToLiveDescription": {"TimeToLiveStatus": "DISABLED"}})
        server.then(*[described] * 3, disabled, refusal, described, refusal)
    DynamoStore(running[1], "T", patience=IMPATIENT).create_tables()
    asked = [operation for operation, _ in server.received]
    assert asked.count("UpdateTimeToLive") == asked.count("UpdateTable") == len(TABLES)


def test_a_failed_condition_is_not_busy_and_not_repeated(server: FailingServer, store: DynamoStore) -> None:
    server.always = refused("ConditionalCheckFailedException")
    with pytest.raises(ConditionFailedError):
        store.put(Put(KEY, {}, Absent()))
    assert len(server.received) == 1
