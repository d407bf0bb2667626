"""Sending in figures for a range of days: volumes over time, and by template, mailbox provider and reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import islice

from backend.domain.delivery import Outcome
from backend.domain.messages import MessageStatus, SkipReason
from backend.domain.time import start_of, to_text
from backend.records.values import text
from backend.services.context import Shop
from backend.services.statistics.counters import stats_by_hour, summed
from backend.services.statistics.days import stats_by_day
from backend.store import schema
from backend.store.port import Query, Row, pages_of

COUNTED = (MessageStatus.SENT, MessageStatus.FAILED, MessageStatus.UNKNOWN, MessageStatus.SKIPPED)
"""The statuses that the statistics count, in the order in which people read them."""
REPORTED = (Outcome.DELIVERED, Outcome.SOFT_BOUNCED, Outcome.BOUNCED, Outcome.COMPLAINED)
"""The outcomes whose volumes are worth a look over time."""
MOST_PROBLEMS = 2000
"""Failed and unknown messages of a range that are looked at for their reasons, of each."""


class ChartStep(StrEnum):
    """Into what the time of a chart is divided. The value is for people."""

    HOUR = "hour"
    DAY = "day"
    MONTH = "month"


Series = dict[str, dict[str, int]]
"""Numbers by name, and then by step, written as "2026-11-26T13", "2026-11-26" or "2026-11"."""


@dataclass(frozen=True, slots=True)
class SendFigures:
    """The counters of a range of days.

    `totals` are by name of the counter, `templates` the same for each template. `steps` are all of the range;
    `by_template` counts what was sent.
    """

    totals: dict[str, int]
    templates: dict[str, dict[str, int]]
    steps: list[str]
    by_status: Series
    by_outcome: Series
    by_template: Series

    @property
    def skips(self) -> list[tuple[SkipReason, int]]:
        """How often each reason kept a message from being sent, most frequent first."""
        found = [(reason, self.totals.get(f"skip:{reason.name.lower()}", 0)) for reason in SkipReason]
        return sorted(((reason, number) for reason, number in found if number), key=lambda pair: -pair[1])


def steps_for(first: date, last: date) -> list[ChartStep]:
    """The divisions that suit a range, the most natural first."""
    days = (last - first).days + 1
    if days <= 2:
        return [ChartStep.HOUR]
    if days <= 7:
        return [ChartStep.DAY, ChartStep.HOUR]
    return [ChartStep.DAY] if days <= 62 else [ChartStep.MONTH, ChartStep.DAY]


def send_figures(shop: Shop, first: date, last: date, step: ChartStep, template: str = "") -> SendFigures:
    """Volumes over time, of one template or of all. Costs a query for each day that is not known yet.

    Raises: `InvalidInputError` when the range is upside down or too long.
    """
    by_status: Series = {status.value: {} for status in COUNTED}
    by_outcome: Series = {outcome.counter: {} for outcome in REPORTED}
    by_template: Series = {}
    templates: dict[str, list[dict[str, int]]] = {}
    for place, name, counts in _parts(shop, first, last, step):
        if template not in ("", name):
            continue
        templates.setdefault(name, []).append(counts)
        for series in (by_status, by_outcome):
            for counter in series:
                _add(series[counter], place, counts.get(counter, 0))
        _add(by_template.setdefault(name, {}), place, counts.get(MessageStatus.SENT.value, 0))
    sums = {name: summed(parts) for name, parts in templates.items()}
    return SendFigures(summed(sums.values()), sums, _steps(first, last, step), by_status, by_outcome, by_template)


def _parts(shop: Shop, first: date, last: date, step: ChartStep) -> Iterator[tuple[str, str, dict[str, int]]]:
    """Where in time, which template, and the counters."""
    if step is ChartStep.HOUR:
        for hour in stats_by_hour(shop, first, last):
            yield hour.hour, hour.template, hour.counts
        return
    for stats in stats_by_day(shop, first, last):
        place = stats.day.isoformat()[: 10 if step is ChartStep.DAY else 7]
        for template, counts in stats.templates.items():
            yield place, template, counts


def _add(counts: dict[str, int], place: str, number: int) -> None:
    counts[place] = counts.get(place, 0) + number


def _steps(first: date, last: date, step: ChartStep) -> list[str]:
    days = [date.fromordinal(number).isoformat() for number in range(first.toordinal(), last.toordinal() + 1)]
    if step is ChartStep.HOUR:
        return [f"{day}T{hour:02}" for day in days for hour in range(24)]
    return days if step is ChartStep.DAY else list(dict.fromkeys(day[:7] for day in days))


# --- why it went wrong -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Problem:
    """Why messages failed or are unknown, and how many of each."""

    reason: str
    failed: int
    unknown: int


@dataclass(frozen=True, slots=True)
class Problems:
    """Reasons, most frequent first. `complete` is False when only the newest `MOST_PROBLEMS` of each were looked at."""

    reasons: list[Problem]
    complete: bool


def problems_of(shop: Shop, first: date, last: date, template: str = "") -> Problems:
    """Why messages that were requested on these days failed, or are unknown now."""
    counts: dict[MessageStatus, Counter[str]] = {}
    complete = True
    for status in (MessageStatus.FAILED, MessageStatus.UNKNOWN):
        rows = list(islice(_attention(shop, status, first, last), MOST_PROBLEMS + 1))
        complete = complete and len(rows) <= MOST_PROBLEMS
        counts[status] = Counter(
            text(row.item, "reason", "") or "No reason was given"
            for row in rows[:MOST_PROBLEMS]
            if template in ("", text(row.item, "template", ""))
        )
    failed, unknown = counts[MessageStatus.FAILED], counts[MessageStatus.UNKNOWN]
    ranked = [reason for reason, _ in (failed + unknown).most_common()]
    return Problems([Problem(reason, failed[reason], unknown[reason]) for reason in ranked], complete)


def _attention(shop: Shop, status: MessageStatus, first: date, last: date) -> Iterator[Row]:
    ends = (to_text(start_of(first, shop.zone)), to_text(start_of(last + timedelta(days=1), shop.zone)))
    query = Query(
        schema.MAIL,
        schema.attention_line(status.value),
        index="work",
        between=ends,
        descending=True,
        limit=MOST_PROBLEMS // 4,
    )
    return pages_of(shop.store, query)
