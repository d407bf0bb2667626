"""Customers from the command line: what an erasure would do, erasing, and the ledger of erasures."""

from __future__ import annotations

from typing import Annotated

import typer

from backend.cli.output import Json, write_json
from backend.cli.running import opened_shop, say
from backend.domain.team import COMMAND_LINE
from backend.domain.time import to_text
from backend.services.customer_data import erasing, erasure

app = typer.Typer(help="Erase a customer, and list who was erased.", no_args_is_help=True)
_Customer = Annotated[str, typer.Argument(help="The customer's id, as in the address of their page.")]


@app.command("erase")
def erase(
    customer_id: _Customer,
    yes: Annotated[bool, typer.Option("--yes", help="Erase. Without it, only what would happen is shown.")] = False,
    as_json: Json = False,
) -> None:
    """Show what goes and what stays, and with --yes remove everything personal of a customer for good."""
    with opened_shop("customers erase") as shop:
        if yes:
            done = erasing.finish(shop, erasure.erase_customer(shop, COMMAND_LINE, customer_id))
            if as_json:
                write_json({"customer": done.customer, "at": to_text(done.at), "done": done.is_done})
            say(f"Customer {customer_id} was erased.")
            return
        found = erasure.preview_erasure(shop, COMMAND_LINE, customer_id)
        counts = {"orders": found.orders, "messages": found.messages, "notes": found.notes}
        if as_json:
            write_json({**counts, "addresses": found.addresses, "reasons": list(found.reasons)})
            return
        typer.echo(f"Goes: profile, {found.addresses:,} addresses, {found.notes:,} notes, recipients and contents of")
        typer.echo(f"{found.messages:,} emails. Stays: {found.orders:,} orders without name and address, all totals,")
        typer.echo("and a digest of the email address, so that it is never written to again.")
        for reason in found.reasons:
            typer.echo(f"Not possible now: {reason}")


@app.command("erasures")
def erasures(as_json: Json = False) -> None:
    """List who was erased, when, by whom, and how far it is."""
    with opened_shop("customers erasures") as shop:
        lines = [
            {"customer": each.customer, "at": to_text(each.at), "by": each.by, "step": each.step.value}
            for each in erasure.ledger(shop)
        ]
        if as_json:
            write_json(lines)
            return
        for line in lines:
            typer.echo("  ".join(line.values()))
