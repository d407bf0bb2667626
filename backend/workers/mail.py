"""The mail worker: gets waiting messages out, as fast as the rate window lets it. Any number may run."""

from __future__ import annotations

import threading

from loguru import logger

from backend.domain.messages import MessageStatus
from backend.errors import BackendError
from backend.observability.measures import MEASURES
from backend.services.campaigns.rounds import CampaignWork, give_back, work_on_campaigns
from backend.services.context import Shop
from backend.services.sending.delivery import deliver_due
from backend.services.sending.dispatch import Flight
from backend.services.sending.mailer import Mailer
from backend.services.sending.submissions import Worked
from backend.workers.loop import AFTER_TROUBLE, MAIL, Work, keep_working

SHORTEST_PAUSE = 0.2
LONGEST_PAUSE = 2.0
_PAUSE_GROWTH = 1.5


class MailWork(Work):
    """Single messages, then campaigns. At the end open answers are awaited and recorded, all else is given back."""

    def __init__(self, shop: Shop, mailer: Mailer, stop: threading.Event) -> None:
        super().__init__(self._send)
        self._shop, self._mailer, self._stop = shop, mailer, stop
        self._flight = Flight(mailer)
        self._campaigns = CampaignWork(flight=self._flight)
        self._pause = SHORTEST_PAUSE
        logger.info("The mail worker sends by {}", mailer.transport.name)

    def _send(self) -> float:
        worked = deliver_due(self._shop, self._mailer, self._campaigns.flight, self._stop)
        if not (worked.more or worked.wait):
            worked.add(work_on_campaigns(self._shop, self._mailer, self._campaigns, self._stop))
        if not (worked.more or worked.total):
            self._mailer.window.settle()  # gives back what was not used: this process may not reserve again soon
        _count(worked)
        self._pause = self._rest_after(worked)
        return self._pause

    def _rest_after(self, worked: Worked) -> float:
        if worked.wait:
            MEASURES.count("rate_wait_ms", "mail", round(worked.wait * 1000))
            return worked.wait
        busy = bool(worked.total or worked.handed_over)
        if busy and (worked.more or self._campaigns.held):
            return 0.0
        at_once = busy or self._campaigns.landing
        return SHORTEST_PAUSE if at_once else min(self._pause * _PAUSE_GROWTH, LONGEST_PAUSE)

    def rest(self, seconds: float, stop: threading.Event) -> None:
        """Records what is answered meanwhile."""
        worked = Worked()
        try:
            self._flight.wait(self._shop, worked, seconds, stop)
        except BackendError as error:
            logger.warning("What was sent could not be recorded yet: {}", type(error).__name__)
            stop.wait(seconds)
        except Exception:
            logger.exception("What was sent could not be recorded yet")
            stop.wait(AFTER_TROUBLE)
        _count(worked)

    def close(self) -> None:
        """Each call in flight has its own deadline."""
        give_back(self._shop, self._campaigns)
        while not self._flight.is_empty:
            self.rest(SHORTEST_PAUSE, threading.Event())
        self._flight.close()
        give_back(self._shop, self._campaigns, landed=True)
        logger.info("The mail worker has ended")


def run_mail_worker(shop: Shop, mailer: Mailer, stop: threading.Event) -> None:
    """Sends mail until `stop` is set, without the other duties."""
    keep_working(MAIL, lambda: MailWork(shop, mailer, stop), stop)


def _count(worked: Worked) -> None:
    for status, number in worked.settled.items():
        MEASURES.count("messages", status.value, number)
        if status is not MessageStatus.WAITING:
            logger.info("{} messages: {}", number, status.value)
