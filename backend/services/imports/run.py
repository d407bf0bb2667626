"""Runs an import in chunks, with progress and a report of what was left out."""

from __future__ import annotations

import gc
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Generic

from backend.domain.imports import Counts, Fault, ImportKind, ImportProgress, ImportResult, Outcome, Skipped
from backend.services.context import Shop
from backend.services.imports.batches import Batch
from backend.services.imports.report import FaultReport, report_path
from backend.services.imports.steps import AnyCandidate, Planner
from backend.services.imports.writes import write_chunk

ProgressListener = Callable[[ImportProgress], None]
"""Called with the progress of an import several times a second. An exception ends the import between two chunks."""


class Run(Generic[AnyCandidate]):
    """One run of an import."""

    def __init__(
        self,
        shop: Shop,
        kind: ImportKind,
        planner: Planner[AnyCandidate],
        *,
        report: Path | None,
        progress: ProgressListener | None,
    ) -> None:
        self._shop, self._kind, self._planner = shop, kind, planner
        self._report = report or report_path(shop, kind)
        self._progress = progress
        self._started = time.perf_counter()
        self._counts = Counts()
        self._customers_created = 0
        self._repaired = 0
        self._new = 0
        self._missed: Counter[datetime] = Counter()

    def work(self, batches: Iterator[Batch[AnyCandidate]]) -> ImportResult:
        """Writes what is found in the file."""
        read: Batch[AnyCandidate] = Batch(0.0, "")
        with FaultReport(self._report, self._kind) as report:
            while (more := self._write_next(batches, report)) is not None:
                read = more
                self._report_progress(read.share)
            return self._result(report.path, read.encoding)

    def _write_next(self, batches: Iterator[Batch[AnyCandidate]], report: FaultReport) -> Batch[AnyCandidate] | None:
        """Writes the next chunk; returns how far the reading is, without the candidates."""
        with _collector_paused():
            batch = next(batches, None)
            if batch is None:
                return None
            self._write(batch, report)
            # The chunk is freed before the garbage collector may run.
            return replace(batch, items=())

    def _write(self, batch: Batch[AnyCandidate], report: FaultReport) -> None:
        candidates = [item for item in batch.items if not isinstance(item, Fault | Skipped)]
        steps = write_chunk(self._shop, self._planner, candidates) if candidates else []
        for item in batch.items:
            if isinstance(item, Fault):
                self._counts.add(Outcome.FAILED)
            if isinstance(item, Fault | Skipped):
                report.add(item)
        for candidate, outcome in zip(candidates, steps, strict=True):
            if isinstance(outcome, Fault):
                self._counts.add(Outcome.FAILED)
                report.add(outcome)
                continue
            self._counts.add(outcome.outcome)
            self._customers_created += outcome.creates_customer
            self._new += outcome.is_new
            if outcome.missed_since is not None:
                self._missed[outcome.missed_since] += 1
            if outcome.outcome is not Outcome.UNCHANGED:
                for repair in candidate.repairs:
                    self._repaired += 1
                    report.add(repair)

    def _report_progress(self, share: float) -> None:
        if self._progress is not None:
            self._progress(ImportProgress(min(share, 1.0), self._counts.copy()))

    def _result(self, report: Path | None, encoding: str) -> ImportResult:
        seconds = time.perf_counter() - self._started
        if self._kind is ImportKind.CUSTOMERS:
            return ImportResult(self._kind, Counts(), self._counts, seconds, report, encoding, repaired=self._repaired)
        if self._kind is ImportKind.PRODUCTS:
            return ImportResult(
                self._kind,
                seconds=seconds,
                report=report,
                encoding=encoding,
                repaired=self._repaired,
                products=self._counts,
            )
        customers = Counts(created=self._customers_created)
        return ImportResult(
            self._kind,
            self._counts,
            customers,
            seconds,
            report,
            encoding,
            repaired=self._repaired,
            new=self._new,
            missed=self._missed.total(),
            missed_since=min(self._missed, default=None),
        )


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Pauses garbage collection during a chunk: its many objects are in no cycles.

    Collection was measured to take a fifth of an import.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
