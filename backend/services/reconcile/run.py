"""Goes over the whole shop once, or until nothing is left to repair."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby, islice

from loguru import logger

from backend.errors import UnreadableItemError
from backend.records.values import MalformedItemError
from backend.services.context import Shop
from backend.services.reconcile import pointers, products
from backend.services.reconcile.findings import Drift, Finding, Reconciliation, repair
from backend.services.reconcile.partitions import Partition, examine, partition_of, read_partition
from backend.services.reconcile.sums import Pause, Sums, is_sum, verdict_on
from backend.store import schema
from backend.store.meter import access_pattern
from backend.store.port import Delete, Key, Row, UnreadableItem

ROUNDS = 4
"""With `fix`: one repair may show the next (an address is freed, then taken), so it goes over everything again."""
_PAGE = 1000
_ATTEMPTS = 5
_AT_ONCE = 200

Progress = Callable[[int, int], None]
"""Figure how many customers and orders were looked at so far."""


def reconcile(
    shop: Shop, *, fix: bool = False, progress: Progress | None = None, pause: Pause = time.sleep
) -> Reconciliation:
    """Recomputes everything that is kept from the stored orders and customers, and with `fix` repairs what differs.

    Memory holds a page of items, and the sums of all days, tags and countries. It reads every item of the shop.

    Raises: `StoreBusyError`, `StoreUnreachableError`; what was repaired until then stays so.
    """
    with access_pattern("reconcile"):
        rounds = [_Round(shop, fix, progress, pause).run()]
        while rounds[-1].fixed_count and len(rounds) < ROUNDS:
            rounds.append(_Round(shop, fix, progress, pause).run())
    result = _together(rounds)
    logger.info("Reconciled: {} customers, {} drifts", result.customers, result.drift_count)
    return result


def _together(rounds: list[Reconciliation]) -> Reconciliation:
    """What was repaired in any round, and what the last one left."""
    last = rounds[-1]
    result = Reconciliation(last.customers, last.orders, unsettled=last.unsettled)
    for each in rounds:
        result.add([drift for drift in each.drift if drift.fixed], fixed=True)
    result.add([drift for drift in last.drift if not drift.fixed], fixed=False)
    result.fixed_count = sum(each.fixed_count for each in rounds)
    result.drift_count = result.fixed_count + last.drift_count - last.fixed_count
    return result


def _unreadable(row: Row) -> Finding:
    """A sum that cannot be read is taken out, and counted again."""
    return Finding((Drift(f"sum {row.key.pk} {row.key.sk}", "readable", "unreadable"),), (Delete(row.key),))


class _Round:
    """One reading of the whole shop."""

    def __init__(self, shop: Shop, fix: bool, progress: Progress | None, pause: Pause) -> None:
        self._shop, self._fix, self._progress, self._pause = shop, fix, progress, pause
        self._result, self._sums = Reconciliation(), Sums()
        self._sold: products.ProductSums | None = None

    def run(self) -> Reconciliation:
        with products.holding(self._shop) as hold:
            self._sold = products.ProductSums() if hold else None
            for rows, ends in self._pages():
                self._page(rows, ends)
                if self._progress:
                    self._progress(self._result.customers, self._result.orders)
                if hold:
                    hold.renew()
            if hold is None or hold.lost or self._sold is None or self._sold.unreadable:
                self._result.unsettled += 1
            elif hold.counted or self._fix:
                self._record(products.findings(self._shop, self._sold))
        verdict = verdict_on(self._shop, self._sums, self._pause)
        self._record(verdict.findings)
        self._result.unsettled += verdict.unsettled
        return self._result

    def _pages(self) -> Iterator[tuple[list[Row], bool]]:
        """Pages of the table, and whether each is the last."""
        cursor = None
        while True:
            page = self._shop.store.scan(schema.SHOP, limit=_PAGE, cursor=cursor)
            yield page.rows, page.cursor is None
            cursor = page.cursor
            if cursor is None:
                return

    def _page(self, rows: list[Row], ends: bool) -> None:
        sums = [row for row in rows if is_sum(row.key)]
        figures = [row for row in rows if schema.is_sold(row.key)]
        self._record(_unreadable(row) for row in [*sums, *figures] if isinstance(row.item, UnreadableItem))
        self._sums.kept |= {row.key: row.item for row in sums if not isinstance(row.item, UnreadableItem)}
        if self._sold:
            self._sold.keep(figures)
        partitions = list(self._partitions(rows, ends))
        self._record(pointers.missing(self._shop, partitions))
        self._record(pointers.stray(self._shop, [row for row in rows if pointers.is_pointer(row.key)]))

    def _partitions(self, rows: list[Row], ends: bool) -> Iterator[Partition]:
        """The customers whose profile is on the page, after a look at what is theirs."""
        groups = [(pk, list(group)) for pk, group in groupby(rows, key=lambda row: row.key.pk)]
        of_customers = [(pk, group) for pk, group in groups if pk.startswith(schema.CUSTOMERS)]
        self._report_orphans([(pk, group) for pk, group in of_customers if group[0].key.sk != schema.PROFILE])
        for pk, group in of_customers:
            if group[0].key.sk != schema.PROFILE:
                continue
            # Orders of the last customer on a page may be on the next one.
            whole = ends or pk != groups[-1][0]
            partition = self._settled(schema.customer_id_of(group[0].key), group if whole else None)
            if partition is not None:
                self._result.customers += 1
                self._result.orders += len(partition.orders)
                self._sums.add(partition)
                if self._sold:
                    self._sold.add_all(partition.orders)
                yield partition

    def _settled(self, customer_id: str, rows: list[Row] | None) -> Partition | None:
        """The customer's items once they are right, or certainly wrong and reported; None when there are none."""
        try:
            partition = partition_of(customer_id, rows) if rows else self._read(customer_id)
            for _ in range(_ATTEMPTS):
                findings = examine(partition) if partition else []
                if not findings:
                    return partition
                again = self._read(customer_id)
                if again == partition:
                    if not self._fix:
                        self._record(findings)
                        return partition
                    # What one transaction does not hold, or what has moved since, shows at the next look.
                    self._repair(findings[:1])
                    again = self._read(customer_id)
                partition = again
        except (UnreadableItemError, MalformedItemError, ValueError) as error:
            self._result.add([Drift(f"customer {customer_id}: items", "readable", str(error))], fixed=False)
            self._has_unread_orders()
            return None
        self._result.unsettled += 1
        return partition

    def _read(self, customer_id: str) -> Partition | None:
        return read_partition(self._shop, customer_id, consistent=True)

    def _report_orphans(self, groups: list[tuple[str, list[Row]]]) -> None:
        """Reports items whose customer is neither on this page nor anywhere else."""
        profiles = {Key(schema.SHOP, pk, "A"): group for pk, group in groups}
        found = self._shop.store.get_many(list(profiles))
        for key, group in profiles.items():
            if key not in found and self._shop.store.get(key) is None:
                what = f"customer {schema.customer_id_of(key)}: profile"
                self._result.add([Drift(what, "there", f"missing, with {len(group)} items")], fixed=False)
                self._has_unread_orders()

    def _has_unread_orders(self) -> None:
        """Without them nobody can say what was sold of each product."""
        if self._sold:
            self._sold.unreadable += 1

    def _record(self, findings: Iterable[Finding]) -> None:
        """Adds the findings to the result, repaired if that is wanted."""
        rest = iter(findings)
        while chunk := list(islice(rest, _AT_ONCE)):
            for finding in self._repair(chunk) if self._fix else chunk:
                self._result.add(finding.drifts, fixed=False)

    def _repair(self, findings: Sequence[Finding]) -> list[Finding]:
        """Repairs and records; gives those that could not be repaired."""
        left: list[Finding] = []
        for finding, fixed in zip(findings, repair(self._shop, findings), strict=True):
            if fixed:
                self._result.add(finding.drifts, fixed=True)
            else:
                left.append(finding)
        return left
