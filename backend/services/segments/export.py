"""The customers of a segment as a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from backend.domain.segments import Rule
from backend.domain.team import Actor, Permission
from backend.records.customers import customer_at
from backend.services.audit import log as audit_log
from backend.services.context import Shop
from backend.services.exports import customers
from backend.services.exports.writers import Cell, Format, write_table
from backend.services.segments.audience import audience_ids, still_matches
from backend.services.unreadable.items import readable
from backend.store import schema


def export_segment(
    shop: Shop, actor: Actor, rule: Rule, target: Path | BinaryIO, format: Format | str = Format.CSV, *, name: str = ""
) -> int:
    """Writes who belongs to the rule now, ascending by id, and returns how many. The export is noted in the audit log.

    The columns are those of the customers' export. A path holds the whole file or what it held before, never a part.

    Raises: `PermissionDeniedError`, `InvalidInputError`, `SnapshotMissingError`, `SnapshotFailedError`.
    """
    actor.require(Permission.EXPORT_DATA)
    kind = Format.of(format)
    count = write_table(target, kind, "Customers", customers.COLUMNS, _rows(shop, rule), shop.currency)
    audit_log.note(shop, actor, "exported a segment", f"segment:{name}" if name else "segment", f"{count} customers")
    return count


def _rows(shop: Shop, rule: Rule) -> Iterator[tuple[Cell, ...]]:
    for ids in audience_ids(shop, rule):
        keys = [schema.customer_key(customer_id) for customer_id in ids]
        items = shop.store.get_many(keys)
        found = list(readable(shop, ((key, items[key]) for key in keys if key in items), customer_at))
        belongs = still_matches(shop, rule, found)
        yield from (customers.row_of(customer, shop) for customer in found if belongs[customer.id])
