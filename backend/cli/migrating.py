"""Brings the store of an earlier version up to date, beside a running shop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from backend.cli.output import Json, ProgressLine, write_json, write_table
from backend.cli.running import fail, opened_shop
from backend.domain.team import COMMAND_LINE
from backend.services.migrations import run
from backend.services.migrations.run import Stage, Standing

app = typer.Typer(help="Bring the store of an earlier version up to date.", invoke_without_command=True)


@app.callback()
def migrate(
    context: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count what would be changed.")] = False,
    as_json: Json = False,
) -> None:
    """Do what is left of each migration. It may be interrupted, and run again; the shop may go on meanwhile.

    Exit code 1 when processes of another version still run: run it again when they have ended.
    """
    if context.invoked_subcommand is not None:
        return
    with opened_shop("migrate") as shop:
        line, act = ProgressLine(), run.preview if dry_run else run.migrate
        found = act(shop, COMMAND_LINE, lambda at: line.show(f"{at.name}: {at.looked:,} items, {at.changed:,} changed"))
        line.end()
        _show(found, as_json)
        if not dry_run and any(each.stage is not Stage.DONE for each in found):
            fail(f"Other versions still run ({', '.join(run.others_running(shop))}). End them, then run it again.")


@app.command("status")
def status(as_json: Json = False) -> None:
    """Show how far each migration is."""
    with opened_shop("migrate status") as shop:
        _show(run.standings(shop, COMMAND_LINE), as_json)


def _show(found: Sequence[Standing], as_json: bool) -> None:
    if as_json:
        write_json([_facts(each) for each in found])
    elif not found:
        typer.echo("Nothing is left to do.")
    else:
        rows = [(each.name, each.stage.value, f"{each.looked:,}", f"{each.changed:,}", each.purpose) for each in found]
        write_table(("migration", "stage", "looked at", "changed", "so that"), rows, right=(2, 3))


def _facts(each: Standing) -> dict[str, object]:
    done_at = each.done_at.isoformat() if each.done_at else None
    return {"name": each.name, "stage": each.stage, "looked": each.looked, "changed": each.changed, "done_at": done_at}
