"""Customers from the command line: erasing one, merging two, each with a preview, and the ledger of erasures."""

from __future__ import annotations

from typing import Annotated

import typer

from backend.cli.output import Json, write_json
from backend.cli.running import opened_shop, say
from backend.domain.team import COMMAND_LINE
from backend.domain.time import to_text
from backend.services.customer_data import erasing, erasure, merge, merging

app = typer.Typer(help="Erase a customer, merge two, and list who was erased.", no_args_is_help=True)
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


@app.command("merge")
def merge_customers(
    customer_id: _Customer,
    other: Annotated[str, typer.Argument(help="The id of the customer who becomes part of the first.")],
    yes: Annotated[bool, typer.Option("--yes", help="Merge. Without it, only what would happen is shown.")] = False,
    two_accounts: Annotated[
        bool, typer.Option("--two-accounts", help="Merge also when both have an id of their own at a shop.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show what would move from the second customer to the first, and with --yes merge them."""
    with opened_shop("customers merge") as shop:
        if yes:
            begun = merge.begin_merge(shop, COMMAND_LINE, customer_id, other, two_accounts=two_accounts)
            done = merging.finish_merge(shop, begun)
            if as_json:
                write_json({"kept": done.kept, "gone": done.gone, "at": to_text(done.at), "done": done.is_done})
            say(f"Customer {other} was merged into {customer_id}.")
            return
        found = merge.preview_merge(shop, COMMAND_LINE, customer_id, other)
        counts = {"orders": found.orders, "messages": found.messages, "notes": found.notes}
        if as_json:
            accounts = {"accounts": [list(each) for each in found.accounts]}
            write_json({**counts, "addresses": found.addresses, **accounts, "reasons": list(found.reasons)})
            return
        typer.echo(f"Moves: {found.orders:,} orders, {found.messages:,} emails, {found.notes:,} notes and changes,")
        typer.echo(f"{found.addresses:,} addresses, {len(found.new_tags):,} tags. The stricter consent stays.")
        if found.has_two_accounts:
            typer.echo("Both have an id of their own at a shop: --two-accounts merges them all the same.")
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
