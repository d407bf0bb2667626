"""Items of the store that cannot be read: list them, look at one, write it again, try it again, delete it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from backend.cli.options import Cursor, Limit
from backend.cli.output import Json, part_of, write_page
from backend.cli.running import opened_shop, say
from backend.domain.team import COMMAND_LINE
from backend.domain.time import to_text
from backend.errors import InvalidInputError
from backend.services.system.unreadable_items import (
    delete_unreadable,
    retry_unreadable,
    rewrite_unreadable,
    stored_form,
)
from backend.services.unreadable.items import unreadable_records

app = typer.Typer(help="Records that cannot be read, and are left out until repaired.", no_args_is_help=True)

_LARGEST_FILE = 2 * 1024 * 1024


@app.command("list")
def list_records(limit: Limit = 500, cursor: Cursor = "", as_json: Json = False) -> None:
    """List them with what is wrong and since when."""
    with opened_shop("unreadable list") as shop:
        columns = ("id", "record", "reason", "since")
        found, following = part_of(sorted(unreadable_records(shop), key=lambda each: each.id), limit, cursor)
        lines = [(each.id, each.named, each.reason, to_text(each.found_at)) for each in found]
        write_page([dict(zip(columns, line, strict=True)) for line in lines], following, columns, as_json=as_json)


@app.command("show")
def show(record: str) -> None:
    """Show what is stored, as JSON where it can be. It may hold personal data; the audit log notes the look."""
    with opened_shop("unreadable show") as shop:
        found = stored_form(shop, COMMAND_LINE, record)
        typer.echo(found.text or "The record is gone.")
        if found.seen:
            say(f"To overwrite exactly this: unreadable rewrite {record} --file FILE --seen {found.seen}")


@app.command("rewrite")
def rewrite(
    record: str,
    file: Annotated[Path, typer.Option(help="JSON as `unreadable show` writes it.")],
    seen: Annotated[
        str, typer.Option(help="The value from `unreadable show`, so that nothing else is overwritten.")
    ] = "",
) -> None:
    """Store a record again. It is read back first; the audit log notes it."""
    with opened_shop("unreadable rewrite") as shop:
        named = rewrite_unreadable(shop, COMMAND_LINE, record, _text_of(file), seen=seen).named
        typer.echo(f"{named} is stored, and can be read.")
        say("Run reconcile --fix if its figures or what leads to it may have changed.")


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
        say("Run reconcile --fix: it takes away what led to the record, and counts again.")


def _text_of(file: Path) -> str:
    try:
        if file.stat().st_size > _LARGEST_FILE:
            raise InvalidInputError("The file is larger than any record.", "file")
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInputError("The file cannot be read.", "file") from error
