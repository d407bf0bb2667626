"""The DynamoDB engine of the storage port.

The port uses DynamoDB's operations, so each is one request. This module adds the same refusals as
the other engines have, pages that are full until the last one, and work over several threads where the port allows it.
"""

from __future__ import annotations

import contextlib
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

from botocore.exceptions import ClientError

from backend.errors import BackendError, ConditionFailedError, InvalidInputError
from backend.store.dynamodb_calls import (
    Answer,
    Caller,
    DynamoDBClient,
    Patience,
    code_of,
    found_by,
    in_doubt,
    reasons_of,
    refusal,
    unanswered,
)
from backend.store.dynamodb_client import open_client, parse_address
from backend.store.dynamodb_expressions import Parameters, action_of, query_parameters, write_parameters
from backend.store.dynamodb_feed import DynamoFeed
from backend.store.dynamodb_items import WireItem, item_from_wire, item_to_wire, key_to_wire
from backend.store.dynamodb_pages import (
    cursor_after,
    index_of,
    is_empty,
    place_of,
    scan_cursor,
    scan_filter,
    scan_place,
)
from backend.store.dynamodb_parallel import Workers
from backend.store.dynamodb_tables import Tables
from backend.store.evaluate import check_transaction, check_write, damaged_counters, failure_of, report_damage
from backend.store.limits import check_key, check_query, check_scan
from backend.store.meter import Meter
from backend.store.port import (
    AllOf,
    Begins,
    Changes,
    Delete,
    Equals,
    Item,
    Key,
    Moment,
    Page,
    Put,
    Query,
    Row,
    Update,
    Write,
)
from backend.store.repeats import is_made, is_repeatable
from backend.store.schema import TABLES

_KEYS_AT_ONCE = 100
"""AWS: BatchGetItem takes up to 100 keys."""
_WRITES_AT_ONCE = 25
"""AWS: BatchWriteItem takes up to 25 writes."""
_WORKERS = 16

_Element = TypeVar("_Element")
_Done = TypeVar("_Done")


class DynamoStore:
    """A `Store` on DynamoDB. The tables are called `PREFIX-shop` and `PREFIX-mail`.

    The client must have its own retries off, as `dynamodb_client.open_client` makes it. `workers` threads carry
    what consists of many requests; one means that everything happens in the caller's thread.
    """

    def __init__(
        self,
        client: DynamoDBClient,
        prefix: str,
        *,
        meter: Meter | None = None,
        patience: Patience | None = None,
        workers: int = _WORKERS,
        streams: DynamoDBClient | None = None,
    ) -> None:
        self._caller = Caller(client, meter=meter, patience=patience)
        self._tables = Tables(Caller(client, patience=patience), prefix)
        self._names = {table.name: self._tables.name(table.name) for table in TABLES}
        self._ports = {name: table for table, name in self._names.items()}
        self._workers = Workers(workers)
        self._feed = DynamoFeed(Caller(streams, patience=patience), self._tables) if streams else None

    @classmethod
    def open(
        cls,
        url: str,
        *,
        meter: Meter | None = None,
        connect_seconds: float = 1.0,
        read_seconds: float = 2.0,
        patience: Patience | None = None,
    ) -> DynamoStore:
        """A store for `dynamodb://PREFIX?region=…[&endpoint=…]`.

        Raises: `ConfigurationError` when the URL is not of this form.
        """
        address = parse_address(url)
        client = open_client(address, connect_seconds=connect_seconds, read_seconds=read_seconds)
        streams = open_client(address, "dynamodbstreams", connect_seconds=connect_seconds, read_seconds=read_seconds)
        return cls(client, address.prefix, meter=meter, patience=patience, streams=streams)

    # --- reads ---------------------------------------------------------------------------------------------------

    def get(self, key: Key) -> Item | None:
        check_key(key)
        parameters = {"TableName": self._names[key.table], "Key": key_to_wire(key), "ConsistentRead": True}
        found = self._read("get_item", parameters).get("Item")
        return item_from_wire(key.table, found)[1] if found else None

    def get_many(self, keys: Sequence[Key]) -> dict[Key, Item]:
        for key in keys:
            check_key(key)
        parts = self._workers.each(self._get_chunk, list(_chunks(list(dict.fromkeys(keys)), _KEYS_AT_ONCE)))
        return {key: item for part in parts for key, item in part.items()}

    def _get_chunk(self, keys: Sequence[Key]) -> dict[Key, Item]:
        wanted: defaultdict[str, list[WireItem]] = defaultdict(list)
        for key in keys:
            wanted[self._names[key.table]].append(key_to_wire(key))
        found: dict[Key, Item] = {}

        def fetch(pending: Mapping[str, object]) -> Mapping[str, object]:
            answer = self._read("batch_get_item", {"RequestItems": pending})
            for name, wires in answer.get("Responses", {}).items():
                found.update(item_from_wire(self._ports[name], wire) for wire in wires)
            return answer.get("UnprocessedKeys") or {}

        self._caller.until_done(fetch, {name: {"Keys": wires} for name, wires in wanted.items()})
        return found

    def query(self, query: Query) -> Page:
        check_query(query)
        if is_empty(query):
            return Page([], None)
        index = index_of(query)
        parameters = query_parameters(query, index, self._names[query.table])
        place = place_of(query, index)
        rows: list[Row] = []
        # One row more than requested shows whether there is another page; DynamoDB itself stops after 1 MB.
        while len(rows) <= query.limit:
            limit: Parameters = {"Limit": query.limit + 1 - len(rows)}
            answer = self._read("query", parameters | limit | place)
            rows += self._rows(query.table, answer)
            if not answer.get("LastEvaluatedKey"):
                break
            place = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}
        page = rows[: query.limit]
        return Page(page, cursor_after(page[-1], index) if len(rows) > query.limit else None)

    def scan(
        self,
        table: str,
        *,
        segment: int = 0,
        segments: int = 1,
        limit: int = 1000,
        cursor: str | None = None,
        only: Begins | None = None,
    ) -> Page:
        check_scan(segment, segments, limit)
        parameters: Parameters = {
            "TableName": self._names[table],
            "Segment": segment,
            "TotalSegments": segments,
            "Limit": limit,
        }
        answer = self._read("scan", parameters | scan_place(cursor) | scan_filter(only))
        return Page(self._rows(table, answer), scan_cursor(answer.get("LastEvaluatedKey")))

    @contextlib.contextmanager
    def moment(self) -> Iterator[Moment]:
        yield _Moment(self)

    def _read(self, operation: str, parameters: Mapping[str, object]) -> Answer:
        return self._caller.call(operation, parameters, repeatable=True)

    def _rows(self, table: str, answer: Answer) -> list[Row]:
        return [Row(*item_from_wire(table, wire)) for wire in answer.get("Items", [])]

    # --- writes --------------------------------------------------------------------------------------------------

    def put(self, put: Put) -> None:
        self._write_one("put_item", put)

    def update(self, update: Update) -> Item:
        answer = self._past_damage(
            lambda: self._write_one("update_item", update, {"ReturnValues": "ALL_NEW"}), [update]
        )
        return item_from_wire(update.key.table, answer["Attributes"])[1]

    def delete(self, delete: Delete) -> None:
        self._write_one("delete_item", delete)

    def _write_one(
        self, operation: str, write: Put | Update | Delete, more: Mapping[str, object] | None = None
    ) -> Answer:
        check_write(write)
        parameters = {**write_parameters(write, self._names[write.key.table]), **(more or {})}
        if write.condition is not None:
            parameters["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        doubts: list[BackendError] = []
        try:
            return self._caller.call(operation, parameters, repeatable=is_repeatable(write), doubts=doubts)
        except ClientError as error:
            if code_of(error) != "ConditionalCheckFailedException":
                raise
            if not in_doubt(doubts):
                raise failure_of(write) from error
            # An earlier attempt may be what the condition has failed of.
            found = found_by(error)
            if found is None:
                raise unanswered() from error
            if not is_made(write, item_from_wire(write.key.table, found)[1]):
                raise failure_of(write) from error
            return {"Attributes": found}

    def transact(self, writes: Sequence[Write]) -> None:
        check_transaction(writes)
        if writes:
            self._past_damage(lambda: self._transact(writes), writes)

    def _past_damage(self, write: Callable[[], _Done], writes: Sequence[Write]) -> _Done:
        """Writes, and once more if it was refused for counters that are no numbers, which begin again."""
        try:
            return write()
        except InvalidInputError:
            if not [each for each in writes if isinstance(each, Update) and self._begins_again(each)]:
                raise
            return write()

    def _begins_again(self, update: Update) -> bool:
        if not update.add or update.condition is not None:
            return False
        item = self.get(update.key) or {}
        damaged = damaged_counters(update, item)
        if damaged:
            report_damage(update.key)
            unmoved = AllOf(tuple(Equals(name, item[name]) for name in damaged))
            with contextlib.suppress(ConditionFailedError):  # somebody else has seen it too
                self._write_one("update_item", Update(update.key, set=damaged, condition=unmoved))
        return bool(damaged)

    def _transact(self, writes: Sequence[Write]) -> None:
        if len(writes) == 1 and is_repeatable(writes[0]):
            self._write_alone(writes[0])
            return
        items = [{action_of(write): write_parameters(write, self._names[write.key.table])} for write in writes]
        # With the token DynamoDB recognises a repetition (for ten minutes) and answers without doing it again.
        parameters = {"TransactItems": items, "ClientRequestToken": str(uuid.uuid4())}
        try:
            self._caller.call("transact_write_items", parameters, repeatable=True)
        except ClientError as error:
            raise _cancellation(writes, error) from error

    def _write_alone(self, write: Write) -> None:
        """As an ordinary write, which costs half of a transaction of one."""
        match write:
            case Put():
                self.put(write)
            case Update():
                self._write_one("update_item", write)
            case Delete():
                self.delete(write)

    def transact_each(self, transactions: Sequence[Sequence[Write]]) -> list[BackendError | None]:
        keys = [[write.key for write in writes] for writes in transactions]
        return self._workers.in_order(self._attempt, transactions, keys)

    def _attempt(self, writes: Sequence[Write]) -> BackendError | None:
        try:
            self.transact(writes)
        except BackendError as error:
            error.__cause__ = error.__context__ = None  # boto3's error, whose frames hold the whole request
            return error.with_traceback(None)
        return None

    def write_batch(self, writes: Sequence[Put | Delete]) -> None:
        if len({write.key for write in writes}) != len(writes):
            raise InvalidInputError("A batch writes one item twice.")
        for write in writes:
            check_write(write)
        self._workers.each(self._write_chunk, list(_chunks(writes, _WRITES_AT_ONCE)))

    def _write_chunk(self, writes: Sequence[Put | Delete]) -> None:
        requests: defaultdict[str, list[dict[str, object]]] = defaultdict(list)
        for write in writes:
            requests[self._names[write.key.table]].append(_batch_request(write))

        def send(pending: Mapping[str, object]) -> Mapping[str, object]:
            answer = self._caller.call("batch_write_item", {"RequestItems": pending}, repeatable=True)
            return answer.get("UnprocessedItems") or {}

        self._caller.until_done(send, dict(requests))

    def changes(self, since: str | None = None, limit: int = 1000) -> Changes:
        return self._feed.read(since, limit) if self._feed else Changes([], None)

    # --- housekeeping --------------------------------------------------------------------------------------------

    def sweep(self, now: int, limit: int) -> int:
        return 0  # DynamoDB's time to live does it

    def create_tables(self) -> None:
        self._tables.create()

    def missing_tables(self) -> list[str]:
        return self._tables.missing()

    def close(self) -> None:
        self._workers.close()
        if self._feed:
            self._feed.close()
        self._caller.close()


def _cancellation(writes: Sequence[Write], error: ClientError) -> Exception:
    """What to raise for a cancelled transaction: the first write that is at fault says it."""
    for write, (code, message) in zip(writes, reasons_of(error), strict=False):
        if code == "ConditionalCheckFailed":
            return failure_of(write)
        if code in ("ValidationError", "ItemCollectionSizeLimitExceeded"):
            return refusal(message)
    return error


def _batch_request(write: Put | Delete) -> dict[str, object]:
    if isinstance(write, Put):
        return {"PutRequest": {"Item": item_to_wire(write.key, write.item)}}
    return {"DeleteRequest": {"Key": key_to_wire(write.key)}}


def _chunks(elements: Sequence[_Element], size: int) -> Iterator[Sequence[_Element]]:
    return (elements[start : start + size] for start in range(0, len(elements), size))


class _Moment:
    """A `Moment` of a table that is read while it changes. Point-in-time recovery gives an exact one."""

    is_exact = False

    def __init__(self, store: DynamoStore) -> None:
        self._store = store

    def scan(self, table: str, *, limit: int = 1000, cursor: str | None = None) -> Page:
        return self._store.scan(table, limit=limit, cursor=cursor)
