"""Makes the tables that are asked of those that were read: one row a customer, with all that rules ask of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from backend.domain.rfm import ORDERS_FROM, SCORES, Fifths
from backend.domain.segments import EmailState
from backend.domain.suppression import SuppressionReason
from backend.services.snapshots.engine import connect
from backend.services.snapshots.follow import define_tables

_EMAIL = {
    SuppressionReason.COMPLAINT: EmailState.COMPLAINED,
    SuppressionReason.HARD_BOUNCE: EmailState.BOUNCED,
    SuppressionReason.MANUAL: EmailState.BLOCKED,
    SuppressionReason.UNSUBSCRIBED: EmailState.UNSUBSCRIBED,
}
"""What each reason means for a customer, the strongest first."""


@dataclass(frozen=True, slots=True)
class Finished:
    """What the snapshot holds."""

    customers: int
    orders: int
    lines: int
    messages: int
    fifths: Fifths


def finish(read: Path, target: Path) -> Finished:
    """Writes the tables of what was read, with its changes, into `target`.

    Customers get numbers there, in the order of their ids: tables are joined by them at a fraction of the cost.
    """
    with connect(read, target) as database:
        define_tables(database, read)
        database.execute(_NUMBERED)
        database.execute(_PLACED)
        database.execute(_BUYERS)
        database.execute(_MAIL)
        database.execute(_lines(target))
        database.execute(_refunds(target))
        database.execute(_orders(target))
        fifths = Fifths(days=_borders(database, "last_order"), revenue=_borders(database, "revenue"))
        database.execute(_customers(target), _score_parameters(fifths))
        counts = {table: _count(database, table) for table in ("customers", "orders", "lines", "messages")}
    return Finished(fifths=fifths, **counts)


_NUMBERED = """
    CREATE TABLE numbered AS SELECT id, (row_number() OVER (ORDER BY id))::INTEGER AS n FROM customers
"""
_PLACED = """
    CREATE TABLE placed AS SELECT n, order_id, day, net, refunded, discount FROM orders JOIN numbered ON id = customer
"""
_BUYERS = """
    CREATE TABLE buyers AS SELECT n, min(day) AS first_order, max(day) AS last_order FROM placed GROUP BY n
"""


def _lines(target: Path) -> str:
    return f"""
    COPY (SELECT n, day, product, sku FROM lines JOIN numbered ON id = customer)
    TO '{_path(target / "lines.parquet")}' (FORMAT parquet, ROW_GROUP_SIZE 100000)
    """


def _refunds(target: Path) -> str:
    return f"""
    COPY (SELECT customer, order_id, day, amount FROM refunds)
    TO '{_path(target / "refunds.parquet")}' (FORMAT parquet, ROW_GROUP_SIZE 100000)
    """


def _orders(target: Path) -> str:
    """Each order with its place among the customer's (from 1), and the days of the first and the one before."""
    return f"""
    COPY (
        SELECT n, order_id, day, net, refunded, discount, row_number() OVER own AS place, lag(day) OVER own AS previous,
            first_value(day) OVER own AS first
        FROM placed WINDOW own AS (PARTITION BY n ORDER BY day)
    ) TO '{_path(target / "orders.parquet")}' (FORMAT parquet, ROW_GROUP_SIZE 100000)
    """


_MAIL = """
    CREATE TABLE mail AS
    SELECT customer,
        max(sent) FILTER (kind = 'marketing') AS sent_marketing,
        max(opened) FILTER (kind = 'marketing') AS opened_marketing,
        max(clicked) FILTER (kind = 'marketing') AS clicked_marketing,
        max(sent) FILTER (kind = 'transactional') AS sent_transactional,
        max(opened) FILTER (kind = 'transactional') AS opened_transactional,
        max(clicked) FILTER (kind = 'transactional') AS clicked_transactional
    FROM messages GROUP BY customer
"""


def _borders(database: duckdb.DuckDBPyConnection, value: str) -> tuple[Any, ...]:
    """The values of buyers, in order, at one, two, three and four fifths of their number."""
    of_buyers = "customers JOIN numbered USING (id) JOIN buyers USING (n) WHERE NOT archived AND customers.orders > 0"
    number = _one(database.execute(f"SELECT count(*) FROM {of_buyers}"))
    if not number:
        return ()
    places = [number * part // 5 for part in SCORES[:-1]]
    found = database.execute(
        f"SELECT place, value FROM (SELECT row_number() OVER (ORDER BY {value}) - 1 AS place, {value} AS value"
        f" FROM {of_buyers}) WHERE list_contains(?, place)",
        [places],
    ).fetchall()
    by_place: dict[int, int | date] = dict(found)
    return tuple(by_place[place] for place in places)


def _score_parameters(fifths: Fifths) -> dict[str, Any]:
    return {"days": list(fifths.days), "orders_from": list(ORDERS_FROM), "money": list(fifths.revenue)}


def _customers(target: Path) -> str:
    cases = " ".join(
        f"WHEN list_contains(s.reasons, '{reason.value}') THEN '{state.value}'" for reason, state in _EMAIL.items()
    )
    return f"""
    COPY (
        SELECT numbered.n AS n, c.id AS id, country, city, tags, consent, joined, archived, orders, revenue,
            first_order, last_order,
            CASE WHEN c.digest IS NULL THEN '{EmailState.NO_ADDRESS.value}' {cases}
                ELSE '{EmailState.REACHABLE.value}' END AS email,
            {_score("$days", "last_order")} AS recency,
            {_score("$orders_from", "orders")} AS frequency,
            {_score("$money", "revenue")} AS money,
            sent_marketing, opened_marketing, clicked_marketing,
            sent_transactional, opened_transactional, clicked_transactional
        FROM customers c
        JOIN numbered ON numbered.id = c.id
        LEFT JOIN buyers b ON b.n = numbered.n
        LEFT JOIN mail m ON m.customer = c.id
        LEFT JOIN suppressed s ON s.digest = c.digest
        ORDER BY numbered.n
    ) TO '{_path(target / "customers.parquet")}' (FORMAT parquet, ROW_GROUP_SIZE 100000)
    """


def _path(file: Path) -> str:
    return str(file).replace("'", "''")


def _score(borders: str, value: str) -> str:
    """One more than the number of borders that the value has reached; 0 without orders."""
    reached = f"len(list_filter({borders}, lambda border: border <= {value}))"
    return f"CASE WHEN orders > 0 AND last_order IS NOT NULL THEN 1 + {reached} ELSE 0 END::TINYINT"


def _count(database: duckdb.DuckDBPyConnection, table: str) -> int:
    return _one(database.execute(f"SELECT count(*) FROM {table}"))


def _one(result: duckdb.DuckDBPyConnection) -> int:
    row = result.fetchone()
    return int(row[0]) if row else 0
