"""Webhooks out from the command line: list, add, rotate, switch on and off, replay, remove."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Annotated

import typer

from backend.bootstrap import open_connection_key
from backend.cli.options import FIRST_DAY, FromDay, ToDay, day_of_text
from backend.cli.output import Json, write_page
from backend.cli.running import opened_shop
from backend.config import load_settings
from backend.domain.outgoing import EventKind
from backend.domain.team import COMMAND_LINE
from backend.services.outgoing import endpoints, log

app = typer.Typer(help="Endpoints of other programs that receive events of orders and emails.", no_args_is_help=True)
_COLUMNS = ("id", "host", "state", "events", "reason")


@app.command("list")
def list_endpoints(as_json: Json = False) -> None:
    """List endpoints and whether they work."""
    with opened_shop("webhooks list") as shop:
        lines = [
            {
                "id": each.id,
                "host": endpoints.host_of(each),
                "state": "off" if each.off else "failing" if each.failing_since else "on",
                "events": " ".join(each.events),
                "reason": each.off_reason,
            }
            for each in endpoints.list_endpoints(shop, COMMAND_LINE)
        ]
        write_page(lines, None, _COLUMNS, as_json=as_json)


@app.command("add")
def add(
    url: str, event: Annotated[list[EventKind], typer.Option(help="Repeat it for each event.", case_sensitive=False)]
) -> None:
    """Add an endpoint; prints its id and its secret, which is shown this once."""
    with opened_shop("webhooks add") as shop:
        key = open_connection_key(load_settings())
        endpoint, secret = endpoints.add_endpoint(shop, COMMAND_LINE, key, url, event)
        typer.echo(endpoint.id)
        typer.echo(secret)


@app.command("rotate")
def rotate(endpoint: str) -> None:
    """Make a new secret. Events are signed with the one before too, for two days."""
    with opened_shop("webhooks rotate") as shop:
        typer.echo(endpoints.rotate_secret(shop, COMMAND_LINE, open_connection_key(load_settings()), endpoint))


@app.command("switch")
def switch(endpoint: str, on: Annotated[bool, typer.Option("--on/--off")]) -> None:
    """Switch an endpoint on or off."""
    with opened_shop("webhooks switch") as shop:
        endpoints.switch(shop, COMMAND_LINE, endpoint, on=on)
        typer.echo(f"The endpoint is {'on' if on else 'off'}.")


@app.command("replay")
def replay(endpoint: str, since: FromDay = FIRST_DAY, until: ToDay = "") -> None:
    """Post failed events of a span of days (UTC) again."""
    with opened_shop("webhooks replay") as shop:
        first = datetime.combine(day_of_text(since), time(), UTC)
        last = datetime.combine(day_of_text(until), time(), UTC) + timedelta(days=1) if until else shop.clock()
        typer.echo(str(log.replay_span(shop, COMMAND_LINE, endpoint, first, last)))


@app.command("remove")
def remove(endpoint: str) -> None:
    """Remove an endpoint."""
    with opened_shop("webhooks remove") as shop:
        endpoints.remove_endpoint(shop, COMMAND_LINE, endpoint)
        typer.echo("The endpoint is removed.")
