"""What engineers ask from a terminal: the audit log."""

from __future__ import annotations

from itertools import islice
from typing import Annotated

import typer

from backend.cli.output import Json, write_json, write_table
from backend.cli.running import opened_shop
from backend.domain.audit import AuditEntry
from backend.domain.team import COMMAND_LINE
from backend.services import audit as audit_log
from backend.services.audit import AuditFilter


def add_to(app: typer.Typer) -> None:
    app.command("audit")(audit)


def audit(
    month: Annotated[str, typer.Option(help="A month such as 2026-11 (UTC); the present one without it.")] = "",
    who: Annotated[str, typer.Option(help="Only those of this person (part of the username).")] = "",
    action: Annotated[str, typer.Option(help="Only those whose action contains this.")] = "",
    target: Annotated[str, typer.Option(help="Only those whose target contains this, such as campaign:0A1B.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many at most.")] = 50,
    as_json: Json = False,
) -> None:
    """List who did what to what, newest first."""
    with opened_shop("audit") as shop:
        wanted = AuditFilter(month or audit_log.months_until_now(shop, 1)[0], who, action, target)
        found = list(islice(audit_log.all_entries(shop, COMMAND_LINE, wanted), limit))
        if as_json:
            write_json([_line(entry) for entry in found])
        elif not found:
            typer.echo("Nothing is noted here.")
        else:
            columns = ("at", "who", "action", "target", "detail")
            write_table(columns, [[_line(entry)[name] for name in columns] for entry in found])


def _line(entry: AuditEntry) -> dict[str, str]:
    return {
        "at": entry.at.isoformat(timespec="seconds"),
        "who": entry.actor,
        "role": entry.role,
        "action": entry.action,
        "target": entry.target,
        "detail": entry.detail,
    }
