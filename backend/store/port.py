"""The storage port: DynamoDB's own vocabulary, narrowed to what Tillpost needs.

All other code uses these types; every engine implements `Store` and passes the same
contract tests. Items are plain dictionaries of strings, integers (38 digits at most), booleans, None, bytes, lists
and dictionaries. Floats are refused: money is integer minor units.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, Protocol, TypeAlias

from backend.errors import BackendError, UnreadableItemError

Value: TypeAlias = "str | int | bool | bytes | list[Value] | dict[str, Value] | None"
Item: TypeAlias = dict[str, Value]

MAX_TRANSACTION_WRITES = 100
"""AWS: TransactWriteItems takes up to 100 actions."""
MAX_TRANSACTION_BYTES = 4 * 1024 * 1024
"""AWS: the aggregate size of the items in one transaction."""
MAX_ITEM_BYTES = 400 * 1024
"""AWS: an item, attribute names included."""
EXPIRES = "expires"
"""Any item may carry this attribute: a moment in whole seconds since 1970 (UTC), after which it disappears by itself.

When, is the engine's affair: DynamoDB's time to live takes up to a few days, the SQL engines wait for `sweep`. Until
then reads still return the item, so callers that must not see it check the attribute.
"""
MAX_PK_BYTES = 2048
MAX_SK_BYTES = 1024


class Key(NamedTuple):
    """The primary key of an item. `pk` and `sk` are never empty; the attribute names in DynamoDB are `pk` and `sk`."""

    table: str
    pk: str
    sk: str


class UnreadableItem(Item):
    """What reads return for an item whose stored form makes no sense, such as a document that is not JSON.

    It exists, but reading its attributes raises `UnreadableItemError`. So it can be counted, listed by its key,
    overwritten and deleted, and never passes for an item without attributes. `raw` is what is stored.
    """

    def __init__(self, key: Key, reason: str, raw: str) -> None:
        super().__init__()
        self.key = key
        self.reason = reason
        self.raw = raw

    def _refuse(self, *_: object) -> Any:
        raise UnreadableItemError(self.key, self.reason)

    def __bool__(self) -> bool:
        return True

    get = __getitem__ = __contains__ = __iter__ = __len__ = __or__ = __ror__ = __eq__ = _refuse
    keys = values = items = copy = pop = setdefault = _refuse
    __hash__ = None


# --- Conditions: a closed set, evaluated against the item as it is before the write ------------------------------


@dataclass(frozen=True, slots=True)
class Exists:
    """The item is there."""


@dataclass(frozen=True, slots=True)
class Absent:
    """The item is not there."""


@dataclass(frozen=True, slots=True)
class Equals:
    """The attribute is there and has this value."""

    attribute: str
    value: Value


@dataclass(frozen=True, slots=True)
class Missing:
    """The attribute is not there (true for an absent item too)."""

    attribute: str


@dataclass(frozen=True, slots=True)
class Below:
    """The attribute is there, of the value's type (string or integer), and less than the value."""

    attribute: str
    value: str | int


@dataclass(frozen=True, slots=True)
class AtLeast:
    """The attribute is there, of the value's type (string or integer), and not less than the value."""

    attribute: str
    value: str | int


@dataclass(frozen=True, slots=True)
class AsStored:
    """The item is there and cannot be read, and `raw` is what is stored (as `UnreadableItem` has it)."""

    raw: str


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every one of the conditions holds."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one of the conditions holds."""

    conditions: tuple[Condition, ...]


Condition: TypeAlias = Exists | Absent | AsStored | Equals | Missing | Below | AtLeast | AllOf | AnyOf

# --- Writes: each may carry the domain error to raise when its condition fails -----------------------------------


@dataclass(frozen=True, slots=True)
class Put:
    """Write the whole item. `item` does not contain `pk` and `sk`; the key does."""

    key: Key
    item: Item
    condition: Condition | None = None
    otherwise: BackendError | None = None


@dataclass(frozen=True, slots=True)
class Plus:
    """An addition to an integer attribute that starts at `start` when it is not there yet."""

    delta: int
    start: int = 0


@dataclass(frozen=True, slots=True)
class Update:
    """Change attributes in place; the item is created when it is absent (attach `Exists()` to forbid that).

    `set`, `add` and `remove` name top-level attributes, each at most once. An `add` without a condition must not be
    repeated when the answer is missing. An attribute that is not a number counts as absent, while with
    a condition it is refused.
    """

    key: Key
    set: Mapping[str, Value] = field(default_factory=dict)
    add: Mapping[str, Plus] = field(default_factory=dict)
    remove: Sequence[str] = ()
    condition: Condition | None = None
    otherwise: BackendError | None = None


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove the item; removing what is absent is no error."""

    key: Key
    condition: Condition | None = None
    otherwise: BackendError | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """Write nothing, but let the transaction fail unless the condition holds."""

    key: Key
    condition: Condition
    otherwise: BackendError | None = None


Write: TypeAlias = Put | Update | Delete | Check

# --- Reads -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Query:
    """Items of one partition of a table (`index=""`) or of one of its indexes, in the order of the sort key.

    `begins_with` or `between` (both ends included) narrow the sort key; at most one of them is given. A sort key is
    a string, or an integer in some indexes. Index reads return the keys and the attributes that the index
    projects. The order of equal index sort keys is not defined, so make them unique.
    """

    table: str
    partition: str
    index: str = ""
    begins_with: str | None = None
    between: tuple[str, str] | tuple[int, int] | None = None
    descending: bool = False
    limit: int = 100
    cursor: str | None = None
    consistent: bool = False


@dataclass(frozen=True, slots=True)
class Begins:
    """Which items of a scan are wanted: the partition key begins with `pk`, the sort key with one of `sks`."""

    pk: str
    sks: tuple[str, ...]


class Row(NamedTuple):
    """An item together with its key."""

    key: Key
    item: Item


class Page(NamedTuple):
    """One page of rows. `cursor` is opaque; None means that there is nothing more."""

    rows: list[Row]
    cursor: str | None


class Changes(NamedTuple):
    """A part of the change feed: items that were written, each as it is now, or None where it is gone.

    `cursor` is where to go on. It is None where the feed cannot say what was written since: read everything then.
    """

    rows: list[tuple[Key, Item | None]]
    cursor: str | None
    more: bool = False


class Moment(Protocol):
    """Reads a store as it was when the first page was read, where the engine can; DynamoDB cannot."""

    @property
    def is_exact(self) -> bool:
        """Whether all pages are of one moment."""

    def scan(self, table: str, *, limit: int = 1000, cursor: str | None = None) -> Page:
        """As `Store.scan` without segments."""


class Store(Protocol):
    """What every engine does. All methods are safe to call from several threads.

    Reads give an `UnreadableItem` for what cannot be read; a write that depends on such an item raises
    `UnreadableItemError`, and leaves the others of a `transact_each` alone.

    Raises (all): `StoreBusyError`, `StoreUnreachableError`. Writes also raise the error attached to the write whose
    condition failed (`ConditionFailedError` if none), and `ItemTooLargeError` or `InvalidInputError` for items and
    keys that DynamoDB would refuse.
    """

    def get(self, key: Key) -> Item | None:
        """The item (strongly consistent), or None."""

    def get_many(self, keys: Sequence[Key]) -> dict[Key, Item]:
        """Those of the items that are there, in any number; eventually consistent."""

    def query(self, query: Query) -> Page:
        """One page of a partition."""

    def put(self, put: Put) -> None:
        """Write one item."""

    def update(self, update: Update) -> Item:
        """Change one item; returns it as it is afterwards."""

    def delete(self, delete: Delete) -> None:
        """Remove one item."""

    def transact(self, writes: Sequence[Write]) -> None:
        """All of the writes or none of them; each key at most once. One request, durable when it returns."""

    def transact_each(self, transactions: Sequence[Sequence[Write]]) -> list[BackendError | None]:
        """Many independent transactions, each all or nothing, in order where they share a key.

        Returns for each None (done) or the error for which it was left undone. Engines use it to share one
        commit (SQL) or to work in parallel (DynamoDB).
        """

    def write_batch(self, writes: Sequence[Put | Delete]) -> None:
        """Many unconditional writes, each key once; not atomic as a whole. For bulk loads and repairs."""

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
        """One page of a table's segment in no particular order; the segments together are the whole table.

        A page may be empty although more follow. `only` leaves items out before they travel; DynamoDB reads, and
        charges for, all of them.
        """

    def moment(self) -> AbstractContextManager[Moment]:
        """Reads the whole store, for a backup. Writers go on meanwhile, and are not waited for."""

    def changes(self, since: str | None = None, limit: int = 1000) -> Changes:
        """What was written to the items of `schema.FED` since a cursor, `limit` writes at most.

        Each write comes at least once, also those of transactions that ended out of order. Without `since` no rows,
        and the cursor of this moment.
        """

    def sweep(self, now: int, limit: int) -> int:
        """Removes items whose `expires` is `now` or earlier (seconds since 1970), `limit` of each table at most.

        Returns how many it removed. Cheap when there is nothing to remove; nothing at all where the engine
        removes expired items by itself (DynamoDB).
        """

    def create_tables(self) -> None:
        """Create the tables that are missing; harmless when all exist."""

    def missing_tables(self) -> list[str]:
        """Names of the tables and indexes that are not there."""

    def close(self) -> None:
        """Give back connections."""


def pages_of(store: Store, query: Query) -> Iterator[Row]:
    """All rows of a query from its cursor on, read page by page as they are needed."""
    while True:
        page = store.query(query)
        yield from page.rows
        if page.cursor is None:
            return
        query = replace(query, cursor=page.cursor)
