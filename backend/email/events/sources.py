"""The protocol of sources of events: they give batches, and drop one only after `done` confirms that it is stored."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from backend.errors import BackendError


class SourceUnreachableError(BackendError):
    """The source of events does not answer; nothing is lost, it keeps them."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Events as they came. `receipts` are the source's own, one for each or for all together.

    `oldest_at` is when the oldest of them came to the source, if the source says so.
    """

    bodies: Sequence[bytes]
    receipts: Sequence[str] = field(default=())
    oldest_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class QueueState:
    """How many events wait, how many somebody is applying, and since when the oldest waits, as far as it is known."""

    waiting: int
    in_flight: int = 0
    oldest_at: datetime | None = None


class EventSource(Protocol):
    """One drainer has one of its own. Methods raise `SourceUnreachableError`."""

    @property
    def name(self) -> str:
        """A short word for logs and for what is kept."""

    def receive(self, stop: threading.Event) -> Batch:
        """The next events, empty if there are none; may wait for some up to five seconds."""

    def done(self, batch: Batch) -> None:
        """Everything in the batch is kept; it need not come again."""

    def failed(self, batch: Batch) -> None:
        """The batch could not be kept, and must come again."""

    def state(self) -> QueueState:
        """How far the source is behind."""
