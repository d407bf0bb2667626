"""A month of 250,000 emails in the statistics: reading its 17,000 counters, and the two pages that show them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

from backend.bootstrap import open_store
from backend.domain.delivery import Mailbox, Outcome
from backend.domain.time import utc_now
from backend.records.send_stats import OF_MAILBOXES, TOOK_STEPS
from backend.services.context import Shop
from backend.services.statistics.sending import ChartStep, send_figures
from backend.store import schema
from backend.store.port import Item, Key, Put
from benchmarks.pages import PAGE_TARGET_MS, PagesNotMeasuredError, measured_pages
from benchmarks.results import Measurement, timed, timed_once

MONTH = 30
_TEMPLATES = (
    "order-confirmation",
    "shipping-confirmation",
    "newsletter",
    "abandoned-cart",
    "welcome",
    "review-request",
)
_MAILBOX_WEIGHTS = (46, 14, 9, 12, 6, 1, 12)
_SHARES = {
    Outcome.DELIVERED: 0.985,
    Outcome.SOFT_BOUNCED: 0.01,
    Outcome.BOUNCED: 0.006,
    Outcome.COMPLAINED: 0.0005,
    Outcome.DELAYED: 0.01,
    Outcome.OPENED: 0.4,
    Outcome.CLICKED: 0.06,
    Outcome.BOT_CLICKED: 0.03,
    Outcome.UNSUBSCRIBED: 0.002,
}
_PAGES = {"send_stats": "", "deliverability": ""}


def measure(folder: Path, emails: int, runs: int, *, pages: bool) -> Iterator[Measurement | str]:
    """Yields the first and later reads of the month, and the pages as browsers see them."""
    with TemporaryDirectory(dir=folder) as directory:
        url = f"sqlite:///{directory}/shop.db"
        shop = Shop(open_store(url), utc_now, ZoneInfo("UTC"), "USD", data_dir=Path(directory))
        try:
            shop.store.create_tables()
            today = shop.clock().date()
            fill_month(shop, today, emails)
            yield from _reads(shop, today, emails, runs)
        finally:
            shop.store.close()
        if pages:
            yield from _pages(url, emails, runs)


def fill_month(shop: Shop, today: date, emails: int) -> None:
    """Counters of a month as messages and their reports leave them: by hour, template and shard, each with dozens."""
    chance, cells = Random(1), MONTH * 24 * len(_TEMPLATES) * schema.HOUR_SHARDS  # noqa: S311 - not a secret
    for back in range(MONTH):
        day = (today - timedelta(days=back)).isoformat()
        writes = [
            Put(
                Key(schema.MAIL, schema.hours_partition(day), f"{hour:02}#{template}#{shard}"),
                _counters(chance, emails / cells),
            )
            for hour in range(24)
            for template in _TEMPLATES
            for shard in range(schema.HOUR_SHARDS)
        ]
        shop.store.write_batch(writes)


def _counters(chance: Random, about: float) -> Item:
    skipped = chance.randrange(3)
    counts = {"failed": int(chance.random() < 0.05), "skipped": skipped, "skip:no_consent": skipped}
    for _ in range(max(1, round(chance.uniform(0.5, 1.5) * about))):
        (mailbox,) = chance.choices(list(Mailbox), _MAILBOX_WEIGHTS)
        names = ["sent", f"{mailbox.value}:sent", f"took_{chance.choice(TOOK_STEPS[:4])}"]
        for outcome, share in _SHARES.items():
            if chance.random() < share:
                names.append(outcome.counter)
                names += [f"{mailbox.value}:{outcome.counter}"] if outcome in OF_MAILBOXES else []
                names += [f"arrived_{chance.choice(TOOK_STEPS[1:7])}"] if outcome is Outcome.DELIVERED else []
        for name in names:
            counts[name] = counts.get(name, 0) + 1
    return {"kind": "transactional", **{name: number for name, number in counts.items() if number}}


def _reads(shop: Shop, today: date, emails: int, runs: int) -> Iterator[Measurement]:
    first = today - timedelta(days=MONTH - 1)

    def read() -> object:
        return send_figures(shop, first, today, ChartStep.DAY)

    size = f"a month of {emails:,} emails"
    yield Measurement("stats", f"{size}, read for the first time", timed_once(read), "ms", 1)
    timing = timed(read, runs=runs, seconds=6)
    what = f"{size}, read again (median {timing.median:.1f} ms, p95)"
    yield Measurement("stats", what, timing.p95, "ms", timing.runs, target=PAGE_TARGET_MS)


def _pages(url: str, emails: int, runs: int) -> Iterator[Measurement | str]:
    try:
        found = measured_pages(url, _PAGES, runs)
    except PagesNotMeasuredError as error:
        yield f"pages of the statistics: {error}"
        return
    for page, timing in found["pages"].items():
        what = f"page {page}, {emails:,} emails (median {timing['median']:.0f} ms, p95)"
        yield Measurement("stats", what, timing["p95"], "ms", timing["runs"], target=PAGE_TARGET_MS)
