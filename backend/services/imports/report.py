"""The report of what an import left out, repaired or skipped: a CSV file, made when there is something to say."""

from __future__ import annotations

import csv
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

from backend.domain.ids import new_order_id
from backend.domain.imports import Fault, ImportKind, Repair, Skipped
from backend.services.context import Shop
from backend.services.imports.fields import defused

_FOLDER = "reports"


def report_path(shop: Shop, kind: ImportKind) -> Path:
    """A new place for a report in the shop's data folder."""
    return reports_folder(shop) / f"{kind.value}-{new_order_id(shop.clock())}.csv"


def reports_folder(shop: Shop) -> Path:
    return shop.data_dir / _FOLDER


class FaultReport:
    """Writes faults, repairs and skipped rows to a file, which is made with the first one. A context manager."""

    def __init__(self, path: Path, kind: ImportKind) -> None:
        self._path = path
        self._kind = kind
        self._file: TextIO | None = None
        self._writer: Any = None

    def add(self, found: Fault | Repair | Skipped) -> None:
        if self._file is None:
            self._open()
        if isinstance(found, Skipped):
            self._writer.writerow(["", found.line, "", found.reason, "skipped"])
            return
        what = "left out" if isinstance(found, Fault) else "repaired"
        self._writer.writerow([defused(found.name), found.line, defused(found.column), defused(found.reason), what])

    @property
    def path(self) -> Path | None:
        """Where the report is, or None when there is nothing to report."""
        return self._path if self._file is not None else None

    def _open(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        # The mark at its beginning says to spreadsheets that the file is UTF-8.
        self._file = self._path.open("w", encoding="utf-8-sig", newline="", errors="replace")
        self._path.chmod(0o600)
        self._writer = csv.writer(self._file)
        self._writer.writerow([self._kind.value.capitalize().removesuffix("s"), "Line", "Column", "Reason", "Outcome"])

    def __enter__(self) -> FaultReport:
        self._path.unlink(missing_ok=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()
