"""Team members. Passwords are prompted for, or come from TILLPOST_PASSWORD or standard input; never as an argument."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from backend.cli.output import Json, write_json, write_table
from backend.cli.running import opened_shop
from backend.config import load_settings
from backend.domain.team import COMMAND_LINE, Member, Role
from backend.services.team import members as team
from backend.services.team import password_links, second_factor

app = typer.Typer(no_args_is_help=True, help="Team members and their roles.")

PASSWORD_VARIABLE = "TILLPOST_PASSWORD"  # noqa: S105 - the name of a variable

Username = Annotated[str, typer.Argument(help="The name that the member signs in with.")]


@app.command("add")
def add(
    username: Username,
    email: Annotated[str, typer.Option(help="The email address.")],
    name: Annotated[str, typer.Option(help="The name that people see; the username without it.")] = "",
    role: Annotated[Role, typer.Option(help="What the member may do.")] = Role.STAFF,
    no_password: Annotated[
        bool, typer.Option("--no-password", help="The member signs in with OpenID Connect only.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Add a member. The password is prompted for, or read from TILLPOST_PASSWORD or standard input."""
    with opened_shop("user add") as shop:
        password = None if no_password else _password()
        member = team.add_member(
            shop, COMMAND_LINE, username=username, name=name or username, email=email, role=role, password=password
        )
        if as_json:
            write_json(_facts(member))
        else:
            typer.echo(f"{member.username} is in the team as {member.role}.")


@app.command("list")
def list_members(as_json: Json = False) -> None:
    """List all members."""
    with opened_shop("user list") as shop:
        members = team.list_members(shop, COMMAND_LINE)
        if as_json:
            write_json([_facts(member) for member in members])
        elif not members:
            typer.echo("Nobody is in the team yet.")
        else:
            rows = [(m.username, m.name, m.email, m.role.value, _state(m)) for m in members]
            write_table(("username", "name", "e-mail", "role", ""), rows)


@app.command("disable")
def disable(username: Username, as_json: Json = False) -> None:
    """End a member's sessions and allow no new ones."""
    with opened_shop("user disable") as shop:
        _print(team.disable(shop, COMMAND_LINE, team.normal_username(username)), "can no longer sign in", as_json)


@app.command("enable")
def enable(username: Username, as_json: Json = False) -> None:
    """Let a disabled member sign in again."""
    with opened_shop("user enable") as shop:
        _print(team.enable(shop, COMMAND_LINE, team.normal_username(username)), "can sign in again", as_json)


@app.command("password")
def set_password(username: Username, as_json: Json = False) -> None:
    """Give a member a new password, which ends all their sessions."""
    with opened_shop("user password") as shop:
        name = team.normal_username(username)
        _print(team.set_password(shop, COMMAND_LINE, name, _password()), "has a new password", as_json)


@app.command("link")
def make_link(username: Username, as_json: Json = False) -> None:
    """Print a link with which the member sets a password, once, within three days."""
    with opened_shop("user link") as shop:
        name = team.normal_username(username)
        link = password_links.make_link(shop, COMMAND_LINE, name, load_settings().public_url)
        if as_json:
            write_json({"username": name, "link": link})
        else:
            typer.echo(link)


@app.command("reset-second-factor")
def reset_second_factor(username: Username, as_json: Json = False) -> None:
    """Take away the second factor of a member whose device is lost, and end all their sessions."""
    with opened_shop("user reset-second-factor") as shop:
        member = second_factor.reset(shop, COMMAND_LINE, team.normal_username(username))
        _print(member, "has no second factor now", as_json)


@app.command("sign-out")
def sign_out(username: Username, as_json: Json = False) -> None:
    """Sign a member out on all devices."""
    with opened_shop("user sign-out") as shop:
        member = team.end_sessions(shop, COMMAND_LINE, team.normal_username(username))
        _print(member, "is signed out on all devices", as_json)


def _print(member: Member, said: str, as_json: bool) -> None:
    if as_json:
        write_json(_facts(member))
    else:
        typer.echo(f"{member.username} {said}.")


def _password() -> str:
    given = os.environ.get(PASSWORD_VARIABLE)
    if given is not None:
        return given
    if sys.stdin.isatty():
        password: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
        return password
    return sys.stdin.readline().rstrip("\r\n")


def _facts(member: Member) -> dict[str, object]:
    return {
        "username": member.username,
        "name": member.name,
        "email": member.email,
        "role": member.role.value,
        "disabled": member.disabled,
        "demo": member.demo,
        "second_factor": member.has_second_factor,
    }


def _state(member: Member) -> str:
    return "disabled" if member.disabled else "demo" if member.demo else ""
