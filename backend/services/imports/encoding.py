"""Opens an uploaded file: refuses what is not a CSV file, and finds its encoding."""

from __future__ import annotations

import codecs
import contextlib
import re
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO, TextIO

from backend.errors import InvalidInputError
from backend.services.imports.code_pages import CODE_PAGES, CODECS, Reading, Readings, readings_of

_CHUNK = 1 << 20
_SAMPLE = 1 << 16
_BAD = re.compile("[\udc80-\udcff]")
"""An invalid byte, as Python's `surrogateescape` shows it."""
_BEYOND_ASCII = re.compile("[^\x00-\x7f]")
_CELL = re.compile(rb'[^,;\t\r\n"]*[\x80-\xff][^,;\t\r\n"]*')
_MOST_CELLS = 3000
_LONGEST_CELL = 200
ENCODINGS: dict[str, str] = {
    "utf-8": "Unicode, UTF-8",
    "utf-16": "Unicode, UTF-16",
    "utf-16-le": "Unicode, UTF-16 without its mark, little-endian",
    "utf-32": "Unicode, UTF-32",
    "utf-16-be": "Unicode, UTF-16 without its mark, big-endian",
    **{page.name: page.label for page in CODE_PAGES},
    "gb18030": "Chinese, GB 18030",
    "iso2022_jp": "Japanese, ISO-2022-JP",
}
"""The encodings that a person may choose, and their labels. Other names of the same encodings are accepted."""
_SUPERSETS = {
    "iso8859-1": "cp1252",
    "ascii": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "iso8859-8": "cp1255",
    "cp932": "shift_jis",
    "cp949": "euc_kr",
    "cp950": "big5",
    "gb2312": "gbk",
    "big5hkscs": "big5",
    "utf-8-sig": "utf-8",
    "iso8859-7": "cp1253",
    "iso8859-13": "cp1257",
}
"""Encodings that are read as a larger one, by the names of Python's codecs (as WHATWG, "Encoding", has browsers do)."""

_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "This is an Excel workbook or a ZIP file, whatever its name says."),
    (b"\xd0\xcf\x11\xe0", "This is an old Excel workbook, or one with a password, whatever its name says."),
    (b"%PDF", "This is a PDF document."),
    (b"\x1f\x8b", "This is a compressed file; unpack it first."),
    (b"<!DOCTYPE html", "This is a web page, whatever its name says."),
    (b"<html", "This is a web page, whatever its name says."),
    (b"{\\rtf", "This is a text document."),
    (b"\x89PNG", "This is a picture."),
    (b"\xff\xd8\xff", "This is a picture."),
    (b"OFXHEADER", "This is a bank statement."),
    (b"!Type:", "This is a bank statement."),
)
_JAPANESE_ESCAPES = (b"\x1b$B", b"\x1b$@", b"\x1b(J")
_MARKS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True, slots=True)
class Encoding:
    """The encoding of a file. `damaged`: some of its bytes may be invalid.

    `readings` are the candidates, where the encoding was guessed from the bytes.
    """

    name: str
    damaged: bool = False
    readings: tuple[Reading, ...] = ()

    @property
    def shown(self) -> str:
        return "utf-8" if self.name == "utf-8-sig" else self.name


class UnclearEncodingError(InvalidInputError):
    """The bytes of a file do not show its encoding. A person has to choose one of `readings`."""

    def __init__(self, readings: tuple[Reading, ...]) -> None:
        choices = "; ".join(
            f"{reading.name} ({reading.label}) reads {', '.join(f'“{sample[:30]}”' for sample in reading.samples[:2])}"
            for reading in readings
        )
        super().__init__(
            f"The file is not in Unicode, and its bytes do not show how its letters are encoded. "
            f"Choose the encoding in which the names are right (on the command line --encoding): {choices}.",
            "encoding",
        )
        self.readings = readings


def find_encoding(path: Path, wanted: str = "") -> Encoding:
    """The encoding of the file: the one that is wanted, or the one that its bytes show. Reads all of it, in pieces.

    Raises: `InvalidInputError` with a sentence when it cannot be read or is not text, `UnclearEncodingError`.
    """
    with open_bytes(path) as file:
        return encoding_in(file, wanted)


def encoding_in(file: BinaryIO, wanted: str = "") -> Encoding:
    """As `find_encoding`, for an open file; moves its position."""
    wanted = _known(wanted) if wanted else ""
    start = file.read(_SAMPLE)
    _refuse_no_text(start)
    mark = next((name for mark, name in _MARKS if start.startswith(mark)), "")
    if wanted:
        return Encoding("utf-8-sig" if mark == "utf-8-sig" and wanted == "utf-8" else wanted, damaged=True)
    if mark:
        return Encoding(mark, damaged=True)
    if unmarked := _utf16_without_mark(start):
        return Encoding(unmarked, damaged=True)
    if start.count(0) * 10 > len(start):
        raise InvalidInputError(
            "A large part of the file are NUL characters, so it is no CSV file, or one in UTF-16 without its mark. "
            "Save it as “CSV UTF-8”.",
            "file",
        )
    if any(escape in start for escape in _JAPANESE_ESCAPES):
        return Encoding("iso2022_jp", damaged=True)
    file.seek(0)
    if _is_utf8(file):
        return Encoding("utf-8")
    file.seek(0)
    return _from_bytes_of(file)


def _utf16_without_mark(start: bytes) -> str:
    """The encoding of a text whose every second byte is mostly 0, and always in the header; "" for others."""
    start = start[: len(start) // 2 * 2]
    header = start[:200]
    first, second = header[::2].count(0), header[1::2].count(0)
    if max(first, second) * 10 < len(header) * 4 or min(first, second):
        return ""
    name = "utf-16-le" if second else "utf-16-be"
    try:
        start.decode(name)
    except UnicodeDecodeError:
        return ""
    return name


def readings_in(file: BinaryIO) -> Readings:
    """The readings of some letters of an open file in each possible encoding; none for Unicode.

    Raises: `InvalidInputError` when it is no text.
    """
    file.seek(0)
    try:
        return Readings(encoding_in(file).readings, clear=True)
    except UnclearEncodingError as error:
        return Readings(error.readings, clear=False)
    finally:
        file.seek(0)


def _known(wanted: str) -> str:
    """The encoding with this name or alias.

    Raises: `InvalidInputError`.
    """
    with contextlib.suppress(LookupError):
        codec = codecs.lookup(wanted.strip()).name
        names = {codecs.lookup(name).name: name for name in ENCODINGS}
        if found := names.get(codec) or _SUPERSETS.get(codec):
            return found
    raise InvalidInputError(f"The encoding “{wanted[:20]}” is not one of {', '.join(ENCODINGS)}.", "encoding")


def open_bytes(path: Path) -> BinaryIO:
    """The file, for reading.

    Raises: `InvalidInputError` when it is missing, not a file, empty or not readable.
    """
    try:
        if path.is_dir():
            raise InvalidInputError(f"{path.name} is a folder. Choose the CSV file in it.", "file")
        if not path.exists():
            raise InvalidInputError(f"There is no file {path.name} (any more).", "file")
        if not path.is_file():
            raise InvalidInputError(f"{path.name} is not a file.", "file")
        if path.stat().st_size == 0:
            raise InvalidInputError("The file is empty.", "file")
        return path.open("rb")
    except OSError as error:
        raise InvalidInputError(f"{path.name} cannot be read: {error.strerror}.", "file") from error


def open_text(path: Path, encoding: Encoding) -> TextIO:
    """The file as text, its line ends untouched.

    Invalid bytes are read as lone surrogates. UTF-16 has no such form: reading then raises
    `UnicodeDecodeError`.
    """
    errors = "strict" if encoding.name.startswith(("utf-16", "utf-32")) else "surrogateescape"
    return path.open(encoding=CODECS.get(encoding.name, encoding.name), errors=errors, newline="")


def damage_in(line: str) -> str:
    """The message about a line with invalid bytes; "" without any."""
    found = None if line.isascii() else _BAD.search(line)
    return f"The byte 0x{ord(found[0]) - 0xDC00:02X} is not a character of the file's encoding." if found else ""


def _refuse_no_text(start: bytes) -> None:
    for signature, sentence in _SIGNATURES:
        if start.startswith(signature):
            raise InvalidInputError(
                f"{sentence} Export the table as CSV, or save the sheet as “CSV UTF-8” or .xlsx.",
                "file",
            )
    if not start.strip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n"):
        raise InvalidInputError("The file is empty.", "file")


def _is_utf8(file: BinaryIO) -> bool:
    """Whether all of the file is UTF-8, as most files are: then good and bad bytes need no counting."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while chunk := file.read(_CHUNK):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _from_bytes_of(file: BinaryIO) -> Encoding:
    """UTF-8 if most of the other bytes than ASCII are; a code page otherwise.

    Raises: `UnclearEncodingError`.
    """
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    good = bad = 0
    while chunk := file.read(_CHUNK):
        if chunk.isascii() and not decoder.getstate()[0]:
            continue
        text = decoder.decode(chunk)
        wrong = len(_BAD.findall(text))
        bad += wrong
        good += len(_BEYOND_ASCII.findall(text)) - wrong
    bad += len(decoder.decode(b"", final=True))
    if good >= bad:
        return Encoding("utf-8", damaged=bad > 0)
    file.seek(0)
    found = readings_of(_cells_of(file))
    if not found.clear:
        raise UnclearEncodingError(found.all)
    return Encoding(found.all[0].name, damaged=True, readings=found.all)


def _cells_of(file: BinaryIO) -> list[bytes]:
    """Cells with bytes that are not ASCII, each once; late in the file only those with new bytes."""
    cells: dict[bytes, None] = {}
    seen: set[int] = set()
    for line in iter(partial(file.readline, _CHUNK), b""):
        if line.isascii():
            continue
        for cell in map(bytes.strip, _CELL.findall(line)):
            new = set(cell) - seen
            if new or len(cells) < _MOST_CELLS:
                seen |= new
                cells[cell[:_LONGEST_CELL]] = None
    return list(cells)
