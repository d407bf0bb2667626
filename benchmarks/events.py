"""Events of the mail provider, from a queue of files into the ledger: how many a second, and how much memory."""

from __future__ import annotations

import resource
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

from backend.bootstrap import open_store
from backend.domain.emails import Kind
from backend.domain.messages import Message, MessageStatus
from backend.domain.time import utc_now
from backend.email.events.simulated import Simulated, simulated_events
from backend.email.events.spool import EventSpool, SpoolSource
from backend.records.messages import key_of, message_item
from backend.services.context import Shop
from backend.services.events.consequences import EventPolicy
from backend.services.events.drain import drain_batch
from backend.services.sending.ledger import hour_of
from backend.store.port import Put
from benchmarks.results import Measurement

TARGET = 500.0
LARGEST_GROWTH = 1.3
_GROUP = "events"
_PER_MESSAGE = 2
_FATES = (None, None, None, None, None, None, None, None, Simulated.BOUNCED, Simulated.OUT_OF_OFFICE)
"""Of ten emails, eight arrive; a campaign with more bounces than these would have been stopped."""


def measure(folder: Path, events: int) -> Iterator[Measurement]:
    """Drains that many events of a campaign, and again the same ones, as after a crash."""
    with TemporaryDirectory(dir=folder) as directory:
        path = Path(directory)
        shop = Shop(open_store(f"sqlite:///{path}/shop.db"), utc_now, ZoneInfo("UTC"), "USD", data_dir=path)
        try:
            shop.store.create_tables()
            folders = (path / "first", path / "again")
            count = _prepare(shop, folders, events // _PER_MESSAGE)
            for spool, what in zip(folders, ("each new", "each seen before"), strict=True):
                yield from _drained(shop, spool, count, f"events drained, {what}")
        finally:
            shop.store.close()


def _drained(shop: Shop, folder: Path, count: int, what: str) -> Iterator[Measurement]:
    source, policy, stop = SpoolSource(folder), EventPolicy(), threading.Event()
    taken, early, began = 0, 0, time.perf_counter()
    while intake := drain_batch(shop, source, policy, stop).total:
        taken += intake
        if not early and taken >= count / 10:
            early = _memory()
    seconds = time.perf_counter() - began
    if taken != count:
        raise AssertionError(f"Of {count} events {taken} were taken in.")
    yield Measurement(_GROUP, what, count / seconds, "events/s", count, target=TARGET)
    growth = f"{what}: memory at the end, as a multiple of that after a tenth"
    yield Measurement(_GROUP, growth, _memory() / early, "times", count, target=LARGEST_GROWTH)


def _prepare(shop: Shop, folders: Sequence[Path], count: int) -> int:
    """Messages of a campaign that went out, and in each folder the same events of them; returns how many events."""
    spools, events = [EventSpool(folder) for folder in folders], 0
    for start in range(0, count, 5000):
        part = [_message(shop, number) for number in range(start, min(start + 5000, count))]
        shop.store.write_batch([Put(key_of(each), message_item(each, each.hour)) for each in part])
        for number, message in enumerate(part):
            lines = _events_of(message, _FATES[number % len(_FATES)])
            events += lines.count(b"\n")
            for spool in spools:
                spool.write(lines)
    for spool in spools:
        spool.close()
    return events


def _events_of(message: Message, fate: Simulated | None) -> bytes:
    tags = {"message": message.id, "template": message.template, "kind": message.kind.value}
    at = message.requested_at
    return simulated_events(fate, message.provider_id, message.to, "Shop <shop@example.com>", tags, at)


def _message(shop: Shop, number: int) -> Message:
    at = shop.clock()
    recipient = f"C{number:09}"
    return Message(
        recipient,
        "KBENCH0001",
        "newsletter",
        0,
        Kind.MARKETING,
        MessageStatus.SENT,
        f"customer.{number}@example.com",
        f"Customer {number}",
        at,
        "bench",
        at,
        customer_id=recipient,
        attempts=1,
        provider_id=f"bench-{number}",
        sent_at=at,
        data=bytes(700),
        facts="f" * 16,
        edition="e" * 16,
        digest="d" * 64,
        hour=hour_of(shop, at),
        campaign="BENCH0001",
        variant="A" if number % 2 else "B",
    )


def _memory() -> int:
    """What the process holds now, in pages (Linux), or the most that it has held."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
