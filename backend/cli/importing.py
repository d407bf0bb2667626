"""Bringing in orders, customers and products from files."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Annotated

import typer

from backend.cli.output import Json, ProgressLine, write_json
from backend.cli.running import opened_shop, say
from backend.domain import imports as domain
from backend.domain.imports import ImportResult
from backend.domain.team import COMMAND_LINE
from backend.errors import InvalidInputError
from backend.services import imports
from backend.services.context import Shop

app = typer.Typer(no_args_is_help=True, help="Bring in orders, customers or products from a CSV or Excel file.")

File = Annotated[
    Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="The CSV file or Excel workbook.")
]
Report = Annotated[
    Path | None, typer.Option(help="Where to write what was left out; a new file in DATA_DIR otherwise.")
]
Sheet = Annotated[str, typer.Option(help="The sheet of an Excel workbook; the first one otherwise.")]
Encoding = Annotated[str, typer.Option(help="The file's encoding, where it is not recognised.")]
_LOOKED_AT = 50
"""Rows of a workbook that show what its columns are called."""
Map = Annotated[
    list[str] | None,
    typer.Option("--map", metavar="FIELD=COLUMN", help="Which column is which field; once for each field."),
]


@app.command("orders")
def import_orders(
    file: File,
    report: Report = None,
    encoding: Encoding = "",
    sheet: Sheet = "",
    dates: Annotated[
        str, typer.Option(help="day-first or month-first, where the file does not show how its dates are written.")
    ] = "",
    new_days: Annotated[
        int, typer.Option(help="New orders of so many days (30 at most) start automations; older ones never do.")
    ] = 0,
    mapping: Map = None,
    source: Annotated[
        str, typer.Option(help="The shop or program of the orders, where the file is not recognised.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Import orders of any shop. The same file again changes nothing; after an interruption run it again."""
    with opened_shop("import orders") as shop:
        chosen = _order_mapping(shop, _header(file, encoding, sheet), mapping or [], source)
        progress = _ProgressLine()
        try:
            result = imports.import_orders(
                shop,
                COMMAND_LINE,
                file,
                report=report,
                progress=progress,
                encoding=encoding,
                sheet=sheet,
                dates=dates,
                new_days=new_days,
                mapping=chosen,
            )
        finally:
            progress.end()
        _print(result, as_json)


@app.command("customers")
def import_customers(
    file: File,
    mapping: Map = None,
    report: Report = None,
    encoding: Encoding = "",
    sheet: Sheet = "",
    as_json: Json = False,
) -> None:
    """Import customers from any CSV. Without --map, the titles of the columns decide which field they are."""
    with opened_shop("import customers") as shop:
        chosen = _mapping(mapping, imports.CUSTOMER_FIELDS) if mapping else _guessed(_header(file, encoding, sheet))
        progress = _ProgressLine()
        try:
            result = imports.import_customers(
                shop, COMMAND_LINE, file, chosen, report=report, progress=progress, encoding=encoding, sheet=sheet
            )
        finally:
            progress.end()
        _print(result, as_json)


@app.command("products")
def import_products(
    file: File, report: Report = None, encoding: Encoding = "", sheet: Sheet = "", as_json: Json = False
) -> None:
    """Import Shopify's export of products. The same file again changes nothing."""
    with opened_shop("import products") as shop:
        progress = _ProgressLine()
        try:
            result = imports.import_products(
                shop, COMMAND_LINE, file, report=report, progress=progress, encoding=encoding, sheet=sheet
            )
        finally:
            progress.end()
        _print(result, as_json)


def _mapping(pairs: Sequence[str], known: Collection[str]) -> dict[str, str]:
    mapping: dict[str, str] = {}
    for pair in pairs:
        field, equals, title = pair.partition("=")
        if not equals or field.strip() not in known:
            raise InvalidInputError(f"--map is written such as email=Mail. Fields: {', '.join(known)}.", "map")
        mapping[field.strip()] = title.strip()
    return mapping


def _order_mapping(shop: Shop, header: Sequence[str], pairs: Sequence[str], source: str) -> domain.OrderMapping | None:
    """The remembered or recognised columns, with those that were asked for; None for Shopify's own export."""
    asked = _mapping(pairs, imports.ORDER_FIELDS)
    if imports.is_shopifys(header) and not asked:
        return None
    found = imports.mapping_of(shop, header, asked, source)
    columns = ", ".join(f"{field}={title}" for field, title in found.columns.items())
    say(f"{found.label or 'A table of orders'} ({found.source}). Columns: {columns}")
    return found


def _header(file: Path, encoding: str, sheet: str) -> Sequence[str]:
    with imports.as_csv(file, sheet, rows=_LOOKED_AT) as table:
        return imports.read_preview(table, encoding=encoding).header


def _guessed(header: Sequence[str]) -> dict[str, str]:
    imports.refuse_other_file(header, domain.ImportKind.CUSTOMERS)
    mapping = imports.guess_mapping(header)
    say("Columns: " + (", ".join(f"{field}={title}" for field, title in mapping.items()) or "none recognised"))
    return mapping


class _ProgressLine:
    """Shows how far the import is."""

    def __init__(self) -> None:
        self._line = ProgressLine()

    def __call__(self, progress: domain.ImportProgress) -> None:
        self._line.show(f"{progress.share:4.0%}  {progress.counts.total:,} read")

    def end(self) -> None:
        self._line.end()


def _print(result: ImportResult, as_json: bool) -> None:
    if result.report is not None:
        cells = "1 cell was" if result.repaired == 1 else f"{result.repaired:,} cells were"
        repaired = f"{cells} repaired" if result.repaired else ""
        failed = f"{result.counts.failed:,} could not be taken over" if result.counts.failed else ""
        summary = (
            " and ".join(filter(None, (failed, repaired))) or "Rows that repeat titles or add up others were skipped"
        )
        say(f"{summary}; which and why: {result.report}")
    if as_json:
        write_json(result.figures())
        return
    counts = result.counts
    typer.echo(
        f"{result.kind.value.capitalize()}: {counts.created:,} created, {counts.updated:,} updated, "
        f"{counts.unchanged:,} unchanged, {counts.failed:,} left out ({result.seconds:.1f} s)"
    )
    if result.kind is domain.ImportKind.ORDERS:
        typer.echo(f"Customers: {result.customers.created:,} created")
        typer.echo(f"Treated as new: {result.new:,} (only these start automations)")
        if result.missed_since is not None:
            had = "1 order" if result.missed == 1 else f"{result.missed:,} orders"
            since = result.missed_since.date().isoformat()
            typer.echo(f"{had} of this file had not arrived by webhook since {since}")
