"""Items of the store that cannot be read: list them, look at one, try it again, delete it."""

from __future__ import annotations

import typer

from backend.cli.output import Json, write_json, write_table
from backend.cli.running import opened_shop
from backend.domain.team import COMMAND_LINE
from backend.domain.time import to_text
from backend.services.unreadable.items import unreadable_records
from backend.services.unreadable.repair import delete_unreadable, retry_unreadable, stored_form

app = typer.Typer(help="Records that cannot be read, and are left out until repaired.", no_args_is_help=True)


@app.command("list")
def list_records(as_json: Json = False) -> None:
    """List them with what is wrong and since when."""
    with opened_shop("unreadable list") as shop:
        columns = ("id", "record", "reason", "since")
        lines = [(each.id, each.named, each.reason, to_text(each.found_at)) for each in unreadable_records(shop)]
        if as_json:
            write_json([dict(zip(columns, line, strict=True)) for line in lines])
            return
        write_table(columns, lines)


@app.command("show")
def show(record: str) -> None:
    """Show what is stored. It may hold personal data."""
    with opened_shop("unreadable show") as shop:
        typer.echo(stored_form(shop, COMMAND_LINE, record) or "The record is gone.")


@app.command("retry")
def retry(record: str) -> None:
    """Take the note away after a repair. It comes back if the record still cannot be read."""
    with opened_shop("unreadable retry") as shop:
        typer.echo(f"{retry_unreadable(shop, COMMAND_LINE, record).named} will be read again.")


@app.command("delete")
def delete(record: str) -> None:
    """Delete the record for good; the audit log notes it."""
    with opened_shop("unreadable delete") as shop:
        typer.echo(f"{delete_unreadable(shop, COMMAND_LINE, record).named} is deleted.")
