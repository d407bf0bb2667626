"""The table of duties: what workers do, one row for each kind of work. `loop` says how they are done."""

from __future__ import annotations

import threading

from loguru import logger

from backend.bootstrap import open_account_list, open_connection_key, open_event_sources
from backend.services.alerts.evaluation import is_my_turn, look
from backend.services.alerts.notifications import notify_all
from backend.services.automations.duty import answer_due
from backend.services.campaigns.oversight import tend_campaigns
from backend.services.campaigns.preflights import work_on_preflights
from backend.services.connections.duty import apply_due
from backend.services.events.consequences import EventPolicy
from backend.services.outgoing.delivery import deliver_due
from backend.services.products.counting import count_sold
from backend.services.reconcile.products import count_from_the_beginning
from backend.services.suppression.account_sync import work_on_sync
from backend.services.system.installation import System
from backend.services.system.retention import remove_expired
from backend.workers.events import event_rounds
from backend.workers.heartbeat import Heartbeat
from backend.workers.jobs import import_rounds
from backend.workers.loop import MAIL, Duty, Round, Workplace, in_rounds
from backend.workers.mail import MailWork
from backend.workers.snapshots import begin as begin_snapshots

REST_OF_AUTOMATIONS = 2.0
"""Seconds between looks for triggers that are due."""
REST_OF_WEBHOOKS = 1.0
"""Seconds between looks for webhooks that wait."""
REST_OF_PRODUCTS = 3.0
"""Seconds between looks for orders that product figures do not count yet."""
BETWEEN_LOOKS = 10.0
"""Seconds between two checks for alerts that people have to be notified of; rules are read every half minute."""
REST_BETWEEN_PREFLIGHTS = 2.0
REST_BETWEEN_SYNCS = 3.0
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


def _post_webhooks(place: Workplace, stop: threading.Event) -> Round:
    """Posts to endpoints what they are told."""
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


DUTIES: tuple[Duty, ...] = (
    in_rounds("imports", import_rounds, patience=3600.0),
    Duty(MAIL, lambda place, stop: MailWork(place.shop, place.mailer, stop)),
    Duty("heartbeat", lambda place, stop: Heartbeat(place.shop, place.meter, place.kind, place.rounds)),
    in_rounds("campaigns", lambda place, stop: lambda: tend_campaigns(place.shop)),
    in_rounds("preflights", _check_campaigns, patience=3600.0),
    in_rounds("automations", _answer_triggers),
    in_rounds("products", _count_products, patience=3600.0),
    in_rounds("alerts", _watch),
    in_rounds("webhooks", _apply_webhooks),
    in_rounds("webhooks out", _post_webhooks, patience=120.0),
    in_rounds("events", _take_in_events, patience=120.0),
    in_rounds("suppression lists", _join_suppression_lists, patience=3600.0),
    in_rounds("retention", _remove_expired),
    in_rounds("snapshot", begin_snapshots, patience=1800.0),
)
"""`patience` is the longest that a round takes in a large shop, in seconds."""
