"""How results are written: JSON for programs, lines and tables for people."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, TypeVar

import typer

from backend.services.listing import number_in
from backend.store.limits import encode_cursor

Entry = TypeVar("Entry")
_PAGE = 200
"""Entries that are read at once."""

Json = Annotated[bool, typer.Option("--json", help="Write the result as JSON, and nothing else, to standard output.")]


def write_json(result: object) -> None:
    """One JSON document. Its letters are ASCII, so that no encoding of a terminal or a pipe can spoil it."""
    typer.echo(json.dumps(result))


def write_table(header: Sequence[str], rows: Sequence[Sequence[object]], *, right: Sequence[int] = ()) -> None:
    """Columns as wide as they need to be; those numbered in `right` are aligned to the right."""
    cells = [[str(cell) for cell in row] for row in (header, *rows)]
    widths = [max(len(row[place]) for row in cells) for place in range(len(header))]
    for row in cells:
        padded = [
            cell.rjust(width) if place in right else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        typer.echo("  ".join(padded).rstrip())


def collected(
    limit: int, cursor: str, read: Callable[[int, str | None], tuple[Sequence[Entry], str | None]]
) -> tuple[list[Entry], str | None]:
    """As many entries as are wanted, and the cursor that follows. `read` gives the page after a cursor."""
    found: list[Entry] = []
    place: str | None = cursor or None
    while len(found) < limit:
        entries, place = read(min(limit - len(found), _PAGE), place)
        found += entries
        if place is None:
            break
    return found, place


def part_of(entries: Sequence[Entry], limit: int, cursor: str) -> tuple[list[Entry], str | None]:
    """As `collected`, of a list that is read whole. Raises: `InvalidInputError` for a cursor of another list."""
    start = max(number_in(cursor, "from"), 0) if cursor else 0
    end = start + limit
    return list(entries[start:end]), encode_cursor({"from": end}) if end < len(entries) else None


def write_page(
    lines: Sequence[Mapping[str, object]],
    cursor: str | None,
    columns: Sequence[str],
    *,
    as_json: bool,
    right: Sequence[int] = (),
) -> None:
    """A list that may have been cut off: `cursor` leads to what follows. In JSON the last entry carries it."""
    if as_json:
        last = len(lines) - 1
        write_json([{**line, "cursor": cursor if place == last else None} for place, line in enumerate(lines)])
        return
    write_table(
        columns, [["" if line[name] is None else line[name] for name in columns] for line in lines], right=right
    )
    if cursor:
        typer.echo(f"There are more: repeat the command with --cursor {cursor}", err=True)


class ProgressLine:
    """One line on a terminal that shows how far something is; elsewhere nothing is shown."""

    def __init__(self) -> None:
        self._shown = sys.stderr.isatty()
        self._last = ""

    def show(self, line: str) -> None:
        if self._shown and line != self._last:
            typer.echo(f"\r{line.ljust(len(self._last))}", err=True, nl=False)
            self._last = line

    def end(self) -> None:
        if self._last:
            typer.echo("", err=True)
