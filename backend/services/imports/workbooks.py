"""Makes CSV of a sheet of an Excel workbook (.xlsx), so that everything after is as for a CSV file.

Dates become ISO 8601, whole numbers have no decimals, zeros that a format shows stay (ECMA-376 Part 1, 18.3.1.4 and
18.8.30). A line of the CSV is a row of the sheet, as long as no cell holds a line break.
"""

from __future__ import annotations

import csv
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain, islice, repeat
from pathlib import Path
from typing import BinaryIO

from backend.errors import InvalidInputError
from backend.services.imports.workbook_parts import Budget, rows_of_sheet, workbook_of

MOST_BYTES = 400 << 20
"""Of all unpacked parts that are read: more than a million cells."""
MOST_ROWS, MOST_COLUMNS = 500_000, 500
_SIGNATURE = b"PK\x03\x04"
_TOO_LARGE = f"The sheet reaches beyond {MOST_ROWS:,} rows or {MOST_COLUMNS} columns. Save the table in it as CSV."
_LOOKED_AT = 500
_TOP = 20
"""Rows that show how wide the table is."""
_WORKBOOK = "xl/workbook.xml"
_KINDS = {
    "word/": "a Word document",
    "ppt/": "a PowerPoint document",
    "Index/": "a Numbers document of Apple; export it as CSV or Excel",
    "content.xml": "an OpenDocument file; save it as CSV or Excel",
    "xl/workbook.bin": "a binary Excel workbook (.xlsb); save it as .xlsx or CSV",
}


def is_workbook(source: BinaryIO) -> bool:
    """Whether these are the bytes of a ZIP file, such as a workbook is; rewinds."""
    source.seek(0)
    start = source.read(len(_SIGNATURE))
    source.seek(0)
    return start == _SIGNATURE


def sheet_names(source: BinaryIO) -> list[str]:
    """The sheets of a workbook in their order, without hidden ones; none of another file. Rewinds.

    Raises: `InvalidInputError` that says what the file is instead.
    """
    if not is_workbook(source):
        return []
    with _opened(source) as archive:
        names = [sheet.name for sheet in workbook_of(archive, Budget(MOST_BYTES), with_values=False).sheets]
    source.seek(0)
    return names


@contextmanager
def as_csv(source: Path, sheet: str = "", *, rows: int = MOST_ROWS) -> Iterator[Path]:
    """The file itself; of a workbook a temporary CSV file of its first sheet or of the one with this name.

    Raises: `InvalidInputError`: it is another kind of file, has no such sheet, or is too large.
    """
    if not _is_workbook_at(source):
        yield source
        return
    with source.open("rb") as file, as_csv_of(file, sheet, rows=rows) as path:
        yield path


@contextmanager
def as_csv_of(source: BinaryIO, sheet: str = "", *, rows: int = MOST_ROWS) -> Iterator[Path]:
    """As `as_csv`, of a workbook that is open, and of its first rows alone. Rewinds."""
    with tempfile.TemporaryDirectory(prefix="tillpost-") as folder, _opened(source) as archive:
        path = Path(folder) / "sheet.csv"
        with path.open("w", encoding="utf-8", newline="", errors="replace") as target:
            writer = csv.writer(target)
            writer.writerows(islice(_rows(archive, sheet), rows))
        yield path
    source.seek(0)


@contextmanager
def as_csv_source(source: BinaryIO, sheet: str = "") -> Iterator[BinaryIO]:
    """The upload itself; of a workbook the first rows of a sheet as CSV. Rewinds.

    Raises: as `as_csv`.
    """
    if not is_workbook(source):
        yield source
        return
    with as_csv_of(source, sheet, rows=_LOOKED_AT) as path, path.open("rb") as file:
        yield file


def _is_workbook_at(path: Path) -> bool:
    """Whether a workbook is there; whoever reads another file says what is wrong with it."""
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            return is_workbook(file)
    except OSError:
        return False


@contextmanager
def _opened(source: BinaryIO) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(source) as archive:
            names = archive.namelist()
            if _WORKBOOK not in names:
                kind = next((kind for start, kind in _KINDS.items() if any(n.startswith(start) for n in names)), "")
                said = f"This is {kind or 'a ZIP file; unpack it first, and choose the table in it'}."
                raise InvalidInputError(said, "file")
            yield archive
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError) as error:
        said = "This is an Excel workbook or a ZIP file that is damaged. Save it again as .xlsx or CSV."
        raise InvalidInputError(said, "file") from error


def _rows(archive: zipfile.ZipFile, name: str) -> Iterator[list[str]]:
    """The rows of a sheet, with empty ones where it has none; each at least as wide as the widest of the first."""
    budget = Budget(MOST_BYTES)
    book = workbook_of(archive, budget)
    sheet = next((sheet for sheet in book.sheets if name in ("", sheet.name)), None)
    if not book.sheets:
        raise InvalidInputError("The workbook has no sheet with a table. Save it again as .xlsx or CSV.", "file")
    if sheet is None:
        names = ", ".join(f"“{each.name[:40]}”" for each in book.sheets[:10])
        raise InvalidInputError(f"The workbook has no sheet “{name[:40]}”. Its sheets: {names}.", "sheet")
    rows = rows_of_sheet(archive, sheet, book, budget)
    top = list(islice(rows, _TOP))
    width = max((max(cells) + 1 for _, cells in top), default=0)
    at = 0
    for number, cells in chain(top, rows):
        if number <= at or number > MOST_ROWS or max(cells) >= MOST_COLUMNS:
            raise InvalidInputError(_TOO_LARGE, "file")
        yield from repeat([], number - at - 1)
        yield [cells.get(place, "") for place in range(max(width, max(cells) + 1))]
        at = number
