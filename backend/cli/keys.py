"""API keys. A new key is written to standard output once; afterwards nobody can read it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from backend.cli.options import day_of_text
from backend.cli.output import Json, write_json, write_table
from backend.cli.running import opened_shop, say
from backend.domain.api_keys import ApiKey, Scope
from backend.domain.team import COMMAND_LINE
from backend.services.api_keys import keys
from backend.services.api_keys.keys import Issued

app = typer.Typer(no_args_is_help=True, help="Keys for the HTTP API.")

Prefix = Annotated[str, typer.Argument(help="The visible part of the key, such as tp_7K2MQ9XA4B.")]


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(help="What the key is for.")],
    scope: Annotated[list[Scope], typer.Option(help="What the key may do; repeat it for several.")],
    expires: Annotated[str, typer.Option(metavar="DAY", help="Last day, such as 2027-01-31; never without it.")] = "",
    as_json: Json = False,
) -> None:
    """Create a key and show it once."""
    with opened_shop("keys add") as shop:
        ends = None
        if expires:
            ends = datetime.combine(day_of_text(expires) + timedelta(days=1), datetime.min.time(), shop.zone)
        _show(keys.create_key(shop, COMMAND_LINE, name, scope, expires_at=ends), as_json)


@app.command("list")
def list_keys(as_json: Json = False) -> None:
    """List all keys, the newest first."""
    with opened_shop("keys list") as shop:
        found, now = keys.list_keys(shop, COMMAND_LINE), shop.clock()
        if as_json:
            write_json([_facts(key, now) for key in found])
        elif not found:
            typer.echo("There are no API keys yet.")
        else:
            rows = [
                (key.shown, key.name, key.state(now).value, _day(key.expires_at), _day(key.last_used_at), _scopes(key))
                for key in found
            ]
            write_table(("key", "name", "state", "expires", "last used", "scopes"), rows)


@app.command("rotate")
def rotate(
    prefix: Prefix,
    overlap_hours: Annotated[int, typer.Option(min=0, help="For how long the old key works on.")] = 24,
    as_json: Json = False,
) -> None:
    """Create a key in place of another one, which works on for a while."""
    with opened_shop("keys rotate") as shop:
        _show(keys.rotate_key(shop, COMMAND_LINE, prefix, overlap=timedelta(hours=overlap_hours)), as_json)


@app.command("revoke")
def revoke(prefix: Prefix, as_json: Json = False) -> None:
    """End a key at once."""
    with opened_shop("keys revoke") as shop:
        key = keys.revoke_key(shop, COMMAND_LINE, prefix)
        if as_json:
            write_json(_facts(key, shop.clock()))
        else:
            typer.echo(f"{key.shown} ({key.name}) no longer works.")


def _show(issued: Issued, as_json: bool) -> None:
    if as_json:
        write_json({"key": issued.text, **_facts(issued.key, issued.key.created_at)})
    else:
        typer.echo(issued.text)
        say("Keep it now: it cannot be shown again.")


def _facts(key: ApiKey, now: datetime) -> dict[str, object]:
    return {
        "prefix": key.shown,
        "name": key.name,
        "state": key.state(now).value,
        "scopes": sorted(key.scopes),
        "created_at": key.created_at.isoformat(),
        "created_by": key.created_by,
        "expires_at": key.expires_at and key.expires_at.isoformat(),
        "last_used_at": key.last_used_at and key.last_used_at.isoformat(),
    }


def _day(moment: datetime | None) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d}" if moment else ""


def _scopes(key: ApiKey) -> str:
    return ", ".join(sorted(key.scopes))
