"""Maintenance on the command line: begin it, end it, see whether it is on."""

from __future__ import annotations

from typing import Annotated

import typer

from backend.cli.output import Json, write_json
from backend.cli.running import opened_shop
from backend.domain.team import COMMAND_LINE
from backend.services.system import maintenance

app = typer.Typer(help="Let nobody change anything for a while.", no_args_is_help=True)


@app.command("on")
def on(reason: Annotated[str, typer.Option(help="What people are shown, such as “Back at 22:00.”")]) -> None:
    """Begin maintenance: pages say so, writes are refused with 503, workers pause. Commands still work."""
    with opened_shop("maintenance on") as shop:
        maintenance.begin(shop, COMMAND_LINE, reason)
        typer.echo("Maintenance begins in every process within a few seconds. End it with `maintenance off`.")


@app.command("off")
def off() -> None:
    """End maintenance."""
    with opened_shop("maintenance off") as shop:
        maintenance.end(shop, COMMAND_LINE)
        typer.echo("Maintenance has ended; everything goes on within a few seconds.")


@app.command("status")
def status(as_json: Json = False) -> None:
    """Show whether there is maintenance."""
    with opened_shop("maintenance status") as shop:
        found = maintenance.current(shop)
        if as_json:
            write_json({"on": found is not None, "reason": found.reason if found else ""})
        else:
            typer.echo(f"Since {found.since:%Y-%m-%d %H:%M} UTC: {found.reason}" if found else "There is none.")
