"""Deadlines for whole calls to other services, also those that hang or send one byte at a time.

Time-outs of sockets are for one step each, and looking a name up has none. So the call runs in a thread of its own, and
the caller goes on when its time is over. The thread ends when its call does; a limit for each kind of call
keeps threads that never end from piling up.
"""

from __future__ import annotations

import contextvars
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import Generic, TypeVar

from backend.errors import BackendError

LONGEST_WAIT = 10.0
"""Seconds after which a page, a command or a request has its answer, even if a service hangs."""
_LOOK_SECONDS = 0.1
"""Between two looks whether there is something to stop for."""
MOST_OVERDUE = 32
"""Calls of one kind that may be overdue at the same time; the next ones are refused at once."""

_Result = TypeVar("_Result")
_lock = threading.Lock()
_overdue: Counter[str] = Counter()


class DeadlineError(BackendError):
    """The call took longer than it may. Whether it still has its effect is not known."""


class NotBegunError(DeadlineError):
    """Too many calls of this kind are overdue, so this one was not begun: it has no effect."""


def within(seconds: float, kind: str, call: Callable[[], _Result]) -> _Result:
    """The result of the call, or what it raises, if it ends in time. `kind` names what is called, such as "SQS".

    Raises: `DeadlineError`; `NotBegunError` when too many others are overdue.
    """
    return _Call(kind, call).result_until(time.monotonic() + seconds)


def within_or_stopped(
    seconds: float,
    kind: str,
    call: Callable[[], _Result],
    stop: threading.Event,
    *,
    after_stop: float,
    late: Callable[[_Result], None],
) -> _Result:
    """As `within`, for a call that waits for work: from `stop` on it has no more than `after_stop` seconds.

    A result that comes too late is given to `late`, in the thread of the call.

    Raises: `DeadlineError`, `NotBegunError`.
    """
    begun, ends = _Call(kind, call, late), time.monotonic() + seconds
    while not stop.is_set() and not begun.is_done_by(min(time.monotonic() + _LOOK_SECONDS, ends)):
        if time.monotonic() >= ends:
            break
    return begun.result_until(min(ends, time.monotonic() + after_stop) if stop.is_set() else ends)


class _Call(Generic[_Result]):
    """A call that has begun in a thread of its own, with the caller's context (log action, access pattern)."""

    def __init__(self, kind: str, call: Callable[[], _Result], late: Callable[[_Result], None] | None = None) -> None:
        self._kind = kind
        self._late = late
        self._state: Future[_Result] = Future()
        self._is_overdue = False
        if _overdue[kind] >= MOST_OVERDUE:
            raise NotBegunError(f"{kind} did not answer {MOST_OVERDUE} earlier calls yet.")
        run = contextvars.copy_context().run
        threading.Thread(target=run, args=(self._run, call), name=f"call {kind}", daemon=True).start()

    def is_done_by(self, moment: float) -> bool:
        """Waits until then at most."""
        return bool(wait([self._state], max(moment - time.monotonic(), 0)).done)

    def result_until(self, ends: float) -> _Result:
        try:
            return self._state.result(max(ends - time.monotonic(), 0))
        except TimeoutError:
            with _lock:
                if not self._state.done():
                    self._is_overdue = True
                    _overdue[self._kind] += 1
            if self._is_overdue:
                raise DeadlineError(f"{self._kind} did not answer in time.") from None
            return self._state.result()

    def _run(self, call: Callable[[], _Result]) -> None:
        try:
            result, failure = call(), None
        except BaseException as error:  # the caller gets it
            result, failure = None, error
        with _lock:
            if failure is not None:
                self._state.set_exception(failure)
            else:
                self._state.set_result(result)  # type: ignore[arg-type]  # without a failure there is a result
            overdue = self._is_overdue
        try:
            if overdue and failure is None and self._late is not None:
                self._late(result)  # type: ignore[arg-type]  # as above
        finally:
            with _lock:
                _overdue[self._kind] -= overdue
