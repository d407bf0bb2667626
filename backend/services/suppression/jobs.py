"""The import of a suppression list as a worker does it: with its progress, and a report of what was left out."""

from __future__ import annotations

import time
from pathlib import Path

from backend.domain.imports import Counts, Fault, ImportKind, ImportProgress, ImportResult
from backend.domain.team import Actor
from backend.services.context import Shop
from backend.services.imports.report import FaultReport
from backend.services.imports.run import ProgressListener
from backend.services.suppression.files import LineError, SuppressionImport, import_suppressions


def import_listed(
    shop: Shop,
    actor: Actor,
    path: Path,
    *,
    report: Path,
    progress: ProgressListener,
    encoding: str = "",
    dates: str = "",
) -> ImportResult:
    """Imports a file as `import_suppressions` does. An exception of `progress` ends it between two addresses.

    Raises: `PermissionDeniedError`, `InvalidInputError`, `StoreBusyError`, `StoreUnreachableError`.
    """
    began = time.perf_counter()
    with FaultReport(report, ImportKind.SUPPRESSIONS) as faults:

        def watch(share: float, result: SuppressionImport, error: LineError | None) -> None:
            if error is not None:
                faults.add(Fault("", error.line, "", error.sentence))
            progress(ImportProgress(min(share, 1.0), _counts(result)))

        result = import_suppressions(shop, actor, path, encoding=encoding, dates=dates, watch=watch)
        return ImportResult(
            ImportKind.SUPPRESSIONS,
            suppressions=_counts(result),
            seconds=time.perf_counter() - began,
            report=faults.path,
        )


def _counts(result: SuppressionImport) -> Counts:
    return Counts(created=result.added, unchanged=result.unchanged, failed=result.failed)
