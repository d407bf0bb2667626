"""What workers do: a table of duties, each in a thread of its own. Any number of processes may do the same ones.

A duty works in rounds. Whatever a round meets, the next one comes: trouble costs a pause, never the duty. The
heartbeat reports how each of them is, so that a stalled one is seen.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from loguru import logger

from backend.bootstrap import open_account_list, open_event_sources
from backend.config import Settings
from backend.domain.health import PATIENCE
from backend.errors import BackendError
from backend.observability.rounds import Rounds
from backend.services.alerts.evaluation import is_my_turn, look
from backend.services.alerts.notifications import notify_all
from backend.services.automations.duty import answer_due
from backend.services.campaigns.oversight import tend_campaigns
from backend.services.campaigns.preflights import work_on_preflights
from backend.services.connections.duty import apply_due
from backend.services.context import Shop
from backend.services.events.consequences import EventPolicy
from backend.services.products.counting import count_sold
from backend.services.reconcile.products import count_from_the_beginning
from backend.services.sending.mailer import Mailer
from backend.services.suppression.account_sync import work_on_sync
from backend.services.system.installation import System
from backend.services.system.retention import remove_expired
from backend.store.meter import Meter, access_pattern
from backend.workers.events import event_rounds
from backend.workers.heartbeat import run_heartbeat
from backend.workers.jobs import run_worker
from backend.workers.mail import run_mail_worker
from backend.workers.snapshots import begin as begin_snapshots

REST_OF_AUTOMATIONS = 2.0
"""Seconds between looks for triggers that are due."""
REST_OF_WEBHOOKS = 1.0
"""Seconds between looks for webhooks that wait."""
REST_OF_PRODUCTS = 3.0
"""Seconds between looks for orders that product figures do not count yet."""
BETWEEN_LOOKS = 10.0
"""Seconds between two checks for alerts that people have to be notified of; rules are read every half minute."""
AFTER_TROUBLE = 5.0
"""Seconds to rest after a round that could not be done."""
MAIL = "mail"
OTHERS_SECONDS = 7.0
"""In which every duty but the mail ends."""
_CLOSING_SECONDS = 1.0
_LONGEST_IMPORT = 3600.0
_LONGEST_PREFLIGHT = 3600.0
REST_BETWEEN_PREFLIGHTS = 2.0
_LONGEST_EVENTS = 120.0
_LONGEST_SNAPSHOT = 1800.0
_LONGEST_SYNC = 3600.0
_LONGEST_FIRST_COUNT = 3600.0
REST_BETWEEN_SYNCS = 3.0
REST_WHEN_SWEPT = 600.0
BETWEEN_SWEEPS = 0.5
"""Seconds in which others may write, between two batches of expired items."""


@dataclass(frozen=True, slots=True)
class Workplace:
    """What a duty works with. `kind` says what process it is in; `meter` is that of the shop's store."""

    shop: Shop
    mailer: Mailer
    settings: Settings
    kind: str = "server"
    meter: Meter = field(default_factory=Meter)
    rounds: Rounds = field(default_factory=Rounds)


class Stop(threading.Event):
    """Tells duties to stop, and remembers since when."""

    def __init__(self) -> None:
        super().__init__()
        self._since: float | None = None

    def set(self) -> None:
        self._since = self._since or time.monotonic()
        super().set()

    def left(self, seconds: float) -> float:
        """What is left of so many seconds since it was set, less a second in which the process closes its store."""
        since = time.monotonic() if self._since is None else self._since
        return max(since + seconds - _CLOSING_SECONDS - time.monotonic(), 0.0)


Round = Callable[[], float]
"""Does what there is to do now; returns how many seconds to rest before the next round."""


@dataclass(frozen=True, slots=True)
class Duty:
    """One kind of work. `run` returns after `stop` is set, with nothing left half-done.

    `patience` is how many seconds a round may take before the duty is called stalled.
    """

    name: str
    run: Callable[[Workplace, threading.Event], None]
    patience: float = PATIENCE


def in_rounds(name: str, begin: Callable[[Workplace, threading.Event], Round], *, patience: float = PATIENCE) -> Duty:
    """A duty that is done in rounds. `begin` is called once, in the duty's thread; `patience` is as in `Duty`."""

    def run(place: Workplace, stop: threading.Event) -> None:
        work: Round | None = None
        while not stop.is_set():
            try:
                with place.rounds.round(name):
                    work = work or begin(place, stop)
                    rest = work()
            except BackendError as error:
                logger.warning("{}: nothing could be done: {}", name, type(error).__name__)
                rest = AFTER_TROUBLE
            except Exception:
                logger.exception("{}: nothing could be done", name)
                rest = AFTER_TROUBLE
            stop.wait(rest)

    return Duty(name, run, patience)


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


DUTIES: tuple[Duty, ...] = (
    Duty("imports", lambda place, stop: run_worker(place.shop, stop, place.rounds), patience=_LONGEST_IMPORT),
    Duty(MAIL, lambda place, stop: run_mail_worker(place.shop, place.mailer, stop, place.rounds)),
    Duty(
        "heartbeat",
        lambda place, stop: run_heartbeat(place.shop, place.meter, stop, kind=place.kind, rounds=place.rounds),
    ),
    in_rounds("campaigns", lambda place, stop: lambda: tend_campaigns(place.shop)),
    in_rounds("preflights", _check_campaigns, patience=_LONGEST_PREFLIGHT),
    in_rounds("automations", _answer_triggers),
    in_rounds("products", _count_products, patience=_LONGEST_FIRST_COUNT),
    in_rounds("alerts", _watch),
    in_rounds("webhooks", _apply_webhooks),
    in_rounds("events", _take_in_events, patience=_LONGEST_EVENTS),
    in_rounds("suppression lists", _join_suppression_lists, patience=_LONGEST_SYNC),
    in_rounds("retention", _remove_expired),
    in_rounds(
        "snapshot",
        lambda place, stop: begin_snapshots(place.shop, place.settings, stop),
        patience=_LONGEST_SNAPSHOT,
    ),
)


def start(place: Workplace, stop: threading.Event, duties: Sequence[Duty] = DUTIES) -> list[threading.Thread]:
    """Starts every duty; they end after `stop` is set."""
    for duty in duties:
        place.rounds.announce(duty.name, duty.patience)
    threads = [threading.Thread(target=_keep_on, args=(duty, place, stop), name=duty.name) for duty in duties]
    for thread in threads:
        thread.daemon = True
        thread.start()
    return threads


def end(threads: Sequence[threading.Thread], stop: Stop, seconds: float) -> list[str]:
    """Waits for duties to end, in so many seconds since `stop` was set less one; returns who has not.

    The mail may use them all, because it may have to wait for the provider's answers. Others give their work back
    within a few seconds; what one of them does not is free when its lease is over.
    """
    join([thread for thread in threads if thread.name != MAIL], min(OTHERS_SECONDS, stop.left(seconds)))
    join([thread for thread in threads if thread.name == MAIL], stop.left(seconds))
    late = [thread.name for thread in threads if thread.is_alive()]
    if late:
        logger.warning("Not ended in time: {}", ", ".join(late))
    return late


def join(threads: Sequence[threading.Thread], seconds: float) -> list[str]:
    """Waits for duties to end, `seconds` at most for all together; returns the names of those that have not."""
    deadline = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    return [thread.name for thread in threads if thread.is_alive()]


def _keep_on(duty: Duty, place: Workplace, stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            with access_pattern(f"duty {duty.name}"):
                duty.run(place, stop)
        except Exception:
            logger.exception("{} broke off and begins again", duty.name)
            stop.wait(AFTER_TROUBLE)
