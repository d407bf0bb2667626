"""The one way out for lists: whoever may export writes a table, and the audit log says so."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from backend.domain.team import Actor, Permission
from backend.services.audit import log as audit_log
from backend.services.context import Shop
from backend.services.exports.writers import Cell, Format, write_table


def export_table(
    shop: Shop,
    actor: Actor,
    target: Path | BinaryIO,
    format: Format | str,
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[Cell]],
) -> int:
    """Writes the rows as they come, and returns how many. A path holds the whole file or what it held before.

    Raises: `PermissionDeniedError`, `InvalidInputError`, and what `rows` raises.
    """
    actor.require(Permission.EXPORT_DATA)
    count = write_table(target, Format.of(format), title, columns, rows, shop.currency)
    what = title.lower()
    audit_log.note(shop, actor, f"exported {what}", f"export:{what}", f"{count:,} rows")
    return count


def local(shop: Shop, moment: datetime | None) -> datetime | None:
    """The moment in the shop's zone, as files have it."""
    return None if moment is None else moment.astimezone(shop.zone).replace(tzinfo=None)
