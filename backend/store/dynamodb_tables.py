"""Creates DynamoDB's tables and indexes from the schema, and says which are not there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError
from loguru import logger

from backend.errors import BackendError, ConfigurationError, StoreBusyError
from backend.store.dynamodb_calls import Caller, code_of
from backend.store.dynamodb_expressions import Parameters
from backend.store.port import EXPIRES
from backend.store.schema import TABLES, Index, Table

STREAM = {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
_READY_SECONDS = 900.0
"""A new table is ready within seconds; an index of a large table is filled first."""


class Tables:
    """The tables of one installation; their names begin with the prefix."""

    def __init__(self, caller: Caller, prefix: str) -> None:
        self._caller = caller
        self._prefix = prefix

    def name(self, table: str) -> str:
        """The name in DynamoDB of the table that the port calls `table`."""
        return f"{self._prefix}-{table}"

    def create(self) -> None:
        """Creates what is missing and waits until all of it can be used."""
        for table in TABLES:
            if self._description(table.name) is None:
                self._request("create_table", _creation(table, self.name(table.name)))
            self._wait(table)
            while missing := self._missing_indexes(table):
                # AWS: an UpdateTable creates one index, and another may begin when that one is ready.
                self._request("update_table", _addition(missing[0], self.name(table.name)))
                self._wait(table)
            self._let_expire(self.name(table.name))
            self._let_stream(table)

    def missing(self) -> list[str]:
        """Names of tables, and of indexes as `table/index`, that are not there."""
        missing: list[str] = []
        for table in TABLES:
            if self._description(table.name) is None:
                missing.append(self.name(table.name))
            else:
                missing += [f"{self.name(table.name)}/{index.name}" for index in self._missing_indexes(table)]
        return missing

    def described(self, table: str) -> Mapping[str, Any]:
        """What DynamoDB says of the table that the port calls `table`; empty when it is not there."""
        return self._description(table) or {}

    def _missing_indexes(self, table: Table) -> list[Index]:
        present = {index["IndexName"] for index in _indexes(self.described(table.name))}
        return [index for index in table.indexes if index.name not in present]

    def _description(self, table: str) -> Mapping[str, Any] | None:
        try:
            answer = self._caller.call("describe_table", {"TableName": self.name(table)}, repeatable=True)
        except ConfigurationError as error:
            if isinstance(error.__cause__, ClientError) and code_of(error.__cause__) == "ResourceNotFoundException":
                return None
            raise
        return answer["Table"]

    def _request(self, operation: str, parameters: Parameters) -> None:
        try:
            self._caller.call(operation, parameters, repeatable=True)
        except ClientError as error:
            # Another process had the same thought a moment earlier.
            if code_of(error) != "ResourceInUseException":
                raise

    def _let_expire(self, name: str) -> None:
        """Turns the time to live on. Where that is not possible everything else still works, and expired items stay."""
        wanted: Parameters = {"TableName": name}
        try:
            state = self._caller.call("describe_time_to_live", wanted, repeatable=True)
            if state["TimeToLiveDescription"]["TimeToLiveStatus"] in ("ENABLED", "ENABLING"):
                return
            wanted["TimeToLiveSpecification"] = {"Enabled": True, "AttributeName": EXPIRES}
            self._caller.call("update_time_to_live", wanted, repeatable=True)
        except (BackendError, ConfigurationError, ClientError) as error:
            # Another process may have done it a moment earlier, and a role may lack the right to.
            logger.warning("The time to live of {} could not be turned on: {}", name, type(error).__name__)

    def _let_stream(self, table: Table) -> None:
        """Turns the stream on, which the change feed reads. Where that is not possible, snapshots read whole tables."""
        if (self.described(table.name).get("StreamSpecification") or {}).get("StreamEnabled"):
            return
        wanted: Parameters = {"TableName": self.name(table.name), "StreamSpecification": STREAM}
        try:
            self._caller.call("update_table", wanted, repeatable=True)
            self._wait(table)
        except (BackendError, ConfigurationError, ClientError) as error:
            logger.warning("The stream of {} could not be turned on: {}", wanted["TableName"], type(error).__name__)

    def _wait(self, table: Table) -> None:
        def look() -> None:
            found = self._description(table.name)
            states = [found["TableStatus"], *(index["IndexStatus"] for index in _indexes(found))] if found else [""]
            if any(state != "ACTIVE" for state in states):
                raise StoreBusyError(f"The table {self.name(table.name)} is not ready yet.")

        self._caller.patience.lasting(_READY_SECONDS).repeat(look, again=lambda e: isinstance(e, StoreBusyError))


def _indexes(description: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    indexes: list[Mapping[str, Any]] = description.get("GlobalSecondaryIndexes", [])
    return indexes


def _creation(table: Table, name: str) -> Parameters:
    types = {"pk": "S", "sk": "S"}
    for index in table.indexes:
        types |= _types(index)
    indexes = [_index(index) for index in table.indexes]
    return {
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "StreamSpecification": STREAM,
        "KeySchema": _key_schema("pk", "sk"),
        "AttributeDefinitions": _definitions(types),
        **({"GlobalSecondaryIndexes": indexes} if indexes else {}),
    }


def _addition(index: Index, table_name: str) -> Parameters:
    return {
        "TableName": table_name,
        "AttributeDefinitions": _definitions(_types(index)),
        "GlobalSecondaryIndexUpdates": [{"Create": _index(index)}],
    }


def _types(index: Index) -> dict[str, str]:
    return {index.partition: "S", index.sort: "N" if index.number else "S"}


def _definitions(types: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"AttributeName": name, "AttributeType": kind} for name, kind in types.items()]


def _key_schema(partition: str, sort: str) -> list[dict[str, str]]:
    return [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}]


def _index(index: Index) -> dict[str, object]:
    """An index's definition; its own keys are always in it and are not named a second time."""
    others = [name for name in index.projected if name not in (index.partition, index.sort)]
    projection = (
        {"ProjectionType": "INCLUDE", "NonKeyAttributes": others} if others else {"ProjectionType": "KEYS_ONLY"}
    )
    return {"IndexName": index.name, "KeySchema": _key_schema(index.partition, index.sort), "Projection": projection}
