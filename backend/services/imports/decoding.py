"""Opens a file that somebody chose: refuses what is no CSV file, and finds out how its characters are encoded."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TextIO

from backend.errors import InvalidInputError

_CHUNK = 1 << 20
_SAMPLE = 1 << 16
_BAD = re.compile("[\udc80-\udcff]")
"""A byte that is no character of the encoding, as Python's `surrogateescape` shows it."""
_BEYOND_ASCII = re.compile("[^\x00-\x7f]")
_WINDOWS = ("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1257")
"""What spreadsheets write where they do not write Unicode. The first is by far the most frequent."""
ENCODINGS = ("utf-8", "utf-16", *_WINDOWS, "mac_roman")
"""What a person may choose when the guess is wrong."""

_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "This is an Excel workbook or a ZIP file, whatever its name says."),
    (b"\xd0\xcf\x11\xe0", "This is an old Excel workbook, whatever its name says."),
    (b"%PDF", "This is a PDF document."),
    (b"\x1f\x8b", "This is a compressed file; unpack it first."),
)
_MARKS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True, slots=True)
class Encoding:
    """How a file's characters are encoded. `damaged` says that some bytes of it are no characters."""

    name: str
    damaged: bool = False

    @property
    def shown(self) -> str:
        return "utf-8" if self.name == "utf-8-sig" else self.name


def find_encoding(path: Path, wanted: str = "") -> Encoding:
    """The encoding of the file: the one that is wanted, or as its bytes tell. Reads it through, in pieces.

    Raises: `InvalidInputError` with a sentence when it cannot be read or is no text.
    """
    if wanted and wanted not in ENCODINGS:
        raise InvalidInputError(f"The encoding “{wanted[:20]}” is not one of {', '.join(ENCODINGS)}.", "encoding")
    with open_bytes(path) as file:
        start = file.read(_SAMPLE)
        _refuse_no_text(start)
        mark = next((name for mark, name in _MARKS if start.startswith(mark)), "")
        if wanted:
            return Encoding("utf-8-sig" if mark == "utf-8-sig" and wanted == "utf-8" else wanted, damaged=True)
        if mark:
            return Encoding(mark, damaged=True)
        if start.count(0) * 10 > len(start):
            raise InvalidInputError(
                "A large part of the file are NUL characters, so it is no CSV file, or one in UTF-16 without its mark. "
                "Save it as “CSV UTF-8”.",
                "file",
            )
        file.seek(0)
        if _is_utf8(file):
            return Encoding("utf-8")
        file.seek(0)
        return _from_bytes_of(file)


def open_bytes(path: Path) -> BinaryIO:
    """The file, for reading.

    Raises: `InvalidInputError` when it is missing, no file, empty or not readable.
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

    Bytes that are no characters show as lone surrogates. UTF-16 has no such way out: reading then raises
    `UnicodeDecodeError`.
    """
    errors = "strict" if encoding.name == "utf-16" else "surrogateescape"
    return path.open(encoding=encoding.name, errors=errors, newline="")


def damage_in(line: str) -> str:
    """What to say about a line that holds bytes which are no characters; "" when all are."""
    found = None if line.isascii() else _BAD.search(line)
    return f"The byte 0x{ord(found[0]) - 0xDC00:02X} is no character of the file's encoding." if found else ""


def _refuse_no_text(start: bytes) -> None:
    for signature, sentence in _SIGNATURES:
        if start.startswith(signature):
            raise InvalidInputError(
                f"{sentence} Export the orders from Shopify as “Plain CSV file”, or save the sheet as “CSV UTF-8”.",
                "file",
            )
    if not start.strip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n"):
        raise InvalidInputError("The file is empty.", "file")


def _is_utf8(file: BinaryIO) -> bool:
    """Whether all of the file is UTF-8, which most files are: then nobody need count what is good and what is bad."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while chunk := file.read(_CHUNK):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _from_bytes_of(file: BinaryIO) -> Encoding:
    """UTF-8 if what is not ASCII mostly is; a Windows code page otherwise."""
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    good = bad = 0
    sample = bytearray()
    while chunk := file.read(_CHUNK):
        if chunk.isascii() and not decoder.getstate()[0]:
            continue
        text = decoder.decode(chunk)
        wrong = len(_BAD.findall(text))
        bad += wrong
        good += len(_BEYOND_ASCII.findall(text)) - wrong
        if wrong and len(sample) < _SAMPLE:
            sample += _lines_beyond_ascii(chunk)
    bad += len(decoder.decode(b"", final=True))
    return Encoding("utf-8", damaged=bad > 0) if good >= bad else Encoding(_code_page(bytes(sample)), damaged=True)


def _lines_beyond_ascii(chunk: bytes) -> bytes:
    return b"\n".join(line[:1000] for line in chunk.splitlines() if not line.isascii())[:_SAMPLE]


def _code_page(sample: bytes) -> str:
    """The Western code page unless the text would look like nonsense in it. Short samples allow no finer guess."""
    from charset_normalizer import from_bytes  # only files that are not Unicode pay for it

    matches = from_bytes(sample, cp_isolation=list(_WINDOWS))
    possible = [name for match in matches for name in (match.encoding, *match.could_be_from_charset)]
    return "cp1252" if "cp1252" in possible or not possible else possible[0]
