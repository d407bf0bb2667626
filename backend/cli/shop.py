"""The shop's own settings, and whether mail goes out at all."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import timedelta
from typing import Annotated, Any

import typer

from backend.cli.output import Json, write_json, write_table
from backend.cli.running import opened_shop
from backend.domain.shop import ShopFacts
from backend.domain.team import COMMAND_LINE
from backend.errors import InvalidInputError
from backend.services.sending import account
from backend.services.shop_settings import get_shop_facts, save_shop_facts

shop_app = typer.Typer(help="What emails say about the shop.", no_args_is_help=True)
mail_app = typer.Typer(help="Whether mail goes out, and let it go out again.", no_args_is_help=True)
_Line = Annotated[str | None, typer.Option(help='"" removes it.')]


def add_to(app: typer.Typer) -> None:
    app.add_typer(shop_app, name="shop")
    app.add_typer(mail_app, name="mail")


@shop_app.command("show")
def show(as_json: Json = False) -> None:
    """Show what emails say about the shop."""
    with opened_shop("shop show") as shop:
        _print(get_shop_facts(shop), as_json)


@shop_app.command("set")
def change(
    name: Annotated[str | None, typer.Option(help="The shop's name.")] = None,
    postal_address: Annotated[
        str | None, typer.Option(help="Its lines separated by line breaks or \\n; marketing mail needs it.")
    ] = None,
    sender_name: _Line = None,
    sender_address: _Line = None,
    reply_to: _Line = None,
    logo_url: _Line = None,
    brand: Annotated[str | None, typer.Option(help="A colour such as #1f5f5b.")] = None,
    url: _Line = None,
    support_url: _Line = None,
    as_json: Json = False,
) -> None:
    """Change what emails say about the shop; what is not named stays."""
    given = {
        "name": name,
        "postal_address": None if postal_address is None else postal_address.replace("\\n", "\n"),
        "sender_name": sender_name,
        "sender_address": sender_address,
        "reply_to": reply_to,
        "logo_url": logo_url,
        "brand": brand,
        "url": url,
        "support_url": support_url,
    }
    changes: dict[str, Any] = {field: value for field, value in given.items() if value is not None}
    with opened_shop("shop set") as shop:
        if not changes:
            raise InvalidInputError("Say what to change, such as --postal-address.")
        facts = replace(get_shop_facts(shop), **changes)
        _print(save_shop_facts(shop, COMMAND_LINE, facts), as_json)


@mail_app.command("status")
def status(as_json: Json = False) -> None:
    """Show whether sending is paused, why and until when."""
    with opened_shop("mail status") as shop:
        paused = account.current_pause(shop)
        if as_json:
            until = paused.until.isoformat() if paused else None
            write_json({"paused": paused is not None, "reason": paused.reason if paused else "", "until": until})
        elif paused is None:
            typer.echo("Sending is not paused.")
        else:
            typer.echo(f"Sending is paused until {paused.until.astimezone(shop.zone):%Y-%m-%d %H:%M}: {paused.reason}")


@mail_app.command("pause")
def pause(
    reason: Annotated[str, typer.Option(help="Why; people read it beside the pause.")],
    hours: Annotated[int, typer.Option(min=1, max=720, help="It ends by itself after so many.")] = 24,
    as_json: Json = False,
) -> None:
    """Keep all mail back, such as after a restore. What is due waits until the pause ends or is lifted."""
    with opened_shop("mail pause") as shop:
        until = shop.clock() + timedelta(hours=hours)
        account.pause_sending(shop, COMMAND_LINE, reason, until)
        if as_json:
            write_json({"paused": True, "reason": reason, "until": until.isoformat()})
        else:
            typer.echo(f"Sending is paused until {until.astimezone(shop.zone):%Y-%m-%d %H:%M}.")


@mail_app.command("resume")
def resume(as_json: Json = False) -> None:
    """Lift a pause. If the provider still takes nothing, the next email brings it back. Campaigns are resumed apart."""
    with opened_shop("mail resume") as shop:
        paused = account.current_pause(shop)
        account.resume_sending(shop, COMMAND_LINE)
        if as_json:
            write_json({"was_paused": paused is not None})
            return
        typer.echo("Sending goes on." if paused else "Sending was not paused.")


def _print(facts: ShopFacts, as_json: bool) -> None:
    if as_json:
        write_json(asdict(facts))
        return
    write_table(("setting", "value"), [(name, str(value)) for name, value in asdict(facts).items() if value != ""])
