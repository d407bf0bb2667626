"""The system from a terminal: whether everything works, the alerts, the audit log."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Literal

import typer

from backend import bootstrap
from backend.cli.options import Cursor, Limit
from backend.cli.output import Json, collected, part_of, write_json, write_page, write_table
from backend.cli.running import opened_shop
from backend.config import load_settings
from backend.domain.alerts import Alert
from backend.domain.audit import AuditEntry
from backend.domain.health import State
from backend.domain.team import COMMAND_LINE
from backend.secret_file import seal_key
from backend.services.alerts import notifications, states
from backend.services.audit import log as audit_log
from backend.services.audit import seals
from backend.services.audit.log import AuditFilter
from backend.services.context import Shop
from backend.services.system.health import health_of
from backend.services.system.installation import System

alerts_app = typer.Typer(help="Look at alerts, and test who is notified.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    app.command("health")(health)
    app.command("audit")(audit)
    app.add_typer(alerts_app, name="alerts")


def health(as_json: Json = False) -> None:
    """Show how each part of the running installation is. Exit code 1 when one does not work."""
    with opened_shop("health") as shop:
        found = health_of(_system(shop), COMMAND_LINE)
        works = all(part.state is not State.DOWN for part in found)
        if as_json:
            parts = [
                {"part": p.part, "state": p.state.name.lower(), "found": p.found, "advice": p.advice} for p in found
            ]
            write_json({"ok": works, "parts": parts})
        else:
            rows = [(part.part, part.state.value, f"{part.found} {part.advice}".strip()) for part in found]
            write_table(("part", "state", "found"), rows)
        if not works:
            raise typer.Exit(1)


@alerts_app.command("list")
def list_alerts(
    month: Annotated[str, typer.Option(help="Those of a month such as 2026-11 (UTC); the open ones without it.")] = "",
    limit: Limit = 50,
    cursor: Cursor = "",
    as_json: Json = False,
) -> None:
    """List the alerts that are open, or those that began in a month, newest first."""
    with opened_shop("alerts list") as shop:

        def read(size: int, place: str | None) -> tuple[list[Alert], str | None]:
            return states.list_past(shop, COMMAND_LINE, month, limit=size, cursor=place)

        if month:
            found, following = collected(limit, cursor, read)
        else:
            opened = [alert for alert in states.list_current(shop, COMMAND_LINE) if alert.is_open]
            found, following = part_of(opened, limit, cursor)
        if not found and not as_json:
            typer.echo("No alerts.")
            return
        columns = ("opened_at", "rule", "stage", "sentence", "told")
        write_page([_alert(alert) for alert in found], following, columns, as_json=as_json)


@alerts_app.command("test")
def notify_of_a_test(as_json: Json = False) -> None:
    """Send a test alert to everybody who is notified of alerts, and print how it was sent."""
    with opened_shop("alerts test") as shop:
        system = _system(shop)
        identity = notifications.send_test(system, COMMAND_LINE)
        notifications.notify_all(system)
        notified = next(
            (a.notified_by for a in states.list_past(shop, COMMAND_LINE, _month(shop))[0] if a.id == identity), ""
        )
        if as_json:
            write_json({"id": identity, "told": notified})
        else:
            typer.echo(
                f"Notified: {notified}." if notified else "Nobody could be notified yet; the worker tries again."
            )


def _system(shop: Shop) -> System:
    settings = load_settings()
    return System(shop, bootstrap.open_mailer(settings, shop), settings)


def _month(shop: Shop) -> str:
    return audit_log.months_until_now(shop, 1)[0]


def _alert(alert: Alert) -> dict[str, str]:
    return {
        "id": alert.id,
        "rule": alert.rule.value,
        "subject": alert.subject,
        "stage": alert.stage.value,
        "opened_at": alert.opened_at.isoformat(timespec="seconds"),
        "sentence": alert.sentence,
        "told": alert.notified_by,
    }


def audit(
    what: Annotated[
        Literal["list", "verify"],
        typer.Argument(help="verify looks for entries changed since they were sealed."),
    ] = "list",
    month: Annotated[str, typer.Option(help="A month such as 2026-11 (UTC); the present one without it.")] = "",
    who: Annotated[str, typer.Option(help="Only those of this person (part of the username).")] = "",
    action: Annotated[str, typer.Option(help="Only those whose action contains this.")] = "",
    target: Annotated[str, typer.Option(help="Only those whose target contains this, such as campaign:0A1B.")] = "",
    limit: Limit = 50,
    cursor: Cursor = "",
    as_json: Json = False,
) -> None:
    """List who did what to what, newest first; or check that nobody has changed it."""
    with opened_shop("audit") as shop:
        if what == "verify":
            _verify(shop, as_json=as_json)
            return
        wanted = AuditFilter(month or _month(shop), who, action, target)

        def read(size: int, place: str | None) -> tuple[list[AuditEntry], str | None]:
            page = audit_log.list_entries(shop, COMMAND_LINE, wanted, limit=size, cursor=place)
            return page.entries, page.cursor

        found, following = collected(limit, cursor, read)
        if not found and not as_json:
            typer.echo("The audit log has no entries.")
            return
        columns = ("at", "who", "action", "target", "detail")
        write_page([_line(entry) for entry in found], following, columns, as_json=as_json)


def _verify(shop: Shop, *, as_json: bool) -> None:
    found = seals.verify(shop, COMMAND_LINE, seal_key(load_settings()))
    if as_json:
        write_json(asdict(found))
    else:
        typer.echo("\n".join(found.faults) or found.sentence)
    if found.faults:
        raise typer.Exit(1)


def _line(entry: AuditEntry) -> dict[str, str]:
    return {
        "at": entry.at.isoformat(timespec="seconds"),
        "who": entry.actor,
        "role": entry.role,
        "action": entry.action,
        "target": entry.target,
        "detail": entry.detail,
    }
