"""The naive way, for comparison: a plain table with a row for each order, added up at every look."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

import pandas as pd

_COLUMNS = "customer_id TEXT, day TEXT, status TEXT, total INTEGER, refunded INTEGER"
_TOP = """
    SELECT customer_id, COUNT(*) AS orders, SUM(total - refunded) AS revenue FROM orders {how}
    WHERE status <> 'cancelled' GROUP BY customer_id ORDER BY revenue DESC, customer_id LIMIT ?
"""
_PLAIN = _TOP.format(how="NOT INDEXED")
_COVERED = _TOP.format(how="INDEXED BY covering")


class PlainOrder(NamedTuple):
    """A row of the plain table. Amounts are in minor units."""

    customer_id: str
    day: str
    status: str
    total: int
    refunded: int


class NaiveTable:
    """The plain table in a new file of its own: in the order in which orders come in, as shops have it."""

    def __init__(self, path: Path) -> None:
        for old in path.parent.glob(f"{path.name}*"):
            old.unlink()
        self._connection = sqlite3.connect(path)

    def __enter__(self) -> NaiveTable:
        self._connection.execute("PRAGMA synchronous=OFF")
        self._connection.execute(f"CREATE TEMP TABLE given ({_COLUMNS})")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self._connection.execute("CREATE TABLE orders AS SELECT * FROM given ORDER BY day")
            self._connection.execute("CREATE INDEX covering ON orders (customer_id, status, total, refunded)")
            self._connection.commit()
        self._connection.close()

    def add(self, orders: Iterable[PlainOrder]) -> None:
        self._connection.executemany("INSERT INTO given VALUES (?, ?, ?, ?, ?)", orders)


def top_by_sql(path: Path, limit: int, *, covered: bool = False) -> list[tuple[str, int, int]]:
    """Customer, orders and revenue of the best customers, added up by SQLite; with `covered` from an index that holds
    all that is needed, which few plain tables have."""
    connection = sqlite3.connect(path)
    try:
        return connection.execute(_COVERED if covered else _PLAIN, (limit,)).fetchall()
    finally:
        connection.close()


def load_frame(path: Path) -> pd.DataFrame:
    """The plain table in memory."""
    connection = sqlite3.connect(path)
    try:
        return pd.read_sql_query("SELECT customer_id, status, total, refunded FROM orders", connection)
    finally:
        connection.close()


def top_by_pandas(frame: pd.DataFrame, limit: int) -> list[tuple[str, int, int]]:
    """Customer, orders and revenue of the best customers, added up by pandas."""
    counting = frame[frame["status"] != "cancelled"]
    revenue = (counting["total"] - counting["refunded"]).groupby(counting["customer_id"])
    summed = revenue.agg(["count", "sum"]).reset_index()
    best = summed.sort_values(["sum", "customer_id"], ascending=[False, True]).head(limit)
    return [(str(row[0]), int(row[1]), int(row[2])) for row in best.itertuples(index=False, name=None)]


def insert_each(path: Path, orders: Iterable[PlainOrder]) -> int:
    """Writes the orders one by one, each durable before the next, with no totals; returns how many."""
    path.unlink(missing_ok=True)
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute(f"CREATE TABLE orders ({_COLUMNS})")
        count = 0
        for order in orders:
            connection.execute("INSERT INTO orders VALUES (?, ?, ?, ?, ?)", order)
            count += 1
        return count
    finally:
        connection.close()


def import_by_pandas(csv_file: Path, path: Path) -> int:
    """Loads the file whole and writes its rows to one table: no checks, no customers, no totals. Returns the rows."""
    path.unlink(missing_ok=True)
    frame = pd.read_csv(csv_file, low_memory=False)
    connection = sqlite3.connect(path)
    try:
        frame.to_sql("rows", connection, index=False)
        return len(frame)
    finally:
        connection.close()
