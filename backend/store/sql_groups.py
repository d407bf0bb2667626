"""Group commit: writers that wait for SQLite's one writer are written together and share one commit.

    nobody writes ───────▶ the thread leads: it writes at once
    somebody writes ─────▶ it waits in line; whoever leads next takes the line along
    written and durable ─▶ the first of those who came meanwhile leads, and all of the group return

Nobody waits for company, so a single caller is as fast as without. Each transaction is still decided by itself: one
whose condition fails leaves the others of its group as they are.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextvars import Context, copy_context
from dataclasses import dataclass, field

from backend.errors import BackendError, StoreBusyError
from backend.store.port import Item, Key, Write

TURN_SECONDS = 4.0
"""How long a caller may wait in line; with SQLite's own lock it stays below what people wait for."""
_MOST_WRITES = 400
"""In a group of several: one that writes thousands would hold up the others."""


def _busy() -> StoreBusyError:
    return StoreBusyError("The store is busy; please try again in a moment.")


def _asleep() -> threading.Lock:
    lock = threading.Lock()
    lock.acquire()
    return lock


@dataclass(slots=True, eq=False)
class Job:
    """Transactions of one caller, in order. `outcomes` are what became of each, `images` what they left."""

    transactions: Sequence[Sequence[Write]]
    transactional: bool
    outcomes: list[BackendError | None] = field(default_factory=list)
    images: dict[Key, Item | None] = field(default_factory=dict)
    context: Context = field(default_factory=copy_context)
    done: bool = False
    failure: Exception | None = None
    leads: bool = False
    awake: threading.Lock = field(default_factory=_asleep)

    @property
    def size(self) -> int:
        return sum(map(len, self.transactions))

    @property
    def keys(self) -> list[Key]:
        return [write.key for writes in self.transactions for write in writes]


class Line:
    """The writers of one store in this process. `write` makes the jobs of a group durable, all of them or none."""

    def __init__(self, write: Callable[[Sequence[Job]], None]) -> None:
        self._write = write
        self._lock = threading.Lock()
        self._waiting: deque[Job] = deque()
        self._is_led = False

    def run(self, job: Job) -> None:
        """Returns when the job is durable.

        Raises: `StoreBusyError` when its turn does not come in time, and as `write`. Then nothing of it was written.
        """
        with self._lock:
            self._waiting.append(job)
            job.leads, self._is_led = not self._is_led, True
        if not job.leads:
            self._wait(job)
        if job.leads:
            self._lead()
        if not job.done:
            raise job.failure or _busy()

    def _wait(self, job: Job) -> None:
        if job.awake.acquire(timeout=TURN_SECONDS):
            return
        with self._lock:
            if not job.leads and job in self._waiting:
                self._waiting.remove(job)
                return
        job.awake.acquire()  # its group is being written, or it was just asked to lead

    def _lead(self) -> None:
        group = self._next_group()
        try:
            self._carry_out(group)
        finally:
            with self._lock:
                following = self._waiting[0] if self._waiting else None
                self._is_led = following is not None
                if following is not None:
                    following.leads = True
            for job in ([following] if following else []) + group[1:]:
                job.awake.release()

    def _next_group(self) -> list[Job]:
        """The leader, who is the first in line, and those behind, as far as there is room."""
        with self._lock:
            group = [self._waiting.popleft()]
            size = group[0].size
            while self._waiting and (size := size + self._waiting[0].size) <= _MOST_WRITES:
                group.append(self._waiting.popleft())
            return group

    def _carry_out(self, group: Sequence[Job]) -> None:
        try:
            self._write(group)
        except BackendError as error:  # the store is busy, full or gone
            for job in group:
                job.failure = error if len(group) == 1 else error.copy()
        except Exception as error:
            if len(group) == 1:
                group[0].failure = error
            else:  # one of them cannot be written
                for job in group:
                    self._carry_out([job])
        else:
            for job in group:
                job.done = True
