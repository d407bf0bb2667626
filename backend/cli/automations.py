"""Automations: see them, switch them on and off, and try them on the last month."""

from __future__ import annotations

from typing import Annotated

import typer

from backend.cli.options import Cursor, Limit
from backend.cli.output import Json, part_of, write_json, write_page, write_table
from backend.cli.running import opened_shop
from backend.domain.automations import Automation
from backend.domain.team import COMMAND_LINE
from backend.services.automations import saved
from backend.services.automations.defaults import add_defaults
from backend.services.automations.dry_run import dry_run as try_out
from backend.services.automations.figures import figures_of
from backend.services.automations.waiting_triggers import count_waiting
from backend.services.context import Shop
from backend.services.triggers import active

app = typer.Typer(no_args_is_help=True, help="Emails that send themselves when something happens.")

Id = Annotated[str, typer.Argument(help="The automation's id; `automation list` shows it.")]


@app.command("list")
def list_automations(limit: Limit = 100, cursor: Cursor = "", as_json: Json = False) -> None:
    """List automations with their figures."""
    with opened_shop("automation list") as shop:
        waiting = count_waiting(shop).by_automation
        found, following = part_of(active.all_automations(shop), limit, cursor)
        lines = [_line(shop, each, waiting.get(each.id, 0)) for each in found]
        if as_json:
            write_page(lines, following, (), as_json=True)
            return
        columns = ("id", "name", "on", "trigger", "steps", "waiting", "requested", "sent", "failed")
        shown = [{name: _cell(line[name]) for name in columns} for line in lines]
        write_page(shown, following, columns, as_json=False, right=(4, 5, 6, 7, 8))


def _line(shop: Shop, automation: Automation, waiting: int) -> dict[str, object]:
    figures = figures_of(shop, automation.id)
    return {
        "id": automation.id,
        "name": automation.name,
        "on": automation.on,
        "trigger": automation.kind.value,
        "steps": len(automation.steps),
        "waiting": waiting,
        "answered": figures.answered,
        "requested": figures.requested,
        "sent": figures.sent,
        "failed": figures.failed + figures.broken,
        "unknown": figures.unknown,
        "skipped": {reason.name.lower(): number for reason, number in figures.skipped_by.items()},
        "ended": figures.ended,
    }


def _cell(value: object) -> object:
    return {True: "on", False: "off"}.get(value, value) if isinstance(value, bool) else value


@app.command("add-defaults")
def add_the_defaults(as_json: Json = False) -> None:
    """Add the usual four (confirmation, shipping note, review request, win-back), off. Again changes nothing."""
    with opened_shop("automation add-defaults") as shop:
        there = add_defaults(shop, COMMAND_LINE)
        if as_json:
            write_json([{"id": each.id, "on": each.on} for each in there])
            return
        typer.echo(f"There: {', '.join(each.id for each in there)}.")


@app.command("on")
def switch_on(automation: Id, as_json: Json = False) -> None:
    """Switch an automation on. It listens some seconds later."""
    with opened_shop("automation on") as shop:
        seen = saved.get_automation(shop, automation)
        _print(saved.switch_on(shop, COMMAND_LINE, automation, seen.version), as_json)


@app.command("off")
def switch_off(automation: Id, as_json: Json = False) -> None:
    """Switch an automation off. What comes due while it is off is not sent."""
    with opened_shop("automation off") as shop:
        seen = saved.get_automation(shop, automation)
        _print(saved.switch_off(shop, COMMAND_LINE, automation, seen.version), as_json)


def _print(automation: Automation, as_json: bool) -> None:
    if as_json:
        write_json({"id": automation.id, "on": automation.on})
        return
    typer.echo(f"“{automation.name}” is {'on' if automation.on else 'off'}.")


@app.command("dry-run")
def dry_run(automation: Id, as_json: Json = False) -> None:
    """Show what an automation would have sent in the last 30 days. Nothing is sent."""
    with opened_shop("automation dry-run") as shop:
        found = try_out(shop, COMMAND_LINE, saved.get_automation(shop, automation))
        if as_json:
            write_json(
                {
                    "first": found.first.isoformat(),
                    "last": found.last.isoformat(),
                    "would_send": found.total,
                    "by_day": {day.isoformat(): number for day, number in found.by_day.items()},
                    "left_out": found.left_out,
                    "complete": found.complete,
                }
            )
            return
        write_table(("day", "emails"), [(day, number) for day, number in found.by_day.items()], right=(1,))
        emails = "1 email" if found.total == 1 else f"{found.total:,} emails"
        typer.echo(f"{emails} from {found.first} to {found.last}.")
        for reason, number in found.left_out.items():
            typer.echo(f"{number:,} not: {reason}.")
        if not found.complete:
            typer.echo("There was more than is looked at; these were the newest.")
