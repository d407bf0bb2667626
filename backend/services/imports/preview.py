"""Previews the beginning of an upload."""

from __future__ import annotations

import codecs
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from backend.domain.imports import ImportKind
from backend.services.imports.customer_table import Preview, read_preview
from backend.services.imports.encoding import encoding_in
from backend.services.imports.file_kinds import refuse_other_file
from backend.services.imports.order_mapping import proposed_mapping
from backend.services.imports.product_table import product_places
from backend.services.imports.shopify import places_of
from backend.services.imports.workbooks import as_csv_source

_LENGTH = 1 << 18


def preview_of(kind: ImportKind, source: BinaryIO, rows: int = 5, *, encoding: str = "", sheet: str = "") -> Preview:
    """The header and the first rows of an upload; rewinds it afterwards.

    Raises: `InvalidInputError` when it is no table, or a known file of another kind;
    `UnclearEncodingError`.
    """
    with as_csv_source(source, sheet) as table:
        preview = _preview(table, rows, encoding)
    if kind is ImportKind.ORDERS:
        if proposed_mapping(preview.header) is None:
            places_of(preview.header)
    elif kind is ImportKind.PRODUCTS:
        product_places(preview.header)
    else:
        refuse_other_file(preview.header, kind)
    return preview


def _preview(table: BinaryIO, rows: int, encoding: str) -> Preview:
    table.seek(0)
    found = encoding_in(table, encoding)  # reads all of it: the first letter that is not ASCII may be the last one
    with beginning_of(table) as path:
        return read_preview(path, rows, encoding=found.shown)


@contextmanager
def beginning_of(source: BinaryIO) -> Iterator[Path]:
    """A file with the first lines of the source; deleted afterwards."""
    source.seek(0)
    start = source.read(_LENGTH)
    source.seek(0)
    if len(start) == _LENGTH:
        start = _whole_lines(start)
    with tempfile.TemporaryDirectory(prefix="tillpost-") as folder:
        path = Path(folder) / "beginning.csv"
        path.write_bytes(start)
        yield path


def _whole_lines(start: bytes) -> bytes:
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in start[:100]:
        return start  # characters have two bytes each, and the beginning has an even number
    end = max(start.rfind(b"\n"), start.rfind(b"\r"))
    return start[: end + 1] if end > 0 else start
