"""The mail worker: gets waiting messages out, as fast as the rate window lets it. Any number may run."""

from __future__ import annotations

import threading

from loguru import logger

from backend.domain.messages import MessageStatus
from backend.email.transports.protocol import AccountUnknownError
from backend.errors import BackendError
from backend.observability.measures import MEASURES
from backend.observability.rounds import Rounds
from backend.services.campaigns.rounds import CampaignWork, give_back, work_on_campaigns
from backend.services.context import Shop
from backend.services.sending.delivery import deliver_due
from backend.services.sending.dispatch import Flight
from backend.services.sending.mailer import Mailer
from backend.services.sending.submissions import Worked

SHORTEST_PAUSE = 0.2
LONGEST_PAUSE = 2.0
_PAUSE_GROWTH = 1.5
_AFTER_TROUBLE = 5.0


def run_mail_worker(shop: Shop, mailer: Mailer, stop: threading.Event, rounds: Rounds | None = None) -> None:
    """Works until `stop` is set. Then it waits for open answers and records them, and all else is given
    back at once.

    `rounds` records each round.
    """
    flight = Flight(mailer)
    pause, rounds, campaigns = SHORTEST_PAUSE, rounds or Rounds(), CampaignWork(flight=flight)
    logger.info("The mail worker sends by {}", mailer.transport.name)
    while not stop.is_set():
        pause = _round(shop, mailer, pause, rounds, campaigns, stop)
        _rest(shop, flight, pause, stop)
    give_back(shop, campaigns)
    _finish(shop, flight)
    give_back(shop, campaigns, landed=True)
    logger.info("The mail worker has ended")


def _rest(shop: Shop, flight: Flight, seconds: float, stop: threading.Event) -> None:
    """Rests until the next round, and records what is answered meanwhile."""
    worked = Worked()
    try:
        flight.wait(shop, worked, seconds, stop)
    except BackendError as error:
        logger.warning("What was sent could not be recorded yet: {}", type(error).__name__)
        stop.wait(seconds)
    except Exception:
        logger.exception("What was sent could not be recorded yet")
        stop.wait(_AFTER_TROUBLE)
    _tell(worked)


def _finish(shop: Shop, flight: Flight) -> None:
    """Waits for what is in flight; a call has its own deadline. Then the threads end."""
    while not flight.is_empty:
        _rest(shop, flight, SHORTEST_PAUSE, threading.Event())
    flight.close()


def _round(
    shop: Shop, mailer: Mailer, pause: float, rounds: Rounds, campaigns: CampaignWork, stop: threading.Event
) -> float:
    """One round; returns how long to rest before the next, in seconds. Campaigns come after single messages."""
    try:
        with rounds.round("mail"):
            worked = deliver_due(shop, mailer, campaigns.flight, stop)
            if not (worked.more or worked.wait):
                worked.add(work_on_campaigns(shop, mailer, campaigns, stop))
            if not (worked.more or worked.total):
                mailer.window.settle()  # gives back what was not used: this process may not reserve again soon
    except AccountUnknownError as error:
        logger.warning("Nothing is sent: {}", error.sentence)
        return _AFTER_TROUBLE
    except BackendError as error:
        logger.warning("Nothing could be sent: {}", type(error).__name__)
        return _AFTER_TROUBLE
    except Exception:
        logger.exception("Nothing could be sent")
        return _AFTER_TROUBLE
    _tell(worked)
    if worked.wait:
        MEASURES.count("rate_wait_ms", "mail", round(worked.wait * 1000))
        return worked.wait
    busy = bool(worked.total or worked.handed_over)
    if busy and (worked.more or campaigns.held):
        return 0.0
    return SHORTEST_PAUSE if busy or campaigns.landing else min(pause * _PAUSE_GROWTH, LONGEST_PAUSE)


def _tell(worked: Worked) -> None:
    for status, number in worked.settled.items():
        MEASURES.count("messages", status.value, number)
        if status is not MessageStatus.WAITING:
            logger.info("{} messages: {}", number, status.value)
