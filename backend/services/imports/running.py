"""Runs an import from its first row to its last: in chunks, reporting what was left out, telling how far it is."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Generic

from backend.domain.imports import Counts, Fault, ImportKind, ImportResult, Outcome, Progress
from backend.services.context import Shop
from backend.services.imports.report import FaultReport, report_path
from backend.services.imports.steps import AnyCandidate, Planner
from backend.services.imports.writing import write_chunk

CHUNK = 500
"""Transactions that share one commit. Others wait that long for the store: some tenths of a second."""
SURVEY_SHARE = 0.1
"""How much of the work the first reading of a file is."""

ProgressListener = Callable[[Progress], None]
"""Told how far an import is, several times a second. What it raises ends the import between two chunks."""


class Run(Generic[AnyCandidate]):
    """One run of an import."""

    def __init__(
        self,
        shop: Shop,
        kind: ImportKind,
        path: Path,
        planner: Planner[AnyCandidate],
        *,
        report: Path | None,
        progress: ProgressListener | None,
    ) -> None:
        self._shop, self._kind, self._planner = shop, kind, planner
        self._size = max(path.stat().st_size, 1)
        self._report = report or report_path(shop, kind)
        self._progress = progress
        self._started = time.perf_counter()
        self._counts = Counts()
        self._customers_created = 0

    def surveyed(self, position: int) -> None:
        """Tells how far the first reading is."""
        self._tell(SURVEY_SHARE * position / self._size)

    def work(self, found: Iterable[AnyCandidate | Fault], position: Callable[[], int], encoding: str) -> ImportResult:
        """Writes what was found in the file; `position` says how far in it the reading is."""
        with FaultReport(self._report, self._kind) as report:
            rest = iter(found)
            while self._next_chunk(rest, report):
                self._tell(SURVEY_SHARE + (1 - SURVEY_SHARE) * position() / self._size)
            return self._result(report.path, encoding)

    def _next_chunk(self, rest: Iterator[AnyCandidate | Fault], report: FaultReport) -> bool:
        """Takes a chunk from the rest and writes it. Returns whether there was one."""
        with _collector_paused():
            chunk = list(islice(rest, CHUNK))
            candidates = [each for each in chunk if not isinstance(each, Fault)]
            steps = write_chunk(self._shop, self._planner, candidates) if candidates else []
        for outcome in (*(each for each in chunk if isinstance(each, Fault)), *steps):
            if isinstance(outcome, Fault):
                self._counts.add(Outcome.FAILED)
                report.add(outcome)
            else:
                self._counts.add(outcome.outcome)
                self._customers_created += outcome.creates_customer
        return bool(chunk)

    def _tell(self, share: float) -> None:
        if self._progress is not None:
            self._progress(Progress(min(share, 1.0), self._counts.copy()))

    def _result(self, report: Path | None, encoding: str) -> ImportResult:
        seconds = time.perf_counter() - self._started
        if self._kind is ImportKind.CUSTOMERS:
            return ImportResult(self._kind, Counts(), self._counts, seconds, report, encoding)
        customers = Counts(created=self._customers_created)
        return ImportResult(self._kind, self._counts, customers, seconds, report, encoding)


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Keeps Python from looking for cycles among the many objects of a chunk, of which none is in a cycle.

    It would look at each of them several times, which was measured to take a fifth of an import.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
