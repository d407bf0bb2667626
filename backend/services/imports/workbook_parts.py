"""Reads the parts of an Excel workbook as they come, without building a tree: sheets, strings, formats and rows.

ECMA-376 Part 1: 18.2 (workbook), 18.3 (worksheets), 18.4 (shared strings), 18.8.30 (number formats).
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from xml.parsers import expat

from backend.errors import InvalidInputError

_PIECE = 1 << 16
_FAR = 1 << 20
"""A column or row that no sheet has."""
_DATES = frozenset({*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)})
"""Number formats that are dates without saying so in the file."""
_PERCENT = frozenset({9, 10})
_NO_LETTERS = re.compile(r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]')
"""What of a number format is text, a colour or a language."""
_START, _START_1904 = datetime(1899, 12, 30), datetime(1904, 1, 1)  # noqa: DTZ001 - days of the shop
_LARGEST_WHOLE = 10**15
_LAST_DAY = 2_958_465  # 31 December 9999


@dataclass(slots=True)
class Budget:
    """How many unpacked bytes may still be read."""

    left: int

    def take(self, count: int) -> None:
        self.left -= count
        if self.left < 0:
            raise InvalidInputError("The workbook is too large when it is unpacked. Save the sheet as CSV.", "file")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A visible sheet, and the part that holds it."""

    name: str
    part: str


@dataclass(slots=True)
class Workbook:
    """What the rows of all sheets refer to."""

    sheets: list[Sheet] = field(default_factory=list)
    strings: list[str] = field(default_factory=list)
    formats: list[str] = field(default_factory=list)
    start: datetime = _START


def workbook_of(archive: zipfile.ZipFile, budget: Budget, *, with_values: bool = True) -> Workbook:
    """The sheets, and what their values refer to. Raises: `InvalidInputError`."""
    found, names, parts = Workbook(), [], {}
    for _, attributes, _ in _elements(archive, "xl/_rels/workbook.xml.rels", budget, ("Relationship",)):
        kind, target = attributes.get("Type", "").rsplit("/", 1)[-1], attributes.get("Target", "")
        path = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
        parts[attributes.get("Id", "")] = parts[kind] = (kind, path)
    for tag, attributes, _ in _elements(archive, "xl/workbook.xml", budget, ("sheet", "workbookPr")):
        if tag == "workbookPr" and attributes.get("date1904") in ("1", "true"):
            found.start = _START_1904
        elif tag == "sheet" and attributes.get("state", "visible") == "visible":
            reference = next((value for name, value in attributes.items() if name.endswith(":id")), "")
            names.append((attributes.get("name", ""), reference))
    for name, reference in names:
        kind, path = parts.get(reference, ("", ""))
        if kind == "worksheet":
            found.sheets.append(Sheet(name, path))
    if with_values:
        found.strings = _strings(archive, parts.get("sharedStrings", ("", ""))[1], budget)
        found.formats = _formats(archive, parts.get("styles", ("", ""))[1], budget)
    return found


def rows_of_sheet(
    archive: zipfile.ZipFile, sheet: Sheet, book: Workbook, budget: Budget
) -> Iterator[tuple[int, dict[int, str]]]:
    """The rows that hold something: their number from 1, and their cells by column from 0."""
    row, number, at = dict[int, str](), 0, 0
    kind = style = ""
    for tag, attributes, text in _elements(archive, sheet.part, budget, ("row", "c", "v", "t", "/c", "/row")):
        if tag == "row":
            number, at, row = _number(attributes.get("r", "")) or number + 1, 0, {}
        elif tag == "c":
            at = _column(attributes.get("r", "")) if attributes.get("r") else at + 1
            kind, style, value = attributes.get("t", "n"), attributes.get("s", ""), ""
        elif tag in ("v", "t"):
            value += text
        elif tag == "/c" and value:
            row[at - 1] = _shown(value, kind, style, book)
        elif tag == "/row" and row:
            yield number, row


def _shown(value: str, kind: str, style: str, book: Workbook) -> str:
    if kind == "s":
        place = _number(value)
        return book.strings[place] if place < len(book.strings) else ""
    if kind == "b":
        return "TRUE" if value == "1" else "FALSE"
    if kind == "d":
        return value.replace("T", " ")
    if kind != "n":
        return value
    place = _number(style)
    return _figure(value, book.formats[place] if place < len(book.formats) else "", book.start)


def _figure(text: str, shape: str, start: datetime) -> str:
    """A number as its format means it; one that is kept inexactly is rounded to 15 digits, as Excel shows it."""
    try:
        value = float(text)
    except ValueError:
        return text
    if shape in ("date", "time") and 0 <= value <= _LAST_DAY:
        return _moment(value, start)
    if shape == "percent":
        return f"{value * 100:.15g}%"
    if value.is_integer() and abs(value) < _LARGEST_WHOLE:
        return f"{int(value):0{len(shape)}d}" if shape.startswith("0") else str(int(value))
    short = f"{value:.15g}"
    if "e" in short:
        return short.upper() if abs(value) >= 1 else f"{Decimal(short):f}"
    return f"{short}0" if len(short.partition(".")[2]) == len("000") else short  # no sign of thousands


def _moment(value: float, start: datetime) -> str:
    moment = (start + timedelta(days=value) + timedelta(milliseconds=500)).replace(microsecond=0)
    if value < 1:
        return f"{moment:%H:%M:%S}"
    return f"{moment:%Y-%m-%d}" if value.is_integer() else f"{moment:%Y-%m-%d %H:%M:%S}"


def _strings(archive: zipfile.ZipFile, part: str, budget: Budget) -> list[str]:
    """The texts that cells refer to, without the reading aids of Japanese ones."""
    found: list[str] = []
    is_aid = False
    for tag, _, text in _elements(archive, part, budget, ("si", "t", "rPh", "/rPh")):
        if tag == "si":
            found.append("")
        elif tag == "t" and found and not is_aid:
            found[-1] += text
        elif tag != "t":
            is_aid = tag == "rPh"
    return found


def _formats(archive: zipfile.ZipFile, part: str, budget: Budget) -> list[str]:
    """What the format of each style means: "date", "percent", zeros that are shown ("00000"), or ""."""
    own: dict[int, str] = {}
    styles: list[str] = []
    inside = False
    for tag, attributes, _ in _elements(archive, part, budget, ("numFmt", "cellXfs", "/cellXfs", "xf")):
        number = _number(attributes.get("numFmtId", ""))
        if tag == "numFmt":
            own[number] = attributes.get("formatCode", "")
        elif tag == "xf" and inside:
            styles.append(_meaning(number, own.get(number, "")))
        elif tag != "xf":
            inside = tag == "cellXfs"
    return styles


def _meaning(number: int, code: str) -> str:
    bare = _NO_LETTERS.sub("", code.split(";")[0]).lower()
    if number in _DATES or (any(letter in bare for letter in "ymdhs") and bare != "general"):
        return "date"
    if number in _PERCENT or "%" in bare:
        return "percent"
    return bare if bare and not bare.strip("0") else ""


def _elements(
    archive: zipfile.ZipFile, part: str, budget: Budget, wanted: tuple[str, ...]
) -> Iterator[tuple[str, dict[str, str], str]]:
    """The wanted elements as they begin, with attributes; "/name" as they end. "v" and "t" come with their text."""
    found: list[tuple[str, dict[str, str], str]] = []
    texts: list[str] = []

    def begins(name: str, attributes: dict[str, str]) -> None:
        tag = name.rpartition(":")[2]
        texts.clear()
        if tag in wanted and tag not in ("v", "t"):
            found.append((tag, attributes, ""))

    def ends(name: str) -> None:
        tag = name.rpartition(":")[2]
        if tag in ("v", "t") and tag in wanted:
            found.append((tag, {}, "".join(texts)))
        elif f"/{tag}" in wanted:
            found.append((f"/{tag}", {}, ""))
        texts.clear()

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = begins, ends
    parser.CharacterDataHandler = texts.append
    parser.StartDoctypeDeclHandler = _refuse_entities
    for piece in _pieces(archive, part, budget):
        try:
            parser.Parse(piece, not piece)
        except expat.ExpatError as error:
            raise InvalidInputError("The workbook is damaged. Save it again as .xlsx or CSV.", "file") from error
        yield from found
        found.clear()


def _pieces(archive: zipfile.ZipFile, part: str, budget: Budget) -> Iterator[bytes]:
    """The unpacked part, then an empty piece; nothing of a part that is not there."""
    if part not in archive.namelist():
        return
    with archive.open(part) as file:
        while piece := file.read(_PIECE):
            budget.take(len(piece))
            yield piece
    yield b""


def _refuse_entities(*_: object) -> None:
    raise InvalidInputError("The workbook declares entities, which none does. Save it again as .xlsx or CSV.", "file")


def _number(text: str) -> int:
    return min(int(text), _FAR) if text.isascii() and text.isdigit() and len(text) < len("10000000000") else 0


def _column(reference: str) -> int:
    """The number of a column from 1: that of "AB12" is 28."""
    number = 0
    for letter in reference.rstrip("0123456789").upper()[:4]:
        number = number * 26 + ord(letter) - ord("A") + 1
    return min(max(number, 1), _FAR)
