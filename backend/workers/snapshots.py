"""The snapshot's duty: makes a new one every few seconds from what has changed. One process of a machine does it.

Where the store has no change feed, the shop is read again every few minutes, and sooner on request. Large shops are
read by processes of their own, two where there are two processors, so that pages stay quick meanwhile.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path

from loguru import logger

import backend
from backend.config import Settings
from backend.errors import BackendError
from backend.services.context import Shop
from backend.services.snapshots import folders
from backend.services.snapshots.build import make_snapshot, read_here
from backend.services.snapshots.extraction import ReadingStoppedError
from backend.services.snapshots.info import SnapshotFailedError, SnapshotInfo
from backend.services.statistics import figures
from backend.workers.loop import Round, Workplace
from backend.workers.snapshot_reader import Task

LOOK_SECONDS = 2.0
AFTER_TROUBLE = 60.0
FOLLOW_SECONDS = 15.0
SHARE_OF_TIME = 0.1
"""The share of time that making snapshots may take without requests."""
_SHARE_WHEN_ASKED = 0.5
_LARGE = 20_000
"""Customers from which processes are started; below, starting them takes longer than reading."""
_PROCESSES = 2
_CHILD = "backend.workers.snapshot_reader"
_LOOK_AT_CHILDREN = 0.1


def begin(place: Workplace, stop: threading.Event) -> Round:
    """Makes a snapshot when one is due."""
    shop, settings = place.shop, place.settings

    def work() -> float:
        if not is_due(folders.current(shop), folders.asked_at(shop), shop.clock(), settings.snapshot_minutes):
            return LOOK_SECONDS
        try:
            made = make_snapshot(shop, read=reader(shop, settings), stopped=stop.is_set)
        except ReadingStoppedError:
            return 0.0
        except BackendError as error:
            logger.warning("The snapshot could not be made: {}", type(error).__name__)
            return AFTER_TROUBLE
        if made is None:
            return LOOK_SECONDS
        level = "INFO" if made.is_whole else "DEBUG"
        logger.log(level, "Snapshot of {} customers, {} orders in {} s", made.customers, made.orders, made.seconds)
        return LOOK_SECONDS

    return work


def is_due(info: SnapshotInfo | None, requested: datetime | None, now: datetime, minutes: int) -> bool:
    """Whether a new one should be made. `minutes` is how old one may get where the whole shop has to be read for it.

    0 makes them only on request. A snapshot that follows the feed gets `FOLLOW_SECONDS` old.
    """
    if info is None:
        return minutes > 0 or requested is not None
    age = (now - info.as_of).total_seconds()
    if age < 0:  # the clock was put back
        return True
    took = 0.0 if info.cursor and info.is_whole else info.seconds
    if requested is not None and requested > info.as_of and age >= took / _SHARE_WHEN_ASKED:
        return True
    if info.cursor is None:
        oldest = max(timedelta(minutes=minutes).total_seconds(), took / SHARE_OF_TIME)
    else:
        oldest = max(FOLLOW_SECONDS, took / SHARE_OF_TIME)
    return minutes > 0 and age >= oldest


def reader(shop: Shop, settings: Settings) -> Callable[[Shop, Path, Callable[[], bool]], None]:
    """How this shop is read: in this process when it is small or in memory, else by other processes."""
    in_memory = settings.store_url.removesuffix("/:memory:") == "sqlite://"
    return read_here if in_memory or _customers(shop) < _LARGE else by_processes(settings)


def by_processes(settings: Settings, processes: int = 0) -> Callable[[Shop, Path, Callable[[], bool]], None]:
    """Reads by processes, each a share; by default as many as there are processors, two at most."""
    number = processes or min(_PROCESSES, _cores())

    def read(shop: Shop, folder: Path, stopped: Callable[[], bool]) -> None:
        url = _absolute(settings.store_url)
        with ExitStack() as stack:
            tasks = [Task(url, shop.zone.key, segment, number, str(folder)) for segment in range(number)]
            _wait_for([_started(task, stack) for task in tasks], stopped)

    return read


def _started(task: Task, stack: ExitStack) -> subprocess.Popen[str]:
    root = str(Path(backend.__file__).parents[1])
    paths = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH", ""))))
    child = subprocess.Popen(  # noqa: S603 - our own module, by the Python that runs us
        [sys.executable, "-m", _CHILD], stdin=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": paths}
    )
    stack.callback(child.wait)
    stack.callback(child.kill)
    if child.stdin is not None:
        with child.stdin:
            child.stdin.write(task.text() + "\n")
    return child


def _wait_for(children: list[subprocess.Popen[str]], stopped: Callable[[], bool]) -> None:
    """Raises: `ReadingStoppedError`, `SnapshotFailedError` when a child could not do its task."""
    while True:
        codes = [child.poll() for child in children]
        if any(codes):
            raise SnapshotFailedError("The shop could not be read for the snapshot.")
        if all(code == 0 for code in codes):
            return
        if stopped():
            raise ReadingStoppedError("Reading the snapshot was stopped.")
        time.sleep(_LOOK_AT_CHILDREN)


def _customers(shop: Shop) -> int:
    return sum(figures.counts_of(shop, "country").values())


def _absolute(url: str) -> str:
    """The same store for a process that may run in another folder."""
    prefix = "sqlite:///"
    if url.startswith(prefix) and not url.startswith(f"{prefix}/"):
        return prefix + str(Path(url.removeprefix(prefix)).absolute())
    return url


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
