"""What people see of a segment before they use it: how many, where they live, whom mail reaches, and ten of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from backend.domain.customers import CustomerSummary
from backend.domain.segment_checks import check_rule
from backend.domain.segments import ConsentState, EmailState, Goods, Rule
from backend.domain.team import Actor, Permission
from backend.records.customers import customer_at, summary_at
from backend.services.audit import log as audit_log
from backend.services.context import Shop
from backend.services.exports import customers
from backend.services.exports.writers import Cell, Format, write_table
from backend.services.segments.audience import audience_ids, still_matches, today
from backend.services.segments.sql import asked
from backend.services.snapshots.info import SnapshotInfo
from backend.services.snapshots.queries import opened
from backend.services.unreadable.items import readable
from backend.store import schema

SAMPLE = 10
MOST_COUNTRIES = 8
MOST_CHOICES = 300


@dataclass(frozen=True, slots=True)
class Preview:
    """A segment at a glance, as of `info.as_of`. Revenue is in minor units; `countries` are the largest, "" is none.

    `marketable` have agreed to marketing and mail reaches them. The sample is read from the store now.
    """

    info: SnapshotInfo
    count: int
    marketable: int
    revenue: int
    countries: tuple[tuple[str, int], ...]
    sample: tuple[CustomerSummary, ...]


def preview_segment(shop: Shop, actor: Actor, rule: Rule) -> Preview:
    """Looks at a rule, saved or not.

    Raises: `PermissionDeniedError`, `InvalidInputError`, `SnapshotMissingError`, `SnapshotFailedError`.
    """
    actor.require(Permission.VIEW_CUSTOMERS)
    question = asked(check_rule(rule), today(shop))
    belonging = f"FROM customers WHERE {question.where}"
    reached = {"given": ConsentState.GIVEN.value, "reachable": EmailState.REACHABLE.value}
    with opened(shop) as snapshot:
        totals = snapshot.rows(
            "SELECT count(*), count(*) FILTER (consent = $given AND email = $reachable), "
            f"coalesce(sum(revenue), 0)::BIGINT {belonging}",
            question.parameters | reached,
        )
        countries = snapshot.rows(
            f"SELECT country, count(*) AS number {belonging} GROUP BY country ORDER BY number DESC, country"
            f" LIMIT {MOST_COUNTRIES}",
            question.parameters,
        )
        # By a hash: the same ten each time, and from all over the segment.
        ids = snapshot.rows(f"SELECT id {belonging} ORDER BY hash(id) LIMIT {SAMPLE}", question.parameters)
        info = snapshot.info
    count, marketable, revenue = totals[0]
    return Preview(info, count, marketable, revenue, tuple(countries), tuple(summaries(shop, [row[0] for row in ids])))


def count_segments(shop: Shop, actor: Actor, rules: dict[str, Rule]) -> dict[str, int]:
    """The number of customers of each rule, by its key, in one look at one snapshot.

    Raises: as `preview_segment`.
    """
    actor.require(Permission.VIEW_CUSTOMERS)
    now, counts = today(shop), {}
    with opened(shop) as snapshot:
        for key, rule in rules.items():
            question = asked(check_rule(rule), now)
            rows = snapshot.rows(f"SELECT count(*) FROM customers WHERE {question.where}", question.parameters)
            counts[key] = int(rows[0][0])
    return counts


def goods_sold(shop: Shop, actor: Actor, by: Goods) -> list[str]:
    """Products or SKUs that were bought, the most frequent first.

    Raises: `PermissionDeniedError`, `SnapshotMissingError`, `SnapshotFailedError`.
    """
    return _choices(shop, actor, f"SELECT {by.value} AS value FROM lines")


def cities_of(shop: Shop, actor: Actor) -> list[str]:
    """Cities that customers live in, the most frequent first. Raises: as `goods_sold`."""
    return _choices(shop, actor, "SELECT city AS value FROM customers")


def _choices(shop: Shop, actor: Actor, values: str) -> list[str]:
    actor.require(Permission.VIEW_CUSTOMERS)
    sql = (
        f"SELECT value FROM ({values}) WHERE value <> '' GROUP BY value"
        f" ORDER BY count(*) DESC, value LIMIT {MOST_CHOICES}"
    )
    with opened(shop) as snapshot:
        return [row[0] for row in snapshot.rows(sql, {})]


def members_page(
    shop: Shop, actor: Actor, rule: Rule, *, limit: int, after: str = ""
) -> tuple[list[CustomerSummary], str | None]:
    """Customers who belong to the rule, by id, from the one after `after` on; and where the next page begins.

    Raises: as `preview_segment`.
    """
    actor.require(Permission.VIEW_CUSTOMERS)
    with closing(audience_ids(shop, rule, limit + 1, after=after)) as batches:
        ids = next(batches, [])
    return summaries(shop, ids[:limit]), ids[limit - 1] if len(ids) > limit else None


def summaries(shop: Shop, ids: list[str]) -> list[CustomerSummary]:
    """The customers with these ids as the store has them now, in this order; those who are gone are left out."""
    keys = [schema.customer_key(customer_id) for customer_id in ids]
    found = shop.store.get_many(keys)
    return list(readable(shop, ((key, found[key]) for key in keys if key in found), summary_at))


def export_segment(
    shop: Shop, actor: Actor, rule: Rule, target: Path | BinaryIO, format: Format | str = Format.CSV, *, name: str = ""
) -> int:
    """Writes who belongs to the rule now, ascending by id, and returns how many. The export is noted in the audit log.

    The columns are those of the customers' export. A path holds the whole file or what it held before, never a part.

    Raises: `PermissionDeniedError`, `InvalidInputError`, `SnapshotMissingError`, `SnapshotFailedError`.
    """
    actor.require(Permission.EXPORT_DATA)
    kind = Format.of(format)
    count = write_table(target, kind, "Customers", customers.COLUMNS, _rows(shop, rule), shop.currency)
    audit_log.note(shop, actor, "exported a segment", f"segment:{name}" if name else "segment", f"{count} customers")
    return count


def _rows(shop: Shop, rule: Rule) -> Iterator[tuple[Cell, ...]]:
    for ids in audience_ids(shop, rule):
        keys = [schema.customer_key(customer_id) for customer_id in ids]
        items = shop.store.get_many(keys)
        found = list(readable(shop, ((key, items[key]) for key in keys if key in items), customer_at))
        belongs = still_matches(shop, rule, found)
        yield from customers.rows_about(shop, (customer for customer in found if belongs[customer.id]))
