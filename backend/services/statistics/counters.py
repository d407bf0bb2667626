"""Send statistics of any range, from counters that were kept with each change of a message; nothing is scanned."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from backend.domain.emails import Kind
from backend.errors import InvalidInputError
from backend.records.conversion import key_of_row, reads
from backend.records.send_stats import TOOK_STEPS, counts_in
from backend.records.values import text
from backend.services.context import Shop
from backend.services.unreadable.items import readable_rows
from backend.store import schema
from backend.store.port import Query, Row, pages_of

LONGEST_RANGE = timedelta(days=800)


@dataclass(frozen=True, slots=True)
class HourStats:
    """The counters of one of the shop's hours ("2026-11-26T13") and one template."""

    hour: str
    template: str
    kind: Kind
    counts: dict[str, int]


def stats_by_hour(shop: Shop, first: date, last: date) -> list[HourStats]:
    """Counters by hour and template, in order; both ends included. Costs a query a day.

    Raises: `InvalidInputError` when the range is upside down or longer than 800 days.
    """
    return [stats for day in checked_days(first, last) for stats in _of_day(shop, day.isoformat())]


def checked_days(first: date, last: date) -> list[date]:
    """The days of a range, both ends included.

    Raises: `InvalidInputError` when the range is upside down or longer than 800 days.
    """
    if first > last:
        raise InvalidInputError("The first day is after the last day.", "from")
    if last - first > LONGEST_RANGE:
        raise InvalidInputError(f"Choose a range of {LONGEST_RANGE.days} days at most.", "from")
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def _of_day(shop: Shop, day: str) -> Iterator[HourStats]:
    sums: dict[tuple[str, str], dict[str, int]] = {}
    kinds: dict[str, Kind] = {}
    rows = pages_of(shop.store, Query(schema.MAIL, schema.hours_partition(day), limit=1000))
    for hour, template, kind, counts in readable_rows(shop, rows, _part_of_hour):
        kinds[template] = kind
        sums[hour, template] = summed([sums.get((hour, template), {}), counts])
    for (hour, template), counts in sorted(sums.items()):
        yield HourStats(f"{day}T{hour}", template, kinds[template], counts)


@reads(key_of_row)
def _part_of_hour(row: Row) -> tuple[str, str, Kind, dict[str, int]]:
    _, hour, template, _ = schema.hour_in(row.key)
    return hour, template, Kind(text(row.item, "kind")), counts_in(row.item)


def summed(counts: Iterable[dict[str, int]]) -> dict[str, int]:
    """The sum of counters by name."""
    total: dict[str, int] = {}
    for each in counts:
        for name, number in each.items():
            total[name] = total.get(name, 0) + number
    return total


def took_percentile(counts: dict[str, int], share: float, until: str = "took") -> float | None:
    """About the time in seconds within which this share (0 to 1) of emails went from request to sent.

    `until` is "took" (sent) or "arrived" (delivered). It is read from classes of time, so it is an estimate between a
    class's ends; None when there are none.
    """
    classes = [(float(step), counts.get(f"{until}_{step}", 0)) for step in TOOK_STEPS]
    more = counts.get(f"{until}_more", 0)
    wanted = share * (sum(number for _, number in classes) + more)
    if wanted <= 0:
        return None
    low = 0.0
    for high, number in classes:
        if number and wanted <= number:
            return low + (high - low) * wanted / number
        wanted -= number
        low = high
    return low
