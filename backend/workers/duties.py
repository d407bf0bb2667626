"""The table of duties: what workers do, one row for each kind of work. `loop` says how they are done."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from loguru import logger

from backend.bootstrap import (
    open_account_list,
    open_backup_schedule,
    open_connection_key,
    open_event_sources,
    open_store,
)
from backend.domain.health import BEAT_EVERY
from backend.email.events.sources import EventSource
from backend.observability.measures import MEASURES
from backend.observability.ring import RING
from backend.observability.rounds import Rounds
from backend.secret_file import seal_key
from backend.services.alerts.notifications import notify_all
from backend.services.alerts.readings import is_my_turn, look
from backend.services.audit.seals import seal_days
from backend.services.automations.duty import answer_due
from backend.services.backup.schedule import work_on_backups
from backend.services.campaigns.oversight import tend_campaigns
from backend.services.campaigns.preflights import work_on_preflights
from backend.services.connections.comparison import compare_due
from backend.services.connections.duty import apply_due
from backend.services.context import Shop
from backend.services.customer_data.erasing import work_on_erasures
from backend.services.customer_data.merging import work_on_merges
from backend.services.customer_data.retention import work_on_retention
from backend.services.events.consequences import EventPolicy
from backend.services.events.drain import drain_batch
from backend.services.events.health import note_backlog
from backend.services.events.intake import Intake
from backend.services.outgoing.delivery import deliver_due
from backend.services.products.counting import count_sold
from backend.services.reconcile.products import count_from_the_beginning
from backend.services.sending.account_notices import ask_for_notices
from backend.services.suppression.account_sync import work_on_sync
from backend.services.system import heartbeats
from backend.services.system.installation import System, version
from backend.services.system.usage import SavedUsage, remove_expired, save_usage
from backend.store.meter import Meter
from backend.workers.jobs import import_rounds
from backend.workers.loop import MAIL, Duty, Round, Work, Workplace, in_rounds
from backend.workers.mail import MailWork
from backend.workers.snapshots import begin as begin_snapshots

_SAVE_SECONDS = 60.0


class Heartbeat(Work):
    """Sends heartbeats, and at the end takes the process off the list."""

    def __init__(self, shop: Shop, meter: Meter, kind: str, rounds: Rounds) -> None:
        super().__init__(self._beat)
        self._shop, self._meter = shop, meter
        self._process = heartbeats.BeatingProcess(kind, version(), shop.clock(), MEASURES, rounds, RING)
        self._saved = SavedUsage(meter, MEASURES)
        self._save_at = time.monotonic() + _SAVE_SECONDS
        self._throttled = 0

    def _beat(self) -> float:
        self._throttled = _count_throttled(self._meter, self._throttled)
        heartbeats.beat(self._shop, self._process)
        if time.monotonic() >= self._save_at:
            self._save_at = time.monotonic() + _SAVE_SECONDS
            save_usage(self._shop, self._saved)
        return BEAT_EVERY.total_seconds()

    def close(self) -> None:
        save_usage(self._shop, self._saved)
        heartbeats.end(self._shop, self._process)


def _count_throttled(meter: Meter, before: int) -> int:
    """Hands over what the store's meter has counted since, so that the last minutes are known."""
    now = sum(usage.throttled for usage in meter.usage().values())
    if now > before:
        MEASURES.count("throttled", "store", now - before)
    return now


REST_OF_AUTOMATIONS = 2.0
"""Seconds between looks for triggers that are due."""
REST_OF_WEBHOOKS = 1.0
"""Seconds between looks for webhooks that wait."""
REST_OF_COMPARISONS = 1.0
"""Seconds between two requests to shops; Shopify allows two a second."""
REST_WHEN_COMPARED = 60.0
REST_OF_PRODUCTS = 3.0
"""Seconds between looks for orders that product figures do not count yet."""
BETWEEN_LOOKS = 10.0
"""Seconds between two checks for alerts that people have to be notified of; rules are read every half minute."""
REST_OF_NOTICES = 10.0
"""Seconds between looks for emails to members about their accounts."""
REST_OF_ERASURES = 5.0
"""Seconds between looks for customers to erase."""
REST_BETWEEN_PREFLIGHTS = 2.0
REST_BETWEEN_BACKUPS = 60.0
"""Seconds between looks whether a backup or a drill is due."""
REST_BETWEEN_SYNCS = 3.0
BETWEEN_SEALS = 3600.0
REST_WHEN_SWEPT = 600.0
BETWEEN_SWEEPS = 0.5
"""Seconds in which others may write, between two batches of expired items."""


def _watch(place: Workplace, stop: threading.Event) -> Round:
    system = System(place.shop, place.mailer, place.settings)

    def work() -> float:
        if is_my_turn(place.shop):
            look(system)
        notify_all(system)
        return BETWEEN_LOOKS

    stop.wait(BETWEEN_LOOKS)  # until every duty has begun, and the first heartbeat is written
    return work


def _remove_expired(place: Workplace, stop: threading.Event) -> Round:
    def work() -> float:
        while not stop.is_set() and remove_expired(place.shop):
            stop.wait(BETWEEN_SWEEPS)
        return REST_WHEN_SWEPT

    return work


def _answer_triggers(place: Workplace, stop: threading.Event) -> Round:
    def work() -> float:
        answered = answer_due(place.shop, place.mailer)
        if answered.triggers:
            logger.info("{} triggers of automations answered", answered.triggers)
        return 0.0 if answered.more and answered.triggers else REST_OF_AUTOMATIONS

    return work


def _count_products(place: Workplace, stop: threading.Event) -> Round:
    def work() -> float:
        counted = count_sold(place.shop)
        return 0.0 if counted.more and counted.entries else REST_OF_PRODUCTS

    count_from_the_beginning(place.shop)
    return work


def _take_in_events(place: Workplace, stop: threading.Event) -> Round:
    sources = open_event_sources(place.settings)
    return event_rounds(place.shop, sources, EventPolicy(place.settings.soft_bounce_limit), stop)


def _apply_webhooks(place: Workplace, stop: threading.Event) -> Round:
    """Applies what connected shops have sent."""
    return lambda: 0.0 if apply_due(place.shop, stop) else REST_OF_WEBHOOKS


def _compare_orders(place: Workplace, stop: threading.Event) -> Round:
    """Asks connected shops for orders that have not arrived, a page at a time, no faster than shops allow."""
    key = open_connection_key(place.settings)
    return lambda: REST_OF_COMPARISONS if compare_due(place.shop, key) else REST_WHEN_COMPARED


def _post_webhooks(place: Workplace, stop: threading.Event) -> Round:
    """Posts events to endpoints."""
    key = open_connection_key(place.settings)
    return lambda: 0.0 if deliver_due(place.shop, key, stop) else REST_OF_WEBHOOKS


def _check_campaigns(place: Workplace, stop: threading.Event) -> Round:
    """Renders the audiences of requested preflights; rests a little while there are none."""

    def work() -> float:
        return 0.0 if work_on_preflights(place.shop, place.mailer, stop) else REST_BETWEEN_PREFLIGHTS

    return work


def _join_suppression_lists(place: Workplace, stop: threading.Event) -> Round:
    account = open_account_list(place.settings, clock=place.shop.clock)

    def work() -> float:
        return 0.0 if work_on_sync(place.shop, account, stop) else REST_BETWEEN_SYNCS

    return work


def _seal_audit_log(place: Workplace, stop: threading.Event) -> Round:
    key = seal_key(place.settings)

    def work() -> float:
        seal_days(place.shop, key)
        while work_on_retention(place.shop, key) and not stop.is_set():
            stop.wait(BETWEEN_SWEEPS)
        return BETWEEN_SEALS

    return work


def _email_members(place: Workplace, stop: threading.Event) -> Round:
    """Asks for emails to members about their accounts."""

    def work() -> float:
        ask_for_notices(place.shop, place.mailer, place.settings.public_url)
        return REST_OF_NOTICES

    return work


def _make_backups(place: Workplace, stop: threading.Event) -> Round:
    """Makes backups and restores them as a drill, as the settings say."""
    schedule = open_backup_schedule(place.settings)

    def work() -> float:
        if schedule is not None:
            work_on_backups(place.shop, schedule, open_store, stop)
        return REST_BETWEEN_BACKUPS

    return work


def _erase(place: Workplace, stop: threading.Event) -> Round:
    """Goes on with erasures and merges of customers."""
    return lambda: 0.0 if work_on_erasures(place.shop) or work_on_merges(place.shop) else REST_OF_ERASURES


DUTIES: tuple[Duty, ...] = (
    in_rounds("imports", import_rounds, patience=3600.0),
    Duty(MAIL, lambda place, stop: MailWork(place.shop, place.mailer, stop)),
    Duty("heartbeat", lambda place, stop: Heartbeat(place.shop, place.meter, place.kind, place.rounds), goes_on=True),
    in_rounds("campaigns", lambda place, stop: lambda: tend_campaigns(place.shop)),
    in_rounds("preflights", _check_campaigns, patience=3600.0),
    in_rounds("automations", _answer_triggers),
    in_rounds("products", _count_products, patience=3600.0),
    in_rounds("alerts", _watch),
    in_rounds("account notices", _email_members),
    in_rounds("webhooks", _apply_webhooks),
    in_rounds("comparisons", _compare_orders, patience=120.0),
    in_rounds("webhooks out", _post_webhooks, patience=120.0),
    in_rounds("events", _take_in_events, patience=120.0),
    in_rounds("erasures", _erase, patience=120.0),
    in_rounds("suppression lists", _join_suppression_lists, patience=3600.0),
    in_rounds("retention", _remove_expired),
    in_rounds("audit log", _seal_audit_log, patience=1800.0),
    in_rounds("backups", _make_backups, patience=6 * 3600.0),
    in_rounds("snapshot", begin_snapshots, patience=1800.0),
)
"""`patience` is the longest that a round takes in a large shop, in seconds."""


REST = 1.0
"""Seconds between looks at a source that does not wait by itself."""
BACKLOG_SECONDS = 10.0
_BATCHES = 20
"""Batches of a round, so that the round ends now and then and is seen to be alive."""


def event_rounds(
    shop: Shop, sources: Sequence[EventSource], policy: EventPolicy, stop: threading.Event
) -> Callable[[], float]:
    """A round that drains all sources; it returns how many seconds to rest before the next one."""
    told_at = -BACKLOG_SECONDS

    def work() -> float:
        nonlocal told_at
        total, trouble = Intake(), None
        for source in sources:
            try:
                total.add(_drained(shop, source, policy, stop))
            except Exception as error:  # the other sources, and what waits at this one, are still looked at
                trouble = trouble or error
        if time.monotonic() - told_at >= BACKLOG_SECONDS:
            for source in sources:
                try:
                    note_backlog(shop, source.name, source.state())
                except Exception as error:
                    trouble = trouble or error
            told_at = time.monotonic()
        if trouble is not None:
            raise trouble
        if total.total:
            logger.info("{} events taken in, {} of them applied", total.total, total.applied)
        return 0.0 if total.total else REST

    return work


def _drained(shop: Shop, source: EventSource, policy: EventPolicy, stop: threading.Event) -> Intake:
    total = Intake()
    for _ in range(_BATCHES):
        intake = drain_batch(shop, source, policy, stop)
        total.add(intake)
        if not intake.total or stop.is_set():
            break
    return total
