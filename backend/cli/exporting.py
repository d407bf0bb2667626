"""Taking out customers and orders as CSV or XLSX."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from backend.cli.options import FIRST_DAY, FromDay, ToDay, day_of_text
from backend.cli.output import Json, write_json
from backend.cli.running import opened_shop, say
from backend.domain.orders import OrderStatus
from backend.domain.team import COMMAND_LINE
from backend.services import exports
from backend.services.context import Shop
from backend.services.customer_data.export import customer_data_file
from backend.services.customers.lists import CustomerFilter
from backend.services.exports import Format
from backend.services.orders.lists import OrderFilter

app = typer.Typer(no_args_is_help=True, help="Take out customers or orders as CSV or XLSX.")

File = Annotated[
    Path | None, typer.Argument(help="The file to write; without it, CSV goes to standard output.", dir_okay=False)
]
Kind = Annotated[Format | None, typer.Option("--format", help="Without it, the file's ending decides.")]

Export = Callable[[Path | BinaryIO, Format], int]


@app.command("customers")
def export_customers(
    file: File = None,
    kind: Kind = None,
    tag: Annotated[str, typer.Option(help="Only customers with this tag.")] = "",
    country: Annotated[str, typer.Option(help="Only customers of this country, such as DE.")] = "",
    archived: Annotated[bool, typer.Option("--archived", help="The archived customers instead of the others.")] = False,
    as_json: Json = False,
) -> None:
    """Write customers; the columns can be imported again."""
    with opened_shop("export customers") as shop:
        wanted = CustomerFilter(tag=tag.strip().casefold(), country=country.strip().upper(), archived=archived)
        _run(
            shop,
            "customers",
            lambda target, kind: exports.export_customers(shop, COMMAND_LINE, target, kind, wanted),
            file,
            kind,
            as_json,
        )


@app.command("customer")
def export_customer(
    customer_id: Annotated[str, typer.Argument(help="The customer's id, as in the address of their page.")],
    file: Annotated[Path, typer.Argument(help="The ZIP to write.", dir_okay=False)],
) -> None:
    """Write everything that is kept about one customer, as JSON and as a page to read, in one ZIP."""
    with opened_shop("export customer") as shop:
        content = customer_data_file(shop, COMMAND_LINE, customer_id)
        file.write_bytes(content)
        say(f"Wrote {file}.")


@app.command("orders")
def export_orders(
    file: File = None,
    kind: Kind = None,
    first: FromDay = FIRST_DAY,
    last: ToDay = "",
    status: Annotated[list[OrderStatus] | None, typer.Option(help="Only this status; may be given again.")] = None,
    lines: Annotated[bool, typer.Option("--lines", help="One row a line item instead of one an order.")] = False,
    as_json: Json = False,
) -> None:
    """Write orders, one a row, newest first, or their line items."""
    with opened_shop("export orders") as shop:
        end = day_of_text(last) if last else shop.clock().astimezone(shop.zone).date()
        wanted = OrderFilter(day_of_text(first), end, tuple(status or ()))
        export = exports.export_line_items if lines else exports.export_orders
        _run(
            shop,
            "lines" if lines else "orders",
            lambda target, kind: export(shop, COMMAND_LINE, target, kind, wanted),
            file,
            kind,
            as_json,
        )


def _run(shop: Shop, what: str, export: Export, file: Path | None, kind: Format | None, as_json: bool) -> None:
    chosen = kind or (Format.XLSX if file is not None and file.suffix.lower() == ".xlsx" else Format.CSV)
    if file is None and not as_json and chosen is Format.CSV:
        export(sys.stdout.buffer, chosen)
        return
    target = file or shop.data_dir / "exports" / f"{what}-{shop.clock():%Y%m%d-%H%M%S}.{chosen.value}"
    target.parent.mkdir(parents=True, exist_ok=True)
    count = export(target, chosen)
    say(f"{count:,} {what} are in {target}")
    if as_json:
        write_json({what: count, "file": str(target)})
