"""Feature switches on the command line."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from backend.cli.output import Json, write_json, write_table
from backend.cli.running import opened_shop
from backend.domain.switches import Switch
from backend.domain.team import COMMAND_LINE, Role
from backend.services.switches import saved

app = typer.Typer(help="See and change for whom features are on.", no_args_is_help=True)


@app.command("list")
def list_switches(as_json: Json = False) -> None:
    """List all features, and for whom each is on."""
    with opened_shop("switches list") as shop:
        found = saved.all_switches(shop, COMMAND_LINE)
        if as_json:
            write_json([{"name": feature.name, **asdict(switch)} for feature, switch in found])
        else:
            rows = [(feature.name, switch.audience, feature.purpose) for feature, switch in found]
            write_table(("switch", "on for", "what it is"), rows)


@app.command("set")
def set_switch(
    name: Annotated[str, typer.Argument(help="The switch, as `switches list` names it.")],
    on: Annotated[bool, typer.Option("--on/--off", help="Off is off for all, at once.")] = True,
    role: Annotated[list[Role] | None, typer.Option(help="On for this role; may be repeated.")] = None,
    member: Annotated[list[str] | None, typer.Option(help="On for this username; may be repeated.")] = None,
    share: Annotated[int, typer.Option(min=0, max=100, help="On for so many percent of members.")] = 0,
) -> None:
    """Change for whom a feature is on: everyone without a role, a member or a share. It holds within seconds."""
    with opened_shop("switches set") as shop:
        switch = Switch(on, tuple(role or ()), tuple(member or ()), share)
        saved.save_switch(shop, COMMAND_LINE, saved.feature_named(name), switch)
        typer.echo(f"{name} is on for {switch.audience}.")
