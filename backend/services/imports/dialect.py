"""Finds the delimiter and the columns of a table."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO, TypeVar

from backend.domain.imports import Skipped
from backend.domain.text import fold
from backend.errors import InvalidInputError
from backend.services.imports.csv_rows import BrokenLine, Line, rows_of
from backend.services.imports.encoding import Encoding, find_encoding, open_text

_DELIMITERS = (",", ";", "\t", "|")
_EXCEL_HINT = re.compile(r'^\ufeff?"?sep=(.)"?([,;\t|]?)\2*\s*$', re.IGNORECASE)
_HEADER_LINES = 20
_TITLE_LINES = 10
"""Among these the titles of the columns are looked for."""
_FOOTER = re.compile(
    r"(?:(?:this )?(?:file|report|export|list|data) )?(?:was |were )?"
    r"(?:export(?:ed|iert|é|ado)|generated|created|printed|downloaded|erstellt|généré|generado|creado)"
    r" (?:on|at|by|with|from|am|um|von|mit|le|par|el|por|con|:)\b.*|(?:export|report) date\b.*|page \d+ of \d+",
    re.IGNORECASE,
)
"""What programs write below a table."""
_MARK = "\ufeff"
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_SEPARATORS = re.compile(r"[\W_]+")
_SUM = re.compile(
    r"(?:grand |sub ?)?totals?(?: \d+)?(?: (?:orders?|rows?|customers?|amount|sum))?(?: \d+)?|sums?"
    r"|summe|gesamt(?:summe|betrag)?|zwischensumme|endsumme|somme|total (?:general|generale|geral)|totale"
    r"|suma(?: total)?|soma|totaal|som"
)
_FIGURE = re.compile(r"[^\w]*(?:[A-Za-z]{3}\b|[A-Z]{1,2}(?=\W))?[\d\W]*(?:[A-Z]{3})?")
_MOST_SKIPPED = 1000
"""Rows that are named in the report."""
_Found = TypeVar("_Found")


@dataclass(frozen=True, slots=True)
class Table:
    """A CSV file that can be read. `header` is as written, `header_line` the line on which its rows begin after.

    `above` are the lines before the header that say what the file is, such as "Orders, exported on 1 March".
    """

    path: Path
    encoding: Encoding
    delimiter: str
    header: tuple[str, ...]
    header_line: int
    above: tuple[int, ...] = ()


def open_table(path: Path, encoding: str = "") -> Table:
    """Examines the beginning of a file, and all of it for its encoding.

    Raises: `InvalidInputError` with a sentence when it is no CSV file, `UnclearEncodingError`.
    """
    found = find_encoding(path, encoding)
    with open_text(path, found) as file:
        lines = [file.readline(1 << 16)]
        with suppress(UnicodeDecodeError):  # which line breaks off is found out below
            lines += [file.readline(1 << 16) for _ in range(_TITLE_LINES - 1)]
        hint = _EXCEL_HINT.match(lines[0])
        delimiter = (hint[2] or hint[1]) if hint else _delimiter_of(lines)
        file.seek(0)
        rows = [row for row in _beginning(file, delimiter) if not (hint and row.number == 1)]
    row, above = _header_of(rows)
    cells = _unwrapped(row.cells, _sniffed(row.cells[0])) or row.cells
    return Table(path, found, delimiter, tuple(cell.strip() for cell in cells), row.number, above)


def _header_of(rows: Sequence[Line | BrokenLine]) -> tuple[Line, tuple[int, ...]]:
    """The row that names the columns, and the lines above it that do not.

    It is the first row, unless that has at most half of the cells of a later one, and this one can be titles.
    """
    if not rows:
        raise InvalidInputError("The file holds no line that names the columns.", "file")
    first = rows[0]
    if isinstance(first, BrokenLine):
        raise InvalidInputError(f"Line {first.number}, which should name the columns: {first.reason}", "file")
    top = [row for row in rows[:_TITLE_LINES] if isinstance(row, Line)]
    widest = max(_filled(row) for row in top)
    header = next((row for row in top if _filled(row) * 2 > widest), first)
    if header is first or not all(map(_is_title, header.cells)):
        return first, ()
    return header, tuple(row.number for row in rows if row.number < header.number)


def _filled(row: Line) -> int:
    return sum(1 for cell in row.cells if cell.strip())


def _is_title(cell: str) -> bool:
    """Whether a cell may name a column: it is no address, date or amount, and not empty."""
    return any(map(str.isalpha, cell)) and "@" not in cell


def _delimiter_of(lines: Sequence[str]) -> str:
    """That of the first line; where no other line has it, because the first is no row, that of the fullest one."""
    own = _sniffed(lines[0])
    if any(_count(line, own) for line in lines[1:]):
        return own
    fullest = max(lines, key=lambda line: _count(line, _sniffed(line)) if line is not lines[0] else 0)
    return _sniffed(fullest) if _count(fullest, _sniffed(fullest)) else own


def _sniffed(line: str) -> str:
    """The delimiter that occurs most often outside of quotation marks."""
    return max(_DELIMITERS, key=lambda each: _count(line, each))


def _count(line: str, delimiter: str) -> int:
    return re.sub(r'"[^"]*"', "", line).count(delimiter)


def _beginning(file: TextIO, delimiter: str) -> Iterator[Line | BrokenLine]:
    for row in rows_of(file, delimiter, check_damage=False):
        if row.number > _HEADER_LINES:
            return
        yield row


class TableReader:
    """Rows below the header, and how far in the file they are. A context manager, which keeps the file open."""

    def __init__(self, table: Table, file: TextIO, sums_lack: Sequence[int] | None = None) -> None:
        self._table = table
        self._file = file
        self._sums_lack = sums_lack
        self._titles = [folded(title) for title in table.header]
        self.skipped: list[Skipped] = [
            Skipped(line, "The line is above the titles of the columns.") for line in table.above
        ]

    @property
    def position(self) -> int:
        """Bytes of the file that were read so far (a little ahead of the rows)."""
        return self._file.buffer.tell() if not self._file.closed else 0

    def __iter__(self) -> Iterator[Line | BrokenLine]:
        """Rows with as many cells as the header; others are broken lines, since their cells may have shifted.

        The titles again, as in files that were put together, and sums are passed over, and kept as `skipped`.
        """
        table = self._table
        width = len(table.header)
        rows = rows_of(self._file, table.delimiter, check_damage=table.encoding.damaged)
        for row in rows:
            if row.number <= table.header_line:
                continue
            if isinstance(row, Line):
                if width > 1 and _is_footer(row.cells):
                    self._skip(row.number, "The line is below the table.")
                    continue
                if len(row.cells) != width:
                    row = _fitted(row, width, table.delimiter)
                if isinstance(row, Line) and (reason := self._says_nothing(row.cells)):
                    self._skip(row.number, reason)
                    continue
            yield row

    def _skip(self, line: int, reason: str) -> None:
        if len(self.skipped) < _MOST_SKIPPED:
            self.skipped.append(Skipped(line, reason))

    def _says_nothing(self, cells: list[str]) -> str:
        """Why the row is neither an order nor a customer; "" for one that may be."""
        first = cells[0]
        if first[:1] == _MARK:
            cells[0] = first = first.lstrip(_MARK)
        if folded(first) == self._titles[0] and list(map(folded, cells)) == self._titles:
            return "The row repeats the titles of the columns."
        if self._sums_lack is None or any(cells[place] for place in self._sums_lack):
            return ""
        return "The row is the sum of others." if _is_sum(cells) else ""


@contextmanager
def reading(table: Table, *, sums_lack: Sequence[int] | None = None) -> Iterator[TableReader]:
    """The table, open for reading from its first row.

    `sums_lack` are the columns that a row of sums leaves empty; None where no row is one.
    """
    with open_text(table.path, table.encoding) as file:
        yield TableReader(table, file, sums_lack)


def with_skipped(found: Iterable[_Found], rows: TableReader) -> Iterator[_Found | Skipped]:
    """What was found in the rows, then those that were passed over."""
    yield from found
    yield from rows.skipped


def _is_footer(cells: Sequence[str]) -> bool:
    """Whether a row only says where the file comes from ("Exported on 1 March by Anna")."""
    return not any(cells[1:]) and _FOOTER.fullmatch(cells[0].strip()) is not None


def _is_sum(cells: Sequence[str]) -> bool:
    """Whether the only word of a row is one for a sum ("Total", "Summe:"), beside figures."""
    filled = [cell.strip() for cell in cells if cell.strip()]
    words = [cell for cell in filled if not _FIGURE.fullmatch(cell)]
    return len(words) == 1 < len(filled) and _SUM.fullmatch(title_words(words[0])) is not None


def _fitted(row: Line, width: int, delimiter: str) -> Line | BrokenLine:
    if width > 1 and (cells := _unwrapped(row.cells, _sniffed(row.cells[0]))) and len(cells) == width:
        return Line(row.number, cells)
    if len(row.cells) > width and not any(row.cells[width:]):
        return Line(row.number, row.cells[:width])
    reason = (
        f"The row has {len(row.cells)} cells where the header has {width}: a cell is missing, or holds a delimiter."
    )
    return BrokenLine(row.number, delimiter.join(row.cells)[:300], reason)


def _unwrapped(cells: Sequence[str], delimiter: str) -> list[str]:
    """The cells of a row that a spreadsheet quoted as a whole ("#1001,maria@example.com"); empty for other rows."""
    if any(cells[1:]) or delimiter not in cells[0]:
        return []
    try:
        rows = list(csv.reader(io.StringIO(cells[0], newline=""), delimiter=delimiter, strict=True))
    except csv.Error:
        return []
    return rows[0] if len(rows) == 1 else []


def column_places(header: Sequence[str], known: Mapping[str, str]) -> dict[str, int]:
    """The number of each known column. `known` maps folded names (see `folded`) to ours.

    Raises: `InvalidInputError` when one of them occurs twice.
    """
    places: dict[str, int] = {}
    for place, title in enumerate(header):
        name = known.get(folded(title))
        if name is None:
            continue
        if name in places:
            raise InvalidInputError(f"The column “{title}” is in the file twice; which one counts is not clear.")
        places[name] = place
    return places


def folded(title: str) -> str:
    """A column's title for comparing: without case, and without spaces that nobody sees."""
    return " ".join(title.replace("\ufeff", "").casefold().split())


def title_words(title: str) -> str:
    """The words of a title for comparing its meaning: "firstName", "first_name" and "First Name*" are "first name"."""
    spaced = _CAMEL.sub(" ", unicodedata.normalize("NFC", title))
    return " ".join(_SEPARATORS.sub(" ", fold(spaced)).split())
