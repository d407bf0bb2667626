"""Empties a source of events, batch by batch: a batch is forgotten by its source when all of it is kept here."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from loguru import logger

from backend.email.events.sources import EventSource
from backend.errors import BackendError
from backend.services.context import Shop
from backend.services.events.dead_letters import bury
from backend.services.events.following import EventPolicy
from backend.services.events.intake import Intake, take_in


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
    """Takes in batches until the source has no more at the moment, or it is told to stop. Raises as `drain_batch`."""
    total = Intake()
    while not stop.is_set():
        intake = drain_batch(shop, source, policy, stop)
        if not intake.total:
            break
        total.add(intake)
    return total


def take_in_safely(shop: Shop, bodies: Sequence[bytes], source: str, policy: EventPolicy) -> Intake:
    """As `take_in`, but what breaks the program goes to the dead letters. Raises as it, for trouble of the store."""
    try:
        return take_in(shop, bodies, source, policy)
    except BackendError:
        raise
    except Exception:
        # One of them breaks the code. It must not hold up the others for ever, so each is taken by itself.
        logger.exception("A batch of events from {} cannot be taken in; each is tried by itself", source)
        return _singly(shop, bodies, source, policy)


def _singly(shop: Shop, bodies: Sequence[bytes], source: str, policy: EventPolicy) -> Intake:
    total = Intake()
    for body in bodies:
        try:
            total.add(take_in(shop, [body], source, policy))
        except BackendError:
            raise
        except Exception as error:
            bury(shop, body, f"It breaks the program: {type(error).__name__}.", source)
            total.add(Intake(dead=1))
    return total
