"""Connected shops from the command line: list, add, enter or rotate a secret, replay what failed, remove."""

from __future__ import annotations

from typing import Annotated

import typer

from backend.bootstrap import open_connection_key
from backend.cli.output import Json, write_page
from backend.cli.running import opened_shop, say
from backend.config import load_settings
from backend.domain.connections import SECRET_OVERLAP, ShopKind
from backend.domain.team import COMMAND_LINE
from backend.domain.time import to_text
from backend.services.connections import connections, deliveries, trial

app = typer.Typer(help="Shops whose orders arrive by webhooks.", no_args_is_help=True)
_COLUMNS = ("id", "kind", "domain", "last event", "applied", "waiting", "failed", "trouble")
_MAKE = "-"
Secret = Annotated[
    str, typer.Option("--secret", envvar="CONNECTION_SECRET", help="The secret; - makes one, shown once.")
]


@app.command("list")
def list_connections(as_json: Json = False) -> None:
    """List connected shops with what each has brought."""
    with opened_shop("connections list") as shop:
        lines = [
            {
                "id": view.connection.id,
                "kind": view.connection.kind.value,
                "domain": view.connection.domain,
                "last event": to_text(view.figures.last_at) if view.figures.last_at else "",
                "applied": view.figures.applied,
                "waiting": view.waiting,
                "failed": view.failed,
                "trouble": view.trouble,
            }
            for view in connections.list_connections(shop, COMMAND_LINE)
        ]
        write_page(lines, None, _COLUMNS, as_json=as_json)


@app.command("add")
def add(kind: ShopKind, domain: str, secret: Secret = "") -> None:
    """Connect a shop; prints the address for its webhooks, and what to do there."""
    with opened_shop("connections add") as shop:
        settings = load_settings()
        made = connections.new_secret() if secret == _MAKE else secret
        key = open_connection_key(settings)
        connection = connections.add_connection(shop, COMMAND_LINE, key, kind, domain, made)
        typer.echo(connections.address_of(settings.public_url, connection))
        if secret == _MAKE:
            typer.echo(made)
        for number, step in enumerate(trial.steps_of(connection), 1):
            say(f"{number}. {step}")


@app.command("rotate")
def rotate(connection: str, secret: Secret = _MAKE) -> None:
    """Enter another secret, or make one. The one before stays valid for two days."""
    with opened_shop("connections rotate") as shop:
        made = connections.new_secret() if secret == _MAKE else secret
        key = open_connection_key(load_settings())
        connections.set_secret(shop, COMMAND_LINE, key, connection, made)
        if secret == _MAKE:
            typer.echo(made)
        say(f"The secret before, if there was one, is valid for {SECRET_OVERLAP.days} more days.")


@app.command("token")
def token(
    connection: str,
    token: Annotated[
        str,
        typer.Option(
            "--token",
            envvar="CONNECTION_TOKEN",
            help="Shopify's access token, or WooCommerce's key and secret: ck_…:cs_…. Without one, it is removed.",
        ),
    ] = "",
) -> None:
    """Enter a token of the shop's own API: every night its orders are compared, and those that are missing come."""
    with opened_shop("connections token") as shop:
        key = open_connection_key(load_settings())
        connections.set_token(shop, COMMAND_LINE, key, connection, token)
        typer.echo("The first comparison begins within a minute." if token else "Orders are not compared any more.")


@app.command("replay")
def replay(
    connection: str, delivery: Annotated[str, typer.Argument(help="One delivery; all without it.")] = ""
) -> None:
    """Try failed webhooks again."""
    with opened_shop("connections replay") as shop:
        if delivery:
            deliveries.replay(shop, COMMAND_LINE, connection, delivery)
            typer.echo("1")
        else:
            typer.echo(str(deliveries.replay_all(shop, COMMAND_LINE, connection)))


@app.command("test")
def test(connection: str) -> None:
    """Send a test event to the connection's own address; it changes nothing."""
    with opened_shop("connections test") as shop:
        settings = load_settings()
        key = open_connection_key(settings)
        typer.echo(trial.send_test(shop, COMMAND_LINE, key, settings.public_url, connection))


@app.command("remove")
def remove(connection: str) -> None:
    """Remove a connection. Its orders stay."""
    with opened_shop("connections remove") as shop:
        connections.remove_connection(shop, COMMAND_LINE, connection)
        typer.echo("The connection is removed.")
