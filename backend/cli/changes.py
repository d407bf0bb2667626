"""Recorded changes from a terminal: what was done in the last 30 days, and undoing it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import orjson
import typer

from backend.cli.options import Cursor, Limit
from backend.cli.output import Json, collected, write_json, write_page
from backend.cli.running import opened_shop
from backend.domain.changes import Change, ChangeEntry
from backend.domain.team import COMMAND_LINE
from backend.domain.time import to_text
from backend.services.changes.reading import get_change, list_changes, list_entries
from backend.services.undo.undoing import Undo, preview_undo, undo_change

app = typer.Typer(no_args_is_help=True, help="Show what was changed in the last 30 days, and undo it.")

Id = Annotated[str, typer.Argument(metavar="ID", help="The id of a change; “changes list” shows them.")]


@app.command("list")
def list_all(
    by: Annotated[str, typer.Option("--who", help="Only those of this username.")] = "",
    limit: Limit = 50,
    cursor: Cursor = "",
    as_json: Json = False,
) -> None:
    """List the changes, newest first."""
    with opened_shop("changes list") as shop:

        def read(size: int, place: str | None) -> tuple[list[Change], str | None]:
            page = list_changes(shop, COMMAND_LINE, by=by, limit=size, cursor=place)
            return page.changes, page.cursor

        found, following = collected(limit, cursor, read)
        if not found and not as_json:
            typer.echo("There are no changes.")
            return
        columns = ("id", "at", "who", "change", "count", "state", "undone")
        write_page([_line(change) for change in found], following, columns, as_json=as_json, right=(4, 6))


@app.command("show")
def show(change_id: Id, limit: Limit = 50, cursor: Cursor = "", as_json: Json = False) -> None:
    """Show what a change touched, with before and after."""
    with opened_shop("changes show") as shop:
        get_change(shop, COMMAND_LINE, change_id)

        def read(size: int, place: str | None) -> tuple[list[ChangeEntry], str | None]:
            return list_entries(shop, COMMAND_LINE, change_id, limit=size, cursor=place)

        found, following = collected(limit, cursor, read)
        columns = ("kind", "thing", "name", "before", "after", "state")
        write_page([_entry(entry, as_json=as_json) for entry in found], following, columns, as_json=as_json)


@app.command("undo")
def undo(
    change_id: Id,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be taken back.")] = False,
    as_json: Json = False,
) -> None:
    """Take a change back. What has changed since stays, and is listed; again does what is left."""
    with opened_shop("changes undo") as shop:
        found = (preview_undo if dry_run else undo_change)(shop, COMMAND_LINE, change_id)
        if as_json:
            write_json(asdict(found))
            return
        typer.echo(_told(found, dry_run=dry_run))


def _told(found: Undo, *, dry_run: bool) -> str:
    lines = [f"{found.taken_back} {'would be' if dry_run else 'were'} taken back, {found.before} were before."]
    return "\n".join(lines + [f"Left: {each.name}: {each.why}" for each in found.left])


def _line(change: Change) -> dict[str, Any]:
    return {
        "id": change.id,
        "at": to_text(change.at),
        "who": change.by,
        "change": change.summary,
        "count": change.count,
        "state": change.state.value,
        "undone": change.taken_back,
    }


def _entry(entry: ChangeEntry, *, as_json: bool) -> dict[str, Any]:
    state = "erased" if entry.erased else "undone" if entry.undone else entry.left
    values = {"before": entry.before, "after": entry.after}
    texts = values if as_json else {name: orjson.dumps(value).decode() for name, value in values.items()}
    return {"kind": entry.kind, "thing": entry.id, "name": entry.name, **texts, "state": state}
