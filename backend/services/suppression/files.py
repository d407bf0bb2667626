"""Imports suppression lists of any mail program, and exports ours in a form that can be imported again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO
from zoneinfo import ZoneInfo

from backend.domain.customers import email_identity
from backend.domain.imports import ImportKind
from backend.domain.suppression import IMPORTED, Cause, SuppressionReason
from backend.domain.team import Actor, Permission
from backend.domain.time import check_placed_at, to_text
from backend.errors import InvalidInputError
from backend.records.suppression import digest_of, suppression_from
from backend.services.audit import log as audit_log
from backend.services.concurrency.retries import StaleReadError
from backend.services.context import Shop
from backend.services.exports.writers import Cell, Format
from backend.services.exports.writing import export_table
from backend.services.imports.csv_rows import BrokenLine, Line
from backend.services.imports.dates import DateEvidence, DateOrder, date_order_of
from backend.services.imports.dialect import Table, open_table, reading, title_words
from backend.services.imports.encoding import UnclearEncodingError
from backend.services.imports.fields import email_of, shown
from backend.services.imports.file_kinds import refuse_other_file
from backend.services.suppression.entries import NOTE_LENGTH, add_cause, adding_writes
from backend.services.suppression.json_lists import as_csv
from backend.services.suppression.vocabulary import (
    ADDRESS_TITLES,
    REASON_TITLES,
    SINCE_TITLES,
    gets_mail,
    moment_of,
    reason_of,
    reason_of_columns,
)
from backend.services.unreadable.items import readable
from backend.store import schema
from backend.store.port import Key, Query, pages_of

COLUMNS = ("E-mail address", "Reason", "Since", "Source", "By", "Note")
MOST_ERRORS = 1000
"""Lines that are listed; further ones are only counted."""
_AT_ONCE = 200
_PLAIN_WORDS = 3
"""A reason with more words is kept as a note."""


@dataclass(frozen=True, slots=True)
class LineError:
    """A line that was left out, or read with a doubt, counted from 1, and why. The sentence names no address."""

    line: int
    sentence: str


@dataclass(slots=True)
class SuppressionImport:
    """What an import did: how many addresses got a new reason, had it already, or were left out.

    `doubts` are lines that were imported although their reason or date was not understood.
    """

    added: int = 0
    unchanged: int = 0
    failed: int = 0
    errors: list[LineError] = field(default_factory=list)
    doubtful: int = 0
    doubts: list[LineError] = field(default_factory=list)

    def fail(self, error: LineError) -> None:
        self.failed += 1
        if len(self.errors) < MOST_ERRORS:
            self.errors.append(error)

    def doubt(self, error: LineError) -> None:
        self.doubtful += 1
        if len(self.doubts) < MOST_ERRORS:
            self.doubts.append(error)

    def count(self, changed: bool) -> None:
        self.added += changed
        self.unchanged += not changed


@dataclass(frozen=True, slots=True)
class _Wanted:
    """An address and its reason; `doubt` says what of the line was not understood."""

    address: str
    cause: Cause
    doubt: LineError | None = None


@dataclass(frozen=True, slots=True)
class _Columns:
    """The places of the known columns; those that may have the reason in the order of their weight."""

    address: int
    reasons: tuple[int, ...] = ()
    since: tuple[int, ...] = ()
    note: int | None = None
    reason_of_all: SuppressionReason | None = None


Watch = Callable[[float, SuppressionImport, LineError | None], None]
"""Called with the share of the file that was read and the result so far, every few hundred addresses and at each line
that is left out or in doubt."""


def import_suppressions(
    shop: Shop, actor: Actor, path: Path, *, encoding: str = "", dates: str = "", watch: Watch | None = None
) -> SuppressionImport:
    """Imports a CSV file with a column for the address, and optionally for reason, date and note; or JSON.

    A list without titles has one address a line. A reason or date that is not understood keeps no address off the list:
    it counts as *manual*, since now, and is reported. Lines without an address are left out. It may be run again.
    `dates` is "day-first" or "month-first" for dates such as 02/03/2026, where the file does not show it.

    Raises: `PermissionDeniedError`, `InvalidInputError` when the file is not such a table.
    """
    actor.require(Permission.MANAGE_SUPPRESSION)
    result = SuppressionImport()
    with as_csv(path) as source:
        _take_in(shop, actor, _with_titles(_opened(source, encoding)), date_order_of(dates), result, watch)
    if watch is None:  # a run with `watch` is a job, which was noted when somebody asked for it
        audit_log.note(shop, actor, "imported suppressions", "import:suppressions", f"{result.added:,} new")
    return result


def _take_in(
    shop: Shop, actor: Actor, table: Table, dates: DateOrder, result: SuppressionImport, watch: Watch | None
) -> None:
    columns = _columns(table.header)
    dates = dates or _dates_of(shop, table, columns)
    size = table.path.stat().st_size
    batch = list[_Wanted]()
    with reading(table) as rows:
        for row in rows:
            wanted = _read(shop, actor, row, columns, dates)
            if isinstance(wanted, _Wanted):
                batch.append(wanted)
                if wanted.doubt:
                    result.doubt(wanted.doubt)
            else:
                result.fail(wanted)
            if len(batch) == _AT_ONCE:
                _write(shop, batch, result)
                batch = []
            error = wanted.doubt if isinstance(wanted, _Wanted) else wanted
            if watch is not None and (error or not batch):
                watch(rows.position / size, result, error)
    _write(shop, batch, result)


def _dates_of(shop: Shop, table: Table, columns: _Columns) -> DateOrder:
    """Whether day or month comes first in the file's dates; unknown where no date shows it."""
    evidence = DateEvidence(shop.zone, shop.clock())
    with reading(table) as rows:
        for row in rows:
            if isinstance(row, Line):
                for place in columns.since:
                    evidence.see(row.cells[place].strip().partition(" ")[0])
    return evidence.order_if_shown()


def check_columns(header: Sequence[str]) -> None:
    """Checks that one of the columns holds addresses, or that the first line is an address itself.

    Raises: `InvalidInputError`.
    """
    if not any(map(_is_address, header)):
        _columns(header)


def _opened(path: Path, encoding: str) -> Table:
    """The table. Where its encoding is unclear the likeliest is used: addresses are the same in all of them."""
    try:
        return open_table(path, encoding)
    except UnclearEncodingError as error:
        return open_table(path, error.readings[0].name)


def _with_titles(table: Table) -> Table:
    """The table; its first line counts as a row if it has an address. Its other columns are named by their cells."""
    place = next((place for place, cell in enumerate(table.header) if _is_address(cell)), None)
    if place is None:
        return table
    titles = ["email" if index == place else _title_of(cell, index) for index, cell in enumerate(table.header)]
    return replace(table, header=tuple(titles), header_line=0)


def _title_of(cell: str, place: int) -> str:
    """The title of a column without one, by its first cell."""
    with suppress(ValueError):
        moment_of(cell, ZoneInfo("UTC"))
        return "date"
    reason = reason_of(cell)
    return f"column {place}" if reason is None else "state" if reason is SuppressionReason.MANUAL else "reason"


def _is_address(text: str) -> bool:
    return "@" in text and " " not in text


def _columns(header: Sequence[str]) -> _Columns:
    refuse_other_file(header, ImportKind.SUPPRESSIONS)
    titles = [title_words(title) for title in header]
    addresses = [place for place, title in enumerate(titles) if title in ADDRESS_TITLES]
    if not addresses:
        raise InvalidInputError("The file has no column “E-mail address”.", "file")
    sure = [place for place in addresses if "mail" in titles[place]] or addresses
    if len(sure) > 1:
        raise InvalidInputError("Several columns have addresses; it is not clear which one counts.", "file")
    address = sure[0]

    def places(known: Sequence[str]) -> tuple[int, ...]:
        return tuple(titles.index(title) for title in known if title in titles and titles.index(title) != address)

    note = next((place for place, title in enumerate(titles) if title in {"note", "notes", "comment"}), None)
    return _Columns(address, places(REASON_TITLES), places(SINCE_TITLES), note, reason_of_columns(titles))


def export_suppressions(
    shop: Shop,
    actor: Actor,
    target: Path | BinaryIO,
    format: Format | str = Format.CSV,
    reason: SuppressionReason | None = None,
) -> int:
    """Writes the list, a row for each address and reason, and returns how many rows. It can be imported again.

    With `reason`, only the entries whose strongest it is, as they are listed.

    Raises: `PermissionDeniedError`, `InvalidInputError`.
    """
    return export_table(shop, actor, target, format, "Suppressions", COLUMNS, _rows(shop, reason))


def _read(shop: Shop, actor: Actor, row: Line | BrokenLine, columns: _Columns, dates: DateOrder) -> _Wanted | LineError:
    if isinstance(row, BrokenLine):
        return LineError(row.number, row.reason)
    cells = [shown(cell.strip()) for cell in row.cells]
    try:
        address = _address(cells[columns.address])
        reason, said = _reason(cells, columns)
        since, doubt = _since(shop, next((cells[place] for place in columns.since if cells[place]), ""), dates)
    except InvalidInputError as error:
        return LineError(row.number, error.sentence)
    doubts = [f"“{_note(said)[:30]}” is not a reason that is known; it counts as manual."] if reason is None else []
    doubts += [doubt] if doubt else []
    note = (cells[columns.note] if columns.note is not None else "") or said
    cause = Cause(reason or SuppressionReason.MANUAL, since, IMPORTED, actor.username, _note(note))
    return _Wanted(address, cause, LineError(row.number, " ".join(doubts)) if doubts else None)


def _address(text: str) -> str:
    if not text:
        raise InvalidInputError("The e-mail address is missing.")
    try:
        return email_of(text)
    except InvalidInputError as error:
        raise InvalidInputError("This is not an email address.") from error


def _reason(cells: Sequence[str], columns: _Columns) -> tuple[SuppressionReason | None, str]:
    """The strongest reason of a row, None for an unknown one; and its words where they say more.

    Raises: `InvalidInputError` when the row says that the address gets mail.
    """
    words = [cells[place] for place in columns.reasons if cells[place]]
    known = [(reason, text) for text in words if (reason := reason_of(text))]
    if known:
        reason, said = min(known, key=lambda pair: pair[0].weakness)
        return reason, said if len(said.split()) > _PLAIN_WORDS else ""
    if columns.reason_of_all or not words:
        return columns.reason_of_all or SuppressionReason.MANUAL, ""
    if any(gets_mail(text) for text in words):
        raise InvalidInputError(f"“{words[0][:30]}” says that the address gets mail, so it is not put on the list.")
    return None, words[0]


def _note(text: str) -> str:
    """The words as a note, without unprintable characters, and without addresses, which history does not keep."""
    printable = "".join(character if character.isprintable() else " " for character in text)
    return " ".join("…" if "@" in word else word for word in printable.split())[:NOTE_LENGTH]


def _since(shop: Shop, text: str, dates: DateOrder) -> tuple[datetime, str]:
    """The moment in any written form, and what is doubtful about it. Without a text it is now."""
    if not text:
        return shop.clock(), ""
    try:
        moment, unclear = moment_of(text, shop.zone, dates)
        checked = check_placed_at(moment, shop.clock(), "The date").astimezone(UTC)
    except (ValueError, InvalidInputError):
        return shop.clock(), f"“{text[:30]}” is not a date in the past; the address is on the list since now."
    return (
        checked,
        f"“{text[:30]}” may be one of two days; the later one counts, unless you say which comes first."
        if unclear
        else "",
    )


def _write(shop: Shop, batch: Sequence[_Wanted], result: SuppressionImport) -> None:
    """Writes many, each in its own transaction. Those that somebody else changed, or that are doubled, come singly."""
    keys = [schema.suppression_key(digest_of(email_identity(wanted.address))) for wanted in batch]
    found = shop.store.get_many(keys)
    planned = [
        adding_writes(shop, wanted.address, wanted.cause, found.get(key))[1]
        for wanted, key in zip(batch, keys, strict=True)
    ]
    outcomes = shop.store.transact_each([writes for writes in planned if writes])
    done = iter(outcomes)
    for wanted, writes in zip(batch, planned, strict=True):
        error = next(done) if writes else None
        if isinstance(error, StaleReadError):
            result.count(add_cause(shop, wanted.address, wanted.cause).changed)
        elif error is not None:
            raise error
        else:
            result.count(bool(writes))


def _rows(shop: Shop, only: SuppressionReason | None) -> Iterator[tuple[Cell, ...]]:
    for reason in SuppressionReason if only is None else (only,):
        query = Query(schema.MAIL, schema.suppression_line(reason.value), index="timeline", limit=_AT_ONCE)
        keys = []
        for row in pages_of(shop.store, query):
            keys.append(row.key)
            if len(keys) == _AT_ONCE:
                yield from _rows_of(shop, keys)
                keys = []
        yield from _rows_of(shop, keys)


def _rows_of(shop: Shop, keys: list[Key]) -> Iterator[tuple[Cell, ...]]:
    found = shop.store.get_many(keys)
    listed = ((key, found[key]) for key in keys if key in found)
    for entry in readable(shop, listed, lambda _, item: suppression_from(item)):
        for cause in () if entry.is_erased else entry.causes:
            # As text with its offset: cells of spreadsheets have no zones and would be read back an hour off.
            yield (entry.address, cause.reason.value, to_text(cause.at), cause.source, cause.by, cause.note)
