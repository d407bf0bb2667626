"""Many requests at once over a few threads, in order where they touch the same item."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from typing import TypeVar

_Argument = TypeVar("_Argument")
_Result = TypeVar("_Result")


class Workers:
    """A pool of threads, started when first needed. With one worker everything runs in the caller's thread."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._lock = threading.Lock()
        self._pool: ThreadPoolExecutor | None = None

    def close(self) -> None:
        with self._lock:
            if self._pool:
                self._pool.shutdown()
                self._pool = None

    def each(self, function: Callable[[_Argument], _Result], arguments: Sequence[_Argument]) -> list[_Result]:
        """The results in the order of the arguments; raises what the first failing call raised."""
        if self._number == 1 or len(arguments) <= 1:
            return [function(argument) for argument in arguments]
        futures = [self._submit(function, argument) for argument in arguments]
        try:
            return [future.result() for future in futures]
        finally:
            for future in futures:
                future.cancel()

    def in_order(
        self,
        function: Callable[[_Argument], _Result],
        arguments: Sequence[_Argument],
        keys: Sequence[Iterable[Hashable]],
    ) -> list[_Result]:
        """Like `each`, but a call begins after all earlier ones that share one of its keys have ended."""
        if self._number == 1 or len(arguments) <= 1:
            return [function(argument) for argument in arguments]
        waiting, followers = _dependencies(keys)
        results: dict[int, _Result] = {}
        running: dict[Future[_Result], int] = {}
        ready = [place for place, before in enumerate(waiting) if before == 0]
        while ready or running:
            for place in ready:
                running[self._submit(function, arguments[place])] = place
            ready = []
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                place = running.pop(future)
                results[place] = future.result()
                for follower in followers[place]:
                    waiting[follower] -= 1
                    if waiting[follower] == 0:
                        ready.append(follower)
        return [results[place] for place in range(len(arguments))]

    def _submit(self, function: Callable[[_Argument], _Result], argument: _Argument) -> Future[_Result]:
        with self._lock:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(self._number, thread_name_prefix="dynamodb")
            # The meter's access pattern is a context variable and must follow the work into the thread.
            return self._pool.submit(copy_context().run, function, argument)


def _dependencies(keys: Sequence[Iterable[Hashable]]) -> tuple[list[int], list[list[int]]]:
    """For each place how many earlier ones it waits for, and which later ones wait for it."""
    waiting = [0] * len(keys)
    followers: list[list[int]] = [[] for _ in keys]
    last: dict[Hashable, int] = {}
    for place, own in enumerate(keys):
        distinct = set(own)
        for before in {last[key] for key in distinct if key in last}:
            followers[before].append(place)
            waiting[place] += 1
        last.update(dict.fromkeys(distinct, place))
    return waiting, followers
