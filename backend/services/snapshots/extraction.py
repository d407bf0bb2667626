"""Writes what was read of the store down in columns, part by part: memory does not grow with the shop.

Each share of the store gives one file a table. Shares can be read by several processes; together they are the whole
shop. Changes give one file a table too, and one that lists the items that they replace.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from backend.domain.suppression import SuppressionReason
from backend.errors import BackendError, UnreadableItemError
from backend.records import columns
from backend.services.context import Shop
from backend.services.unreadable.items import readable_rows, set_aside
from backend.store import schema
from backend.store.port import Begins, Item, Key, Row

_AT_ONCE = 5_000
_ROWS_OF_A_GROUP = 50_000

_DAY = pa.date32()
_TABLES: dict[str, list[tuple[str, Any]]] = {
    "customers": [
        ("id", pa.string()),
        ("country", pa.string()),
        ("city", pa.string()),
        ("tags", pa.list_(pa.string())),
        ("consent", pa.string()),
        ("joined", _DAY),
        ("archived", pa.bool_()),
        ("digest", pa.string()),
        ("orders", pa.int64()),
        ("revenue", pa.int64()),
    ],
    "orders": [
        ("customer", pa.string()),
        ("order_id", pa.string()),
        ("day", _DAY),
        ("net", pa.int64()),
        ("refunded", pa.int64()),
        ("discount", pa.int64()),
    ],
    "lines": [
        ("customer", pa.string()),
        ("order_id", pa.string()),
        ("day", _DAY),
        ("product", pa.string()),
        ("sku", pa.string()),
    ],
    "refunds": [("customer", pa.string()), ("order_id", pa.string()), ("day", _DAY), ("amount", pa.int64())],
    "messages": [
        ("customer", pa.string()),
        ("reason", pa.string()),
        ("kind", pa.string()),
        ("sent", _DAY),
        ("opened", _DAY),
        ("clicked", _DAY),
    ],
    "suppressed": [("digest", pa.string()), ("reasons", pa.list_(pa.string()))],
}
TABLES = tuple(_TABLES)
CHANGED = "changed"
"""The table of items that changes replace: which of the tables above, in whose partition, and which item there."""
_CHANGED = [("tab", pa.string()), ("owner", pa.string()), ("item", pa.string())]


class ReadingStoppedError(BackendError):
    """Reading was stopped."""


@dataclass(frozen=True, slots=True)
class Share:
    """Which part of the store is read: `segment` of `segments`, as the port's scans number them."""

    segment: int = 0
    segments: int = 1


def read_share(shop: Shop, share: Share, folder: Path, stopped: Callable[[], bool]) -> None:
    """Writes the files of a share into the folder. Days are those of the shop's zone.

    What cannot be read is set aside; an address whose suppression cannot be read counts as suppressed.

    Raises: `ReadingStoppedError`, and what the store raises.
    """

    def pages(table: str, only: Begins) -> Iterator[list[Row]]:
        cursor: str | None = None
        while True:
            page = shop.store.scan(
                table, segment=share.segment, segments=share.segments, limit=_AT_ONCE, cursor=cursor, only=only
            )
            yield page.rows
            if (cursor := page.cursor) is None:
                return
            if stopped():
                raise ReadingStoppedError("Reading the snapshot was stopped.")

    with _files(folder, f"-{share.segment}") as files:
        for rows in pages(schema.SHOP, schema.FED_SHOP):
            _add_shop(shop, rows, files)
        for rows in pages(schema.MAIL, schema.FED_MESSAGES):
            _add_messages(shop, rows, files)
        for rows in pages(schema.MAIL, schema.FED_SUPPRESSIONS):
            _add_suppressions(shop, rows, files)


def write_changes(shop: Shop, changes: Mapping[Key, Item | None], folder: Path) -> None:
    """Writes the files of items that have changed, each as it is now, into the folder; None is for what is gone."""
    rows = [Row(key, item) for key, item in changes.items() if item is not None]
    mail = [row for row in rows if row.key.table == schema.MAIL]
    with _files(folder) as files, _File(folder / f"{CHANGED}.parquet", _CHANGED) as changed:
        changed.add([_replaced(key) for key in changes])
        _add_shop(shop, (row for row in rows if row.key.table == schema.SHOP), files)
        _add_messages(shop, [row for row in mail if schema.is_message(row.key)], files)
        _add_suppressions(shop, [row for row in mail if not schema.is_message(row.key)], files)


@contextmanager
def _files(folder: Path, suffix: str = "") -> Iterator[dict[str, _File]]:
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(_File(folder / f"{name}{suffix}.parquet", fields))
            for name, fields in _TABLES.items()
        }


def _replaced(key: Key) -> tuple[str, str, str]:
    if schema.is_message(key):
        return "messages", schema.customer_id_of(key), schema.reason_of(key)
    if key.table == schema.MAIL:
        return "suppressed", key.pk.removeprefix(schema.SUPPRESSIONS), ""
    if schema.is_order(key):
        return "orders", schema.customer_id_of(key), schema.order_id_of(key)
    return "customers", schema.customer_id_of(key), ""


def _add_messages(shop: Shop, rows: Iterable[Row], files: dict[str, _File]) -> None:
    found = readable_rows(shop, rows, lambda row: columns.message_row(row, shop.zone))
    files["messages"].add([message for message in found if message is not None])


def _add_suppressions(shop: Shop, rows: Iterable[Row], files: dict[str, _File]) -> None:
    files["suppressed"].add([_suppressed(shop, row) for row in rows])


def _suppressed(shop: Shop, row: Row) -> columns.SuppressedRow:
    try:
        return columns.suppressed_row(row)
    except UnreadableItemError as error:
        set_aside(shop, row.key, error.reason)
        return row.key.pk[2:], (SuppressionReason.MANUAL.value,)


def _add_shop(shop: Shop, rows: Iterable[Row], files: dict[str, _File]) -> None:
    customers: list[columns.CustomerRow] = []
    orders: list[columns.OrderRow] = []
    lines: list[columns.LineRow] = []
    refunds: list[columns.RefundRow] = []
    for row in rows:
        try:
            if row.key.sk == schema.PROFILE:
                customers.append(columns.customer_row(row, shop.zone))
            elif schema.is_order(row.key):
                order, given_back = columns.order_row(row), columns.refund_rows(row, shop.zone)
                if order is not None:
                    lines += columns.line_rows(row, order[2])
                    orders.append(order)
                refunds += given_back
        except UnreadableItemError as error:
            set_aside(shop, row.key, error.reason)
    files["customers"].add(customers)
    files["orders"].add(orders)
    files["lines"].add(lines)
    files["refunds"].add(refunds)


class _File:
    """A Parquet file that is written a group of rows at a time."""

    def __init__(self, path: Path, fields: list[tuple[str, Any]]) -> None:
        self._fields = pa.schema(fields)
        self._writer = pq.ParquetWriter(path, self._fields, compression="zstd", compression_level=1)
        self._rows: list[Sequence[Any]] = []

    def add(self, rows: Sequence[Sequence[Any]]) -> None:
        self._rows += rows
        if len(self._rows) >= _ROWS_OF_A_GROUP:
            self._flush()

    def _flush(self) -> None:
        if self._rows:
            arrays = [
                pa.array(values, pa.int32()).cast(_DAY) if field.type == _DAY else pa.array(values, field.type)
                for values, field in zip(zip(*self._rows, strict=True), self._fields, strict=True)
            ]
            self._writer.write_batch(pa.record_batch(arrays, schema=self._fields))
            self._rows.clear()

    def __enter__(self) -> _File:
        return self

    def __exit__(self, *_: object) -> None:
        self._flush()
        self._writer.close()
