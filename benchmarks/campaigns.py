"""Campaigns: how fast an audience is checked and sent to, how exactly a rate is kept, and what an email costs."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

from backend.bootstrap import open_store
from backend.domain.campaigns import Campaign, CampaignState, Draft
from backend.domain.customers import Consent, ConsentSource, Customer
from backend.domain.emails import Account, Answer, OutgoingEmail
from backend.domain.ids import new_customer_id
from backend.domain.segments import EVERYBODY
from backend.domain.team import COMMAND_LINE
from backend.domain.time import utc_now
from backend.email.links import Links
from backend.email.rate import RatePolicy, RateWindow
from backend.email.transports.outbox import FREE, OutboxTransport
from backend.email.transports.protocol import Transport
from backend.email.transports.recording import RecordingTransport
from backend.records.customers import customer_item
from backend.services.campaigns import actions, drafts, plan, preflights, saved
from backend.services.campaigns.oversight import tend_campaigns
from backend.services.campaigns.rounds import CampaignWork, work_on_campaigns
from backend.services.context import Shop
from backend.services.segments.library import create_segment
from backend.services.sending.mailer import LARGEST, Mailer, Pace
from backend.services.shop_settings import get_shop_facts, save_shop_facts
from backend.services.snapshots.build import make_snapshot
from backend.store import schema
from backend.store.meter import USUAL_SAMPLE, Meter
from backend.store.port import Put
from benchmarks.results import Measurement, Rate

PREFLIGHT_TARGET = 100_000 / 30
SEND_TARGET = 1_000.0
UNITS_TARGET = 7.0
RATE = 50
RATE_SHARE_TARGET = 0.97
_GROUP = "campaign"
_SEGMENT = "EVERYBODY1"
_FIELDS = {
    "headline": "New mugs",
    "message": "They are blue, and they have arrived.",
    "button_url": "https://shop.example",
}
_STEPS = (8, LARGEST)
"""The smallest and the largest number of emails that a worker takes up together."""


@dataclass(frozen=True, slots=True)
class _Scene:
    """A shop of its own, with a segment of everybody."""

    shop: Shop
    meter: Meter

    def mailer(self, transport: Transport, rate: int = 0) -> Mailer:
        policy = RatePolicy(rate=rate, daily_quota=-1)
        window = RateWindow(self.shop.store, transport.name, transport.account, policy, clock=self.shop.clock)
        links = Links(b"k" * 32, "https://shop.example", self.shop.clock)
        return Mailer(transport, window, links, "shop@example.com", concurrency=1, approval_from=10**9)

    def checked(self, mailer: Mailer) -> tuple[Campaign, Rate]:
        """A campaign whose preflight is through, and how many seconds that took, by the clock and of the processor."""
        draft = Draft("Mugs", "announcement", _SEGMENT, fields=_FIELDS)
        campaign = drafts.create_campaign(self.shop, COMMAND_LINE, draft)
        preflights.run_preflight(self.shop, COMMAND_LINE, campaign.id, seen_version=campaign.version)
        began, used = time.perf_counter(), time.process_time()
        preflights.work_on_preflights(self.shop, mailer, threading.Event())
        return campaign, Rate(time.perf_counter() - began, time.process_time() - used)

    def running(self, mailer: Mailer) -> Campaign:
        """A campaign whose audience is frozen."""
        campaign, _ = self.checked(mailer)
        campaign, _ = plan.plan(self.shop, mailer, COMMAND_LINE, campaign.id, seen_version=campaign.version)
        actions.start(self.shop, COMMAND_LINE, campaign.id, seen_version=campaign.version)
        while (campaign := saved.read_campaign(self.shop, campaign.id)).state is not CampaignState.RUNNING:
            make_snapshot(self.shop)
            tend_campaigns(self.shop)
        return campaign


def measure(folder: Path, people: int, seconds: float) -> Iterator[Measurement]:
    """Yields rates of preflight and sending, how a rate is kept for so many seconds, and units of an email."""
    with _scene(folder, people, Meter(USUAL_SAMPLE)) as scene:
        mailer = scene.mailer(OutboxTransport(scene.shop.data_dir / "outbox"))
        scene.checked(mailer)  # compiles the template
        _, taken = scene.checked(mailer)
        what, unit = "recipients checked by a preflight, all with names of their own", "recipients/s"
        yield _line(what, people / taken.clock, unit, people, PREFLIGHT_TARGET)
        yield _line(f"{what}, by CPU time", people / taken.processor, unit, people, PREFLIGHT_TARGET)
        scene.running(mailer)
        clock, processor = _drained(scene, mailer)
        what = "emails of a campaign to a Maildir, one process"
        yield _line(what, people / clock, "emails/s", people, SEND_TARGET)
        yield _line(f"{what}, by CPU time", people / processor, "emails/s", people, SEND_TARGET)
        yield from _at_a_rate(scene, seconds)
    with _scene(folder, people, Meter()) as scene:
        for size in _STEPS:
            yield _cost(scene, size, people)


def _at_a_rate(scene: _Scene, seconds: float) -> Iterator[Measurement]:
    transport = _Timed()
    mailer = scene.mailer(transport, RATE)
    campaign = scene.running(mailer)
    work, stop, end = CampaignWork(), threading.Event(), time.monotonic() + seconds + 1
    while time.monotonic() < end and not stop.is_set():
        worked = work_on_campaigns(scene.shop, mailer, work, stop)
        stop.set() if not worked.total and not worked.wait else time.sleep(worked.wait)
    actions.cancel(scene.shop, COMMAND_LINE, campaign.id)
    times = sorted(transport.moments)
    # Whole seconds after the first: what went out at the beginning of a second belongs to all of it.
    begin, whole = times[0] + 1, max(int(times[-1] - times[0]) - 1, 1)
    share = sum(begin <= moment < begin + whole for moment in times) / whole / RATE
    yield _line(f"share of a rate of {RATE} a second that is used", share, "x as fast", len(times), RATE_SHARE_TARGET)
    most = max(sum(begin <= moment < begin + 1 for moment in times) for begin in times)
    yield _line(f"most emails in any second at {RATE} a second", most, "emails", len(times), float(RATE))


def _cost(scene: _Scene, size: int, people: int) -> Measurement:
    mailer = scene.mailer(RecordingTransport(account=FREE))
    scene.running(mailer)
    scene.meter.reset()
    _drained(scene, mailer, size)
    units = sum(used.write_units for used in scene.meter.usage().values())
    return _line(f"an email of a campaign, {size} at a time: write units", units / people, "WCU", people, UNITS_TARGET)


def _drained(scene: _Scene, mailer: Mailer, size: int = LARGEST) -> tuple[float, float]:
    """Sends until nothing is left; seconds by the clock and of the processor."""
    work, stop = CampaignWork(pace=_Fixed(size)), threading.Event()
    began, used = time.perf_counter(), time.process_time()
    while work_on_campaigns(scene.shop, mailer, work, stop).total:
        pass
    taken = time.perf_counter() - began, time.process_time() - used
    tend_campaigns(scene.shop)
    return taken


class _Fixed(Pace):
    """Always takes up as many."""

    def learn(self, sent: int, seconds: float, *, held_back: bool) -> None:
        """Stays as it is."""


class _Timed(RecordingTransport):
    """Remembers when each email was taken."""

    def __init__(self) -> None:
        super().__init__(account=replace(FREE))
        self.moments: list[float] = []

    def send(self, email: OutgoingEmail) -> Answer:
        self.moments.append(time.time())
        return super().send(email)

    def account(self) -> Account:
        return FREE


@contextmanager
def _scene(folder: Path, people: int, meter: Meter) -> Iterator[_Scene]:
    """A meter that looks at every byte takes time, so speed is measured with the one that a worker has."""
    with TemporaryDirectory(dir=folder) as directory:
        path = Path(directory)
        shop = Shop(
            open_store(f"sqlite:///{path}/shop.db", meter=meter), utc_now, ZoneInfo("UTC"), "USD", data_dir=path
        )
        try:
            shop.store.create_tables()
            facts = replace(get_shop_facts(shop), postal_address="1 Mill Lane\nBath")
            save_shop_facts(shop, COMMAND_LINE, facts)
            create_segment(shop, COMMAND_LINE, _SEGMENT, "Everybody", EVERYBODY)
            shop.store.write_batch([_person(shop, number) for number in range(people)])
            yield _Scene(shop, meter)
        finally:
            shop.store.close()


def _person(shop: Shop, number: int) -> Put:
    """What a campaign reads of a customer."""
    customer_id, now = new_customer_id(), shop.clock()
    address = f"customer.{number}@example.com"
    consent = Consent(True, now, ConsentSource.STAFF)
    person = Customer(customer_id, f"Maria{number} Lopez", address, now, "DE", "Berlin", consent=consent)
    return Put(schema.customer_key(customer_id), customer_item(person))


def _line(what: str, value: float, unit: str, runs: int, target: float) -> Measurement:
    return Measurement(_GROUP, what, value, unit, runs, target=target)
