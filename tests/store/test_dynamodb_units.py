"""The parts of the DynamoDB engine that no other engine has: addresses, typed values, expressions, threads."""

from __future__ import annotations

import threading
import time

import pytest

from backend.errors import ConfigurationError, InvalidInputError
from backend.store.dynamodb import DynamoStore
from backend.store.dynamodb_client import parse_address
from backend.store.dynamodb_expressions import write_parameters
from backend.store.dynamodb_items import from_wire
from backend.store.dynamodb_parallel import Workers
from backend.store.port import Absent, Key, Plus, Put, Update
from backend.store.schema import SHOP


@pytest.mark.parametrize(
    "url",
    [
        "dynamodb://",
        "dynamodb://?region=eu-west-1",
        "dynamodb://a b",
        "dynamodb://shop/extra?region=eu-west-1",
        "dynamodb://shop?regoin=eu-west-1",
        "dynamodb://shop?region=eu-west-1&endpoint=localhost:8000",
        "dynamo://shop",
        f"dynamodb://{'x' * 300}",
    ],
)
def test_an_address_of_another_form_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="STORE_URL"):
        parse_address(url)


def test_an_address_names_prefix_region_and_endpoint() -> None:
    address = parse_address("dynamodb://My-shop.v2_?region=eu-west-1&endpoint=http://localhost:8000")
    assert (address.prefix, address.region, address.endpoint) == ("My-shop.v2_", "eu-west-1", "http://localhost:8000")
    assert address.is_loopback
    assert not parse_address("dynamodb://shop?region=eu-west-1").is_loopback


@pytest.fixture
def machine_of_nobody(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> pytest.MonkeyPatch:
    """Neither credentials nor a region, wherever boto3 may look."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_DEFAULT_REGION", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    nowhere = tmp_path_factory.mktemp("aws") / "none"
    monkeypatch.setenv("AWS_CONFIG_FILE", str(nowhere))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(nowhere))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return monkeypatch


@pytest.mark.usefixtures("machine_of_nobody")
def test_without_credentials_nothing_is_sent_and_the_reason_is_reported() -> None:
    store = DynamoStore.open("dynamodb://shop?region=eu-west-1")
    with pytest.raises(ConfigurationError, match="credentials"):
        store.get(Key(SHOP, "P", "s"))
    store.close()


def test_without_a_region_or_with_an_unknown_profile_nothing_is_opened(machine_of_nobody: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigurationError, match="region"):
        DynamoStore.open("dynamodb://shop")
    machine_of_nobody.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(ConfigurationError, match="profile"):
        DynamoStore.open("dynamodb://shop?region=eu-west-1")


@pytest.mark.parametrize("text", ["12", "12.0", "1.2E+1", "0.12e2"])
def test_a_number_is_an_integer_however_it_is_written(text: str) -> None:
    value = from_wire({"N": text})
    assert value == 12
    assert type(value) is int


@pytest.mark.parametrize("wire", [{"N": "1.5"}, {"N": "x"}, {"N": "NaN"}, {"SS": ["a"]}, {"NS": ["1"]}])
def test_what_another_program_wrote_in_a_foreign_type_is_refused(wire: dict[str, object]) -> None:
    with pytest.raises(InvalidInputError, match="Tillpost does not write"):
        from_wire(wire)


def test_names_and_values_travel_as_placeholders_only() -> None:
    update = Update(
        Key(SHOP, "P", "s"), set={"name": 1}, add={"size": Plus(2, 3)}, remove=["SHARD"], condition=Absent()
    )
    parameters = write_parameters(update, "T")
    assert parameters == {
        "TableName": "T",
        "Key": {"pk": {"S": "P"}, "sk": {"S": "s"}},
        "UpdateExpression": "SET #0 = :0, #1 = if_not_exists(#1, :1) + :2 REMOVE #2",
        "ConditionExpression": "attribute_not_exists(#3)",
        "ExpressionAttributeNames": {"#0": "name", "#1": "size", "#2": "SHARD", "#3": "pk"},
        "ExpressionAttributeValues": {":0": {"N": "1"}, ":1": {"N": "3"}, ":2": {"N": "2"}},
    }


def test_a_put_without_a_condition_has_no_expression() -> None:
    assert write_parameters(Put(Key(SHOP, "P", "s"), {}), "T").keys() == {"TableName", "Item"}


def test_work_runs_in_parallel_but_in_order_where_it_shares_a_key() -> None:
    workers = Workers(4)
    log: list[int] = []
    meeting = threading.Barrier(3, timeout=5)

    def work(number: int) -> int:
        if number in (0, 1, 2):
            meeting.wait()
        if number == 0:
            time.sleep(0.05)
        log.append(number)
        return number * 10

    keys = ["a", "b", "c", "ab", "a", "d"]
    assert workers.in_order(work, range(6), keys) == [0, 10, 20, 30, 40, 50]
    assert log.index(0) < log.index(3) < log.index(4)
    assert log.index(1) < log.index(3)
    workers.close()


@pytest.mark.parametrize("threads", [1, 4])
def test_an_error_ends_the_work_and_is_raised(threads: int) -> None:
    workers = Workers(threads)

    def work(number: int) -> int:
        if number == 3:
            raise ZeroDivisionError
        return number

    with pytest.raises(ZeroDivisionError):
        workers.each(work, range(50))
    with pytest.raises(ZeroDivisionError):
        workers.in_order(work, range(50), [[0]] * 50)
    assert workers.each(work, [1, 2]) == [1, 2]
    workers.close()
    workers.close()
