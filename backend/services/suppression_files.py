"""The suppression list as a file: taken in row by row, whoever wrote it, and given out so that it can come back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from backend.domain.customers import email_identity
from backend.domain.suppression import Ground, SuppressionReason
from backend.domain.team import Actor, Permission
from backend.domain.time import check_placed_at, from_text, to_text
from backend.errors import InvalidInputError
from backend.records.suppression import digest_of, suppression_from
from backend.services import audit
from backend.services.context import Shop
from backend.services.exports.writers import Cell, Format, write_table
from backend.services.imports.dialect import column_places, folded, open_table, reading
from backend.services.imports.fields import email_of, short_text, without_apostrophe
from backend.services.imports.reading import BrokenLine, Line
from backend.services.order_writes import SnapshotMovedError
from backend.services.suppression import NOTE_LENGTH, add_ground, adding_writes
from backend.store import schema
from backend.store.port import Key, Query, pages_of

COLUMNS = ("E-mail address", "Reason", "Since", "Source", "By", "Note")
MOST_ERRORS = 1000
"""Lines that are named; further ones are only counted."""
_AT_ONCE = 200
_KNOWN = {
    "e-mail address": "address",
    "email address": "address",
    "e-mail": "address",
    "email": "address",
    "emailaddress": "address",
    "address": "address",
    "reason": "reason",
    "since": "since",
    "note": "note",
}
_WORDS = {
    "complaint": SuppressionReason.COMPLAINT,
    "complained": SuppressionReason.COMPLAINT,
    "spam": SuppressionReason.COMPLAINT,
    "bounce": SuppressionReason.HARD_BOUNCE,
    "bounced": SuppressionReason.HARD_BOUNCE,
    "hard bounce": SuppressionReason.HARD_BOUNCE,
    "manual": SuppressionReason.MANUAL,
    "": SuppressionReason.MANUAL,
    "unsubscribe": SuppressionReason.UNSUBSCRIBED,
    "unsubscribed": SuppressionReason.UNSUBSCRIBED,
}
"""How other programs name the reasons; SES's own list says BOUNCE and COMPLAINT."""


@dataclass(frozen=True, slots=True)
class LineError:
    """A line that was left out, counted from 1, and why. The sentence names no address."""

    line: int
    sentence: str


@dataclass(slots=True)
class SuppressionImport:
    """What an import did: how many addresses got a new reason, had it already, or were left out."""

    added: int = 0
    unchanged: int = 0
    failed: int = 0
    errors: list[LineError] = field(default_factory=list)

    def fail(self, error: LineError) -> None:
        self.failed += 1
        if len(self.errors) < MOST_ERRORS:
            self.errors.append(error)

    def count(self, changed: bool) -> None:
        self.added += changed
        self.unchanged += not changed


@dataclass(frozen=True, slots=True)
class _Wanted:
    address: str
    ground: Ground


Watch = Callable[[float, SuppressionImport, LineError | None], None]
"""Told the share of the file that was read and the result so far, after some hundred addresses and at each bad line."""


def import_suppressions(
    shop: Shop, actor: Actor, path: Path, *, encoding: str = "", watch: Watch | None = None
) -> SuppressionImport:
    """Takes in a CSV file with a column for the address, and perhaps for reason, since when, and a note.

    Good lines are taken over, bad ones reported. It may be run again: what is there stays.

    Raises: `PermissionDeniedError`, `InvalidInputError` when the file is not such a table.
    """
    actor.require(Permission.MANAGE_SUPPRESSION)
    table = open_table(path, encoding)
    places = address_places(table.header)
    size = path.stat().st_size
    result, batch = SuppressionImport(), list[_Wanted]()
    with reading(table) as rows:
        for row in rows:
            wanted = _read(shop, actor, row, places)
            if isinstance(wanted, _Wanted):
                batch.append(wanted)
            else:
                result.fail(wanted)
            if len(batch) == _AT_ONCE:
                _write(shop, batch, result)
                batch = []
            if watch is not None and (isinstance(wanted, LineError) or not batch):
                watch(rows.position / size, result, wanted if isinstance(wanted, LineError) else None)
    _write(shop, batch, result)
    if watch is None:  # what is watched is a job, which was noted when somebody asked for it
        audit.note(shop, actor, "imported suppressions", "import:suppressions", f"{result.added:,} new")
    return result


def address_places(header: Sequence[str]) -> dict[str, int]:
    """Where the columns stand that are understood.

    Raises: `InvalidInputError` when none holds addresses.
    """
    places = column_places(header, _KNOWN)
    if "address" not in places:
        raise InvalidInputError("The file has no column “E-mail address”.", "file")
    return places


def export_suppressions(shop: Shop, actor: Actor, target: Path | BinaryIO, format: Format | str = Format.CSV) -> int:
    """Writes the whole list, a row for each address and reason, and returns how many rows. It can be imported again.

    Raises: `PermissionDeniedError`, `InvalidInputError`.
    """
    actor.require(Permission.EXPORT_DATA)
    count = write_table(target, Format.of(format), "Suppressions", COLUMNS, _rows(shop), shop.currency)
    audit.note(shop, actor, "exported suppressions", "export:suppressions", f"{count:,} rows")
    return count


def _read(shop: Shop, actor: Actor, row: Line | BrokenLine, places: dict[str, int]) -> _Wanted | LineError:
    if isinstance(row, BrokenLine):
        return LineError(row.number, row.reason)

    def cell(name: str) -> str:
        return row.cells[places[name]].strip() if name in places else ""

    try:
        address = _address(cell("address"))
        note = short_text(cell("note"), "Note", NOTE_LENGTH)
        ground = Ground(_reason(cell("reason")), _since(shop, cell("since")), "import", actor.username, note)
        return _Wanted(address, ground)
    except InvalidInputError as error:
        return LineError(row.number, error.sentence)


def _address(text: str) -> str:
    if not text:
        raise InvalidInputError("The e-mail address is missing.")
    try:
        return email_of(text)
    except InvalidInputError as error:
        raise InvalidInputError("This is not an e-mail address.") from error


def _reason(text: str) -> SuppressionReason:
    reason = _WORDS.get(folded(text.replace("_", " ")))
    if reason is None:
        raise InvalidInputError(
            f"“{text[:30]}” is not a reason; complaint, hard_bounce, manual and unsubscribed are possible."
        )
    return reason


def _since(shop: Shop, text: str) -> datetime:
    """A moment as exported, or any in ISO form; without an offset it is the shop's time. None is now."""
    if not text:
        return shop.clock()
    try:
        moment = from_text(without_apostrophe(text))
    except ValueError as error:
        raise InvalidInputError(f"“{text[:30]}” is not a date such as 2026-11-26.") from error
    aware = moment if moment.tzinfo else moment.replace(tzinfo=shop.zone)
    return check_placed_at(aware, shop.clock(), "The date").astimezone(UTC)


def _write(shop: Shop, batch: Sequence[_Wanted], result: SuppressionImport) -> None:
    """Many at once, each on its own; what somebody else changed meanwhile, or stands twice, is done one by one."""
    keys = [schema.suppression_key(digest_of(email_identity(wanted.address))) for wanted in batch]
    found = shop.store.get_many(keys)
    planned = [
        adding_writes(shop, wanted.address, wanted.ground, found.get(key))[1]
        for wanted, key in zip(batch, keys, strict=True)
    ]
    outcomes = shop.store.transact_each([writes for writes in planned if writes])
    done = iter(outcomes)
    for wanted, writes in zip(batch, planned, strict=True):
        error = next(done) if writes else None
        if isinstance(error, SnapshotMovedError):
            result.count(add_ground(shop, wanted.address, wanted.ground).changed)
        elif error is not None:
            raise error
        else:
            result.count(bool(writes))


def _rows(shop: Shop) -> Iterator[tuple[Cell, ...]]:
    for reason in SuppressionReason:
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
    for entry in (suppression_from(found[key]) for key in keys if key in found):
        for ground in entry.grounds:
            # A text with offset, since cells of spreadsheets have no zones and would come back an hour off.
            yield (entry.address, ground.reason.value, to_text(ground.at), ground.source, ground.by, ground.note)
