"""The loop of workers: duties in threads of their own, each done in rounds, and an end within a budget of time.

Whatever a round meets, the next one comes: trouble costs a pause, never the duty. The heartbeat reports how each duty
is, so that a stalled one is seen. Any number of processes may do the same duties.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from loguru import logger

from backend.config import Settings
from backend.domain.health import PATIENCE
from backend.errors import BackendError
from backend.observability.rounds import Rounds
from backend.services.context import Shop
from backend.services.sending.mailer import Mailer
from backend.services.system.maintenance import LOOK_SECONDS, WATCH
from backend.store.meter import Meter, access_pattern

MAIL = "mail"
AFTER_TROUBLE = 5.0
"""Seconds to rest after a round that could not be done."""
OTHERS_SECONDS = 7.0
"""In which every duty but the mail ends."""
_CLOSING_SECONDS = 1.0


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
    """Asks duties to stop, and remembers since when.

    Handlers of signals set it, and they interrupt the main thread anywhere: while it waits for this, and while another
    signal sets it. An `Event` would then wait for itself for ever, so the lock is one that its holder may take again.
    """

    def __init__(self) -> None:
        super().__init__()
        self._cond = threading.Condition(threading.RLock())
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


class Work:
    """One kind of work while a process lives. Subclasses say how they rest and end, if there is more to it."""

    def __init__(self, work: Round) -> None:
        self.round = work

    def rest(self, seconds: float, stop: threading.Event) -> None:
        stop.wait(seconds)

    def close(self) -> None:
        """Called once after the last round: nothing is left half-done."""


@dataclass(frozen=True, slots=True)
class Duty:
    """One kind of work. `begin` is called in the duty's thread, again after trouble until it has succeeded once.

    `patience` is how many seconds a round may take before the duty is called stalled. Maintenance keeps rounds away,
    unless it `goes_on`.
    """

    name: str
    begin: Callable[[Workplace, threading.Event], Work]
    patience: float = PATIENCE
    goes_on: bool = False

    def run(self, place: Workplace, stop: threading.Event) -> None:
        with access_pattern(f"duty {self.name}"):
            held = _never if self.goes_on else partial(WATCH.look, place.shop)
            keep_working(self.name, lambda: self.begin(place, stop), stop, place.rounds, held)


def _never() -> bool:
    return False


def in_rounds(name: str, begin: Callable[[Workplace, threading.Event], Round], *, patience: float = PATIENCE) -> Duty:
    """A duty that only has rounds. The arguments are those of `Duty`."""
    return Duty(name, lambda place, stop: Work(begin(place, stop)), patience)


def keep_working(
    name: str,
    begin: Callable[[], Work],
    stop: threading.Event,
    rounds: Rounds | None = None,
    held: Callable[[], bool] = _never,
) -> None:
    """Does rounds until `stop` is set, then closes the work. `rounds` records each of them; none begins while `held`.

    What was begun before is still recorded, such as the answers to emails.
    """
    rounds, work = rounds or Rounds(), None
    while not stop.is_set():
        seconds = AFTER_TROUBLE
        try:
            if held():
                seconds = LOOK_SECONDS
            else:
                with rounds.round(name):
                    work = work or begin()
                    seconds = work.round()
        except BackendError as error:
            logger.warning("{}: nothing could be done ({}): {}", name, type(error).__name__, error.sentence)
        except Exception:
            logger.exception("{}: nothing could be done", name)
        if work is None:
            stop.wait(seconds)
        else:
            work.rest(seconds, stop)
    if work is not None:
        _close(name, work)


def _close(name: str, work: Work) -> None:
    try:
        work.close()
    except BackendError as error:
        logger.warning("{}: not ended as it should be: {}", name, type(error).__name__)
    except Exception:
        logger.exception("{}: not ended as it should be", name)


def start(place: Workplace, stop: threading.Event, duties: Sequence[Duty]) -> list[threading.Thread]:
    """Starts every duty; they end after `stop` is set."""
    for duty in duties:
        place.rounds.announce(duty.name, duty.patience)
    threads = [threading.Thread(target=duty.run, args=(place, stop), name=duty.name, daemon=True) for duty in duties]
    for thread in threads:
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
