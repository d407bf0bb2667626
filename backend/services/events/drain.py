"""Empties a source of events, batch by batch: a batch is forgotten by its source when all of it is kept here."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

from loguru import logger

from backend.domain.time import to_text
from backend.email.events.sources import EventSource
from backend.errors import BackendError, ConflictError, StoreBusyError, StoreUnreachableError
from backend.records.events import minute_update
from backend.services.context import Shop
from backend.services.events.consequences import EventPolicy
from backend.services.events.dead_letters import add_dead_letter
from backend.services.events.intake import Intake, take_in
from backend.store import schema
from backend.store.meter import access_pattern
from backend.store.port import Put

_PAUSES = (0.05, 0.2)
"""Seconds before an event is tried again whose failure nothing explains."""
_PROBE = schema.meta_key("event-probe")


def drain_batch(shop: Shop, source: EventSource, policy: EventPolicy, stop: threading.Event) -> Intake:
    """Takes in the next batch of a source; an empty intake when there was none.

    Raises: `SourceUnreachableError`, and as `take_in`; the batch comes again then.
    """
    batch = source.receive(stop)
    if not batch.bodies:
        return Intake()
    try:
        intake = take_in_safely(shop, batch.bodies, source.name, policy)
    except BaseException:
        source.failed(batch)
        raise
    source.done(batch)
    return intake


def drain(shop: Shop, source: EventSource, policy: EventPolicy, stop: threading.Event) -> Intake:
    """Takes in batches until the source has no more at the moment, or it is stopped. Raises as `drain_batch`."""
    total = Intake()
    while not stop.is_set():
        intake = drain_batch(shop, source, policy, stop)
        if not intake.total:
            break
        total.add(intake)
    return total


def take_in_safely(shop: Shop, bodies: Sequence[bytes], source: str, policy: EventPolicy) -> Intake:
    """As `take_in`, but each event alone decides its fate: what breaks by its own fault goes to the dead letters.

    A failure that does not say whose fault it is (no `BackendError`) is the event's own if it comes again, and the
    store does what else is asked of it. Otherwise it is the store's, and the event comes again.

    Raises: as the store, when it was at fault for some of them. The others have been taken in by then, and are
    recognised when the batch comes again.
    """
    try:
        return take_in(shop, bodies, source, policy)
    except Exception as error:
        if is_down(error):
            raise
        logger.exception("A batch of events from {} cannot be taken in; each is tried by itself", source)
    return _singly(shop, bodies, source, policy)


def is_down(error: Exception) -> bool:
    """Whether the store or the machine is unavailable, so that nothing can be taken in at this moment.

    What fails for another reason (a statement that the database refuses) may be either's fault: see `take_in_safely`.
    """
    return isinstance(error, (StoreBusyError, StoreUnreachableError, OSError, MemoryError))


def fault_of(error: Exception) -> str:
    """Why an event cannot be applied, by its own fault; "" when it has to be tried again."""
    if is_down(error) or isinstance(error, ConflictError):
        return ""
    if isinstance(error, BackendError):
        return error.sentence
    return f"It breaks the program: {type(error).__name__}."


def _alone(shop: Shop, body: bytes, source: str, policy: EventPolicy) -> Intake:
    """Tries an event again whose failure nothing explains, before it counts."""
    for pause in _PAUSES:
        try:
            return take_in(shop, [body], source, policy)
        except Exception as error:
            if isinstance(error, BackendError) or is_down(error):
                raise
            logger.warning("An event cannot be taken in yet: {}", type(error).__name__)
            time.sleep(pause)
    return take_in(shop, [body], source, policy)


def _check_store(shop: Shop) -> None:
    """Reads and writes in both tables, as events do. Raises: what the store raises when it does not work."""
    counted = minute_update(shop.clock(), {"dead": 0})
    with access_pattern("count events"):
        shop.store.transact([counted, Put(_PROBE, {"at": to_text(shop.clock())})])
        shop.store.get_many([counted.key, _PROBE])


def _singly(shop: Shop, bodies: Sequence[bytes], source: str, policy: EventPolicy) -> Intake:
    total, held = Intake(), None
    for body in bodies:
        try:
            total.add(_alone(shop, body, source, policy))
        except Exception as error:
            reason = fault_of(error)
            if reason:
                if not isinstance(error, BackendError):
                    _check_store(shop)
                add_dead_letter(shop, body, reason, source)
                total.add(Intake(dead=1))
            elif is_down(error):
                raise
            else:
                held = error
    if held is not None:
        raise held
    return total
