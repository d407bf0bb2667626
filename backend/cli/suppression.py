"""The suppression list: look at it, change it, take it in and out as a file."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from backend.cli.options import Cursor, Limit
from backend.cli.output import Json, collected, write_json, write_page
from backend.cli.running import opened_shop, say
from backend.domain.suppression import Suppression, SuppressionReason
from backend.domain.team import COMMAND_LINE
from backend.services.context import Shop
from backend.services.exports import Format
from backend.services.suppression import entries as suppression
from backend.services.suppression.files import export_suppressions, import_suppressions

app = typer.Typer(no_args_is_help=True, help="Addresses that get no mail, or no marketing mail.")

Address = Annotated[str, typer.Argument(help="The email address.")]


@app.command("add")
def add(
    address: Address,
    reason: Annotated[SuppressionReason, typer.Option(help="Why.")] = SuppressionReason.MANUAL,
    note: Annotated[str, typer.Option(help="A note for the team.")] = "",
    as_json: Json = False,
) -> None:
    """Put an address on the list. Doing it again changes nothing."""
    with opened_shop("suppression add") as shop:
        added = suppression.suppress(shop, COMMAND_LINE, address, reason=reason, note=note)
        if as_json:
            write_json({"changed": added.changed, **_entry(added.entry)})
            return
        typer.echo("Address added." if added.changed else "The address was on the list already.")


@app.command("remove")
def remove(
    address: Address,
    why: Annotated[str, typer.Option(help="Why it may get mail again; kept in the history.")],
    reason: Annotated[SuppressionReason | None, typer.Option(help="Only this reason; all without it.")] = None,
    as_json: Json = False,
) -> None:
    """Take an address off the list, or one of its reasons."""
    with opened_shop("suppression remove") as shop:
        left = suppression.unsuppress(shop, COMMAND_LINE, address, why=why, reason=reason)
        reasons = [cause.reason.value for cause in left.causes] if left else []
        if as_json:
            write_json({"address": address, "reasons": reasons})
            return
        typer.echo(f"Still on the list: {', '.join(reasons)}." if reasons else "The address is off the list.")


@app.command("list")
def list_entries(
    address: Annotated[str, typer.Option(help="Only this address.")] = "",
    reason: Annotated[SuppressionReason | None, typer.Option(help="Only those whose strongest reason this is.")] = None,
    limit: Limit = 50,
    cursor: Cursor = "",
    as_json: Json = False,
) -> None:
    """List the entries, the newest first."""
    with opened_shop("suppression list") as shop:

        def read(size: int, place: str | None) -> tuple[list[Suppression], str | None]:
            page = suppression.list_suppressions(shop, COMMAND_LINE, reason=reason, limit=size, cursor=place)
            return page.entries, page.cursor

        entries, following = (_found(shop, address), None) if address else collected(limit, cursor, read)
        if as_json:
            write_page([_entry(entry) for entry in entries], following, (), as_json=True)
            return
        columns = ("address", "reasons", "since")
        rows = [(e.address, ", ".join(g.reason.value for g in e.causes), e.at.isoformat()) for e in entries]
        write_page([dict(zip(columns, row, strict=True)) for row in rows], following, columns, as_json=False)


@app.command("import")
def import_file(
    file: Annotated[
        Path,
        typer.Argument(
            help="A CSV file with a column for the address, or a provider's JSON.", exists=True, dir_okay=False
        ),
    ],
    encoding: Annotated[str, typer.Option(help="Of the file; it is recognised without.")] = "",
    dates: Annotated[
        str, typer.Option(help="day-first or month-first, where the file does not show how its dates are written.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Take in a file. Good lines are taken over, bad ones are named by their number."""
    with opened_shop("suppression import") as shop:
        result = import_suppressions(shop, COMMAND_LINE, file, encoding=encoding, dates=dates)
        if as_json:
            write_json(asdict(result))
            return
        for error in sorted([*result.errors, *result.doubts], key=lambda error: error.line):
            say(f"Line {error.line}: {error.sentence}")
        typer.echo(f"{result.added:,} added, {result.unchanged:,} there already, {result.failed:,} left out.")
        if result.doubtful:
            say(f"{result.doubtful:,} were taken over although their reason or date was not understood.")


@app.command("export")
def export_file(
    file: Annotated[
        Path | None, typer.Argument(help="The file; without it, CSV goes to standard output.", dir_okay=False)
    ] = None,
    kind: Annotated[Format | None, typer.Option("--format", help="Without it, the file's ending decides.")] = None,
) -> None:
    """Write the whole list; the file can be imported again."""
    with opened_shop("suppression export") as shop:
        if file is None:
            export_suppressions(shop, COMMAND_LINE, sys.stdout.buffer, kind or Format.CSV)
            return
        chosen = kind or (Format.XLSX if file.suffix.lower() == ".xlsx" else Format.CSV)
        count = export_suppressions(shop, COMMAND_LINE, file, chosen)
        say(f"{count:,} rows are in {file}")


def _found(shop: Shop, address: str) -> list[Suppression]:
    entry = suppression.find_suppression(shop, address)
    return [entry] if entry else []


def _entry(entry: Suppression) -> dict[str, object]:
    return {
        "address": entry.address,
        "reasons": [
            {"reason": g.reason.value, "since": g.at.isoformat(), "source": g.source, "by": g.by, "note": g.note}
            for g in entry.causes
        ],
    }
