"""The mail worker: gets waiting messages out, as fast as the rate window lets it. Any number may run."""

from __future__ import annotations

import threading

from loguru import logger

from backend.domain.messages import MessageStatus
from backend.email.transports.protocol import AccountUnknownError
from backend.errors import BackendError
from backend.observability.measures import MEASURES
from backend.observability.rounds import Rounds
from backend.services.context import Shop
from backend.services.mailing.campaign_sending import CampaignWork, give_back, work_on_campaigns
from backend.services.mailing.delivering import Worked, deliver_due
from backend.services.mailing.mailer import Mailer

SHORTEST_PAUSE = 0.2
LONGEST_PAUSE = 2.0
_PAUSE_GROWTH = 1.5
_AFTER_TROUBLE = 5.0


def run_mail_worker(shop: Shop, mailer: Mailer, stop: threading.Event, rounds: Rounds | None = None) -> None:
    """Works until it is told to stop; what is being sent at that moment is finished and recorded first.

    `rounds` is told of each round.
    """
    pause, rounds, campaigns = SHORTEST_PAUSE, rounds or Rounds(), CampaignWork()
    logger.info("The mail worker sends by {}", mailer.transport.name)
    while not stop.is_set():
        pause = _round(shop, mailer, pause, rounds, campaigns, stop)
        stop.wait(pause)
    give_back(shop, campaigns)
    logger.info("The mail worker has ended")


def _round(
    shop: Shop, mailer: Mailer, pause: float, rounds: Rounds, campaigns: CampaignWork, stop: threading.Event
) -> float:
    """One round; returns how long to rest before the next, in seconds. Campaigns come after single messages."""
    try:
        with rounds.round("mail"):
            worked = deliver_due(shop, mailer)
            if not (worked.more or worked.wait):
                worked.add(work_on_campaigns(shop, mailer, campaigns, stop))
            if not (worked.more or worked.total):
                mailer.window.settle()  # gives back what was reserved and not used, as nobody may reserve again soon
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
    if worked.total and (worked.more or campaigns.held):
        return 0.0
    return SHORTEST_PAUSE if worked.total else min(pause * _PAUSE_GROWTH, LONGEST_PAUSE)


def _tell(worked: Worked) -> None:
    for status, number in worked.settled.items():
        MEASURES.count("messages", status.value, number)
        if status is not MessageStatus.WAITING:
            logger.info("{} messages: {}", number, status.value)
