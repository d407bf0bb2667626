"""Turns suppression lists that mail providers' APIs return as JSON into a table, one row for each record.

It reads lists of records or of addresses at any depth, several documents in one file (pages of a list, one record a
line), and lists by reason (`{"bounces": […]}`), as SES, SendGrid, Mailgun, Postmark, Brevo and SparkPost write them.
"""

from __future__ import annotations

import csv
import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from backend.domain.suppression import SuppressionReason
from backend.errors import InvalidInputError
from backend.services.imports.dialect import title_words
from backend.services.suppression.vocabulary import ADDRESS_TITLES, reason_of

_LARGEST = 256 * 1024 * 1024
"""In bytes: a document is read into memory."""


def is_json(start: bytes) -> bool:
    """Whether a file with this beginning is JSON, in UTF-8 or UTF-16."""
    return start.replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")[:1] in (b"{", b"[")


@contextmanager
def as_csv(path: Path) -> Iterator[Path]:
    """The file, or, for JSON, a table of its records, which is deleted afterwards.

    Raises: `InvalidInputError` when it begins as JSON but cannot be read, or has no address.
    """
    with path.open("rb") as file:
        found = is_json(file.read(1024))
    if not found:
        yield path
        return
    if path.stat().st_size > _LARGEST:
        raise InvalidInputError("The JSON file is larger than 256 MB. Split it, or save it as CSV.", "file")
    header, rows = table_of(path.read_bytes())
    with tempfile.TemporaryDirectory(prefix="tillpost-") as folder:
        table = Path(folder) / "list.csv"
        with table.open("w", encoding="utf-8", newline="") as target:
            writer = csv.writer(target)
            writer.writerow(header)
            writer.writerows(rows)
        yield table


def table_of(content: bytes) -> tuple[tuple[str, ...], list[list[str]]]:
    """The titles and rows of a JSON file. Raises: `InvalidInputError`."""
    try:
        text = content.decode(json.detect_encoding(content)).lstrip("\ufeff")
        records = [record for document in _documents(text) for record in _records(document, {})]
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise InvalidInputError("The file begins as JSON, but cannot be read to its end.", "file") from error
    if not records:
        raise InvalidInputError("The JSON file has no record with an email address.", "file")
    header = tuple(dict.fromkeys(title for record in records for title in record))
    return header, [[record.get(title, "") for title in header] for record in records]


def _documents(text: str) -> Iterator[object]:
    """All documents of a file: one after the other, or one a line."""
    decoder, place = json.JSONDecoder(), 0
    while place < len(text):
        if text[place] in " \t\r\n,":
            place += 1
            continue
        document, place = decoder.raw_decode(text, place)
        yield document


def _records(value: object, shared: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """The records in a value; `shared` are the fields that the lists around them give to all."""
    if isinstance(value, str):
        if "@" in value:
            yield {"email": value, **shared}
    elif isinstance(value, list):
        for each in value:
            yield from _records(each, shared)
    elif isinstance(value, dict):
        flat = _flat(value)
        if any(title_words(title) in ADDRESS_TITLES and "@" in text for title, text in flat.items()):
            yield {**shared, **flat}
            return
        for title, each in value.items():
            if isinstance(each, list | dict):
                reason = reason_of(title)
                known = reason not in (None, SuppressionReason.MANUAL)
                yield from _records(each, {"reason": title} if known else shared)


def _flat(record: Mapping[str, object]) -> dict[str, str]:
    """The texts and numbers of a record; those of nested records under their own titles."""
    flat = {title: _text(value) for title, value in record.items() if not isinstance(value, dict | list)}
    for value in record.values():
        if isinstance(value, dict):
            for title, inner in value.items():
                if not isinstance(inner, dict | list):
                    flat.setdefault(title, _text(inner))
    return flat


def _text(value: object) -> str:
    return "" if value is None else value if isinstance(value, str) else json.dumps(value)
