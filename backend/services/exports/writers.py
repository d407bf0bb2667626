"""Tables as CSV or XLSX, written row by row. Texts that a spreadsheet would take for formulas are defused."""

from __future__ import annotations

import csv
import io
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

import xlsxwriter

from backend.domain.money import decimals_of
from backend.errors import InvalidInputError
from backend.services.imports.fields import defused, is_like_formula

Cell: TypeAlias = "str | int | Decimal | datetime | None"
"""Moments are naive, in the shop's zone: neither kind of file has zones."""

SHEET_ROWS = 1_048_576
"""Excel: rows of a worksheet. What does not fit goes on in another sheet."""


class Format(StrEnum):
    """Kinds of files."""

    CSV = "csv"
    XLSX = "xlsx"

    @classmethod
    def of(cls, text: str) -> Format:
        """Raises: `InvalidInputError` for any other word."""
        try:
            return cls(text.strip().lower())
        except ValueError as error:
            raise InvalidInputError(f"“{text[:20]}” is not a format; csv and xlsx are possible.", "format") from error

    @property
    def mime(self) -> str:
        if self is Format.CSV:
            return "text/csv"
        return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def write_table(
    target: Path | BinaryIO,
    format: Format,
    title: str,
    header: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    currency: str,
) -> int:
    """Writes the table and returns the number of rows below the header. Decimals are amounts of the currency.

    A path holds the whole table afterwards, or what it held before.
    """
    counted = _Counted(rows)
    if isinstance(target, Path):
        with _replacing(target) as file:
            _write(file, format, title, header, counted, currency)
    else:
        _write(target, format, title, header, counted, currency)
    return counted.count


class _Counted:
    """Rows that are counted while they pass."""

    def __init__(self, rows: Iterable[Sequence[Cell]]) -> None:
        self._rows = rows
        self.count = 0

    def __iter__(self) -> Iterator[Sequence[Cell]]:
        for row in self._rows:
            self.count += 1
            yield row


def _write(
    file: BinaryIO, format: Format, title: str, header: Sequence[str], rows: Iterable[Sequence[Cell]], currency: str
) -> None:
    if format is Format.CSV:
        _write_csv(file, header, rows)
    else:
        _write_xlsx(file, title, header, rows, currency)


@contextmanager
def _replacing(path: Path) -> Iterator[BinaryIO]:
    """A file beside the path that takes its place when all went well. Only this user may read it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, aside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
        Path(aside).replace(path)
    except BaseException:
        Path(aside).unlink(missing_ok=True)
        raise


def _write_csv(target: BinaryIO, header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    # The mark at its beginning says to spreadsheets that the file is UTF-8.
    file = io.TextIOWrapper(target, encoding="utf-8-sig", newline="", write_through=False)
    try:
        writer = csv.writer(file)
        writer.writerow(header)
        for row in rows:
            writer.writerow([_csv_cell(cell) for cell in row])
    finally:
        file.flush()
        file.detach()


def _csv_cell(cell: Cell) -> str | int:
    if isinstance(cell, str):
        return defused(cell)
    if isinstance(cell, datetime):
        return f"{cell:%Y-%m-%d %H:%M:%S}"
    if isinstance(cell, Decimal):
        return f"{cell:f}"
    return "" if cell is None else cell


def _write_xlsx(
    target: BinaryIO, title: str, header: Sequence[str], rows: Iterable[Sequence[Cell]], currency: str
) -> None:
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(target, options) as book:
        book.use_zip64()
        sheets = _Sheets(book, title, header, currency)
        for row in rows:
            sheets.add(row)


class _Sheets:
    """Fills one worksheet after the other, each with the header in its first row."""

    def __init__(self, book: Any, title: str, header: Sequence[str], currency: str) -> None:
        self._book, self._title, self._header = book, title, header
        decimals = decimals_of(currency)
        self._amount = book.add_format({"num_format": "#,##0" + ("." + "0" * decimals if decimals else "")})
        self._moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        self._text = book.add_format({"quote_prefix": True})
        self._bold = book.add_format({"bold": True})
        self._number = 0
        self._begin()

    def add(self, row: Sequence[Cell]) -> None:
        if self._row >= SHEET_ROWS:
            self._begin()
        for place, cell in enumerate(row):
            self._write(place, cell)
        self._row += 1

    def _begin(self) -> None:
        self._number += 1
        self._sheet = self._book.add_worksheet(self._title if self._number == 1 else f"{self._title} {self._number}")
        self._sheet.freeze_panes(1, 0)
        self._sheet.set_column(0, len(self._header) - 1, 16)
        for place, name in enumerate(self._header):
            self._sheet.write_string(0, place, name, self._bold)
        self._row = 1

    def _write(self, place: int, cell: Cell) -> None:
        if cell is None or cell == "":
            return
        if isinstance(cell, str):
            # Written as a text it is never calculated, and with the prefix neither when somebody edits it or saves the
            # sheet in another format. Excel's limit of 32,767 characters is far above ours.
            self._sheet.write_string(self._row, place, cell, self._text if is_like_formula(cell) else None)
        elif isinstance(cell, datetime):
            self._sheet.write_datetime(self._row, place, cell, self._moment)
        elif isinstance(cell, Decimal):
            self._sheet.write_number(self._row, place, cell, self._amount)
        else:
            self._sheet.write_number(self._row, place, cell)
