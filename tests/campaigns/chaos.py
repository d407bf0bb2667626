"""A campaign that several processes send while they are killed, and the account that has to add up afterwards."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from backend.bootstrap import open_store
from backend.domain.campaigns import Campaign, CampaignState
from backend.domain.messages import MessageStatus
from backend.domain.time import to_text, utc_now
from backend.email.transports.recording import RecordingTransport, at_random, read_journal
from backend.records.campaign_chunks import step_from, total_of
from backend.services.campaigns import actions
from backend.services.campaigns.progress import figures_of, progress_in
from backend.services.campaigns.saved import read_campaign
from backend.services.context import Shop
from backend.services.statistics.counters import stats_by_hour, summed
from backend.store import schema
from tests.campaigns.support import Desk, messages_of, prepare_shop, write_people
from tests.campaigns.worker_script import NO_LIMIT, TROUBLE, Orders, mailer_on, work
from tests.forked import PROCESSES
from tests.recount import everything
from tests.support import STAFF, shop_on

WORKERS = 3
SPEED = 40.0
"""A lease of 90 seconds is over in two."""


@dataclass
class Chaos:
    """A shop, its workers, and a provider that keeps a journal of what it took."""

    orders: Orders
    shop: Shop
    chance: random.Random
    workers: list[BaseProcess] = field(default_factory=list)
    kills: int = 0
    ahead: timedelta = timedelta()

    def start_workers(self, number: int = WORKERS, **changes: Any) -> None:
        self.workers += [self._started(changes) for _ in range(number)]

    def _started(self, changes: dict[str, Any]) -> BaseProcess:
        process = PROCESSES.Process(target=work, args=(replace(self.orders, **changes),))
        process.start()
        return process

    def kill_one(self, **changes: Any) -> None:
        """Ends a worker where it stands, and starts another in its place."""
        place = self.chance.randrange(len(self.workers))
        end(self.workers[place], signal.SIGKILL)
        self.kills += 1
        self.workers[place] = self._started(changes)

    def stop_workers(self, how: signal.Signals = signal.SIGKILL) -> list[int]:
        codes = [end(worker, how) for worker in self.workers]
        self.workers.clear()
        return codes

    def wait_for(self, campaign: Campaign, state: CampaignState, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if read_campaign(self.shop, campaign.id).state is state:
                return True
            time.sleep(0.05)
        return False

    def finish(self, campaign: Campaign) -> Campaign:
        """A last worker does what is left, with a clock that runs ahead: leases are over, retries are due."""
        transport = RecordingTransport(at_random(TROUBLE, seed="later"), account=NO_LIMIT, journal=self.journal)
        desk = Desk(replace(self.shop, clock=self.later), transport)
        desk.mailer = mailer_on(desk.shop, transport, self.orders)  # whose tokens go by the real clock
        for _ in range(60):
            self.ahead += timedelta(minutes=40)
            desk.send()
            campaign = desk.tended(campaign)
            if campaign.state is CampaignState.FINISHED:
                return campaign
        raise AssertionError(f"It is still {campaign.state}: {progress_in(desk.shop, campaign)}")

    @property
    def journal(self) -> Path:
        return Path(self.orders.journal)

    def later(self) -> datetime:
        return self.orders.clock() + self.ahead

    def pause_and_resume(self, campaign: Campaign, seconds: float) -> None:
        """Pauses it, if it runs; nothing goes out while it rests."""
        if read_campaign(self.shop, campaign.id).state is not CampaignState.RUNNING:
            return
        try:
            actions.pause(self.shop, STAFF, campaign.id)
        except actions.WrongStateError:
            return
        time.sleep(seconds)
        actions.resume(self.shop, STAFF, campaign.id)


def end(process: BaseProcess, how: signal.Signals) -> int:
    """Sends a signal and waits; the exit code is negative for a signal."""
    if process.pid is not None and process.is_alive():
        os.kill(process.pid, how)
    process.join(60)
    assert process.exitcode is not None
    return process.exitcode


@contextmanager
def chaos(folder: Path, url: str, customers: int, *, seed: int = 1, speed: float = SPEED) -> Iterator[Chaos]:
    """A shop with customers of whom a tenth has not agreed to marketing. Its workers are killed at the end."""
    orders = Orders(url, str(folder), str(folder / "journal"), to_text(utc_now()), speed)
    shop = shop_on(open_store(url), clock=orders.clock, data_dir=folder)
    shop.store.create_tables()
    prepare_shop(shop)
    write_people(shop, customers - customers // 10)
    write_people(shop, customers // 10, consent=False)
    found = Chaos(orders, shop, random.Random(seed))
    try:
        yield found
    finally:
        found.stop_workers()
        shop.store.close()


def assert_adds_up(found: Chaos, campaign: Campaign, customers: int) -> None:
    """Nobody got two, nobody is lost, and every counter is what a recount gives."""
    shop = found.shop
    submissions = read_journal(found.journal)
    messages = messages_of(shop, [campaign])
    assert max(submissions.values(), default=0) <= 1, "Somebody got an email twice."
    assert set(submissions) <= {message.id for message in messages}
    for message in messages:
        if message.status is MessageStatus.SENT:
            assert message.id in submissions, "It is called sent, and was never submitted."
        if message.status is MessageStatus.FAILED:
            assert message.id not in submissions, "It is called failed, and was submitted."
    assert all(message.lease_until is None for message in messages)
    progress = progress_in(shop, campaign)
    by_status = Counter(message.status.value for message in messages)
    resolved = Counter(message.status.value for message in messages if message.resolved)
    assert (progress.audience, progress.remaining, progress.retrying) == (customers, 0, 0)
    assert progress.skipped_total == customers - len(messages)
    assert progress.sent == by_status["sent"] - resolved["sent"]
    assert progress.unknown == by_status["unknown"] + resolved.total()
    assert progress.failed == by_status["failed"] - resolved["failed"]
    assert progress.resolved == resolved["sent"]
    assert_counters(shop, campaign)
    counted = summed(stats.counts for stats in stats_by_hour(shop, *_days(shop, found)))
    assert {name: counted.get(name, 0) for name in by_status} == dict(by_status)


def assert_counters(shop: Shop, campaign: Campaign) -> None:
    """The campaign's counters are the sum of its chunks'."""
    rows = [row for row in everything(shop, schema.MAIL) if row.key.pk == f"K#{campaign.id}"]
    steps = [step_from(campaign.id, row.key.sk, row.item) for row in rows if row.key.sk.startswith("STEP#")]
    figures, total = figures_of(shop, campaign.id), total_of(steps)
    assert {name: figures[name] for name in total} == dict(total)


def _days(shop: Shop, found: Chaos) -> tuple[Any, Any]:
    return utc_now().date() - timedelta(days=1), found.later().date() + timedelta(days=1)
