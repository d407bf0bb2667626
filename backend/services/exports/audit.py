"""The audit log as a file. It is a module of its own, because everything that writes into the log imports `audit`."""

from __future__ import annotations

from io import BytesIO

from backend.domain.team import Actor
from backend.services.audit.log import AuditFilter, all_entries
from backend.services.context import Shop
from backend.services.exports.writers import Format, write_table


def export_csv(shop: Shop, actor: Actor, wanted: AuditFilter) -> bytes:
    """The entries that match as a CSV file for spreadsheets; moments are in the shop's zone.

    Raises: as `audit.list_entries`.
    """
    out = BytesIO()
    rows = (
        (
            found.at.astimezone(shop.zone).replace(tzinfo=None),
            found.actor,
            found.role,
            found.action,
            found.target,
            found.detail,
        )
        for found in all_entries(shop, actor, wanted)
    )
    header = ("At", "Who", "Role", "Action", "Target", "Detail")
    write_table(out, Format.CSV, "Audit log", header, rows, shop.currency)
    return out.getvalue()
