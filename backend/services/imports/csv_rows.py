"""Reads the rows of a CSV file with their physical lines, one at a time.

A row that cannot be read (an open quotation mark, a text of megabytes, invalid bytes) is skipped alone: reading goes on
with the next physical line.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, TextIO

from backend.errors import InvalidInputError
from backend.services.imports.encoding import damage_in

LONGEST_LINE = 1 << 20
"""In characters. A line of a spreadsheet has some thousand."""
LONGEST_FIELD = csv.field_size_limit()
"""In characters: 131,072 by default. It also limits how far an open quotation mark reaches."""
_START = 300


class Line(NamedTuple):
    """One row: its cells, and the physical line on which it begins, counted from 1."""

    number: int
    cells: list[str]


@dataclass(frozen=True, slots=True)
class BrokenLine:
    """A row that could not be read; `start` is how its first line begins."""

    number: int
    start: str
    reason: str


class _LineTooLongError(Exception):
    """A physical line is longer than any row of a table."""


class _DamagedLineError(Exception):
    """A physical line has invalid bytes."""


def rows_of(file: TextIO, delimiter: str, *, check_damage: bool, after: int = 0) -> Iterator[Line | BrokenLine]:
    """All rows that have any cell filled, from the file's present position; `after` lines were read before.

    Raises: `InvalidInputError` naming the line when the file's encoding breaks off (UTF-16 only).
    """
    lines = _Lines(file, check_damage, after)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        lines.begin_row()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except (csv.Error, _LineTooLongError, _DamagedLineError) as error:
            yield BrokenLine(lines.row_number, lines.row_start, _reason(error))
            lines.go_back_to_second_line()
            continue
        if any(cells):
            yield Line(lines.row_number, cells)


def _reason(error: Exception) -> str:
    text = str(error)
    if not isinstance(error, csv.Error):
        return text
    if "field limit" in text:
        return f"A field is longer than {LONGEST_FIELD:,} characters, or a quotation mark was opened and never closed."
    if "unexpected end" in text:
        return "A quotation mark is opened here and never closed."
    return "A quotation mark is in the wrong place, or one was opened and never closed."


class _Lines:
    """The physical lines of a file, of which it remembers those of the row that is being read."""

    def __init__(self, file: TextIO, check_damage: bool, after: int) -> None:
        self._file = file
        self._check_damage = check_damage
        self._again: deque[str] = deque()
        self._row: list[str] = []
        self._read = after

    @property
    def row_number(self) -> int:
        return self._read - max(len(self._row), 1) + 1

    @property
    def row_start(self) -> str:
        return self._row[0][:_START] if self._row else ""

    def begin_row(self) -> None:
        self._row = []

    def go_back_to_second_line(self) -> None:
        """The lines after the row's first one will be read again."""
        self._again.extendleft(reversed(self._row[1:]))
        self._read -= len(self._row[1:])
        self._row = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else self._next_of_file()
        self._read += 1
        self._row.append(line)
        if len(line) > LONGEST_LINE:
            raise _LineTooLongError(f"The line is longer than {LONGEST_LINE:,} characters.")
        if self._check_damage and (damage := damage_in(line)):
            raise _DamagedLineError(damage)
        return line

    def _next_of_file(self) -> str:
        try:
            line = self._file.readline(LONGEST_LINE + 1)
            if len(line) > LONGEST_LINE and not line.endswith(("\n", "\r")):
                self._skip_rest_of_line()
        except UnicodeDecodeError as error:
            raise InvalidInputError(
                f"From line {self._read + 1:,} on the file's bytes are no UTF-16. Save it as “CSV UTF-8”.", "file"
            ) from error
        if not line:
            raise StopIteration
        return line

    def _skip_rest_of_line(self) -> None:
        while (rest := self._file.readline(LONGEST_LINE)) and not rest.endswith(("\n", "\r")):
            pass
