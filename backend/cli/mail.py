"""Emails: look at templates, send one, read the log."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from backend import bootstrap
from backend.cli.options import Cursor, Limit
from backend.cli.output import Json, collected, write_json, write_page, write_table
from backend.cli.running import fail, opened_shop
from backend.config import load_settings
from backend.domain.delivery import Outcome
from backend.domain.messages import ShownStatus
from backend.domain.team import COMMAND_LINE
from backend.errors import InvalidInputError
from backend.services.sending import message_log
from backend.services.sending.by_hand import is_for_simulator, request_simulated
from backend.services.sending.delivery import deliver_one
from backend.services.sending.message_log import LogFilter, MessageSummary
from backend.services.sending.requests import SendRequest, new_click_key, request_message
from backend.services.templates import catalogue
from backend.services.templates.previews import Recipient, problems_of, render_preview

templates_app = typer.Typer(help="Look at email templates.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    app.add_typer(templates_app, name="templates")
    app.command("send")(send)
    app.command("messages")(messages)


@templates_app.command("list")
def list_templates(as_json: Json = False) -> None:
    """List the templates with the version in use."""
    with opened_shop("templates list") as shop:
        states = catalogue.list_templates(shop)
        if as_json:
            write_json(
                [
                    {"name": s.facts.name, "title": s.facts.title, "kind": s.facts.kind.value, "version": s.number}
                    for s in states
                ]
            )
            return
        write_table(
            ("name", "kind", "version", "title"),
            [(s.facts.name, s.facts.kind.value, s.number, s.facts.title) for s in states],
            right=(2,),
        )


@templates_app.command("check")
def check_templates() -> None:
    """Render every template with its sample and show what must not be sent; exit code 1 if there is any."""
    with opened_shop("templates check") as shop:
        found = 0
        for state in catalogue.list_templates(shop):
            problems = problems_of(shop, catalogue.current_version(shop, state.facts.name))
            found += len(problems)
            for problem in problems:
                typer.echo(f"{state.facts.name}: {problem}")
        if found:
            fail(f"{found} problems in the templates.")
        typer.echo("All templates can be sent.")


@templates_app.command("render")
def render_template(
    name: Annotated[str, typer.Argument(help="The template, such as order-confirmation.")],
    out: Annotated[Path, typer.Option(help="Folder for the files; it is made.")],
    customer: Annotated[str, typer.Option(help="Customer id; the template's sample without it.")] = "",
    order: Annotated[str, typer.Option(help="Order id; the customer's last one without it.")] = "",
    sample: Annotated[bool, typer.Option("--sample", help="Use the template's sample.")] = False,
) -> None:
    """Write the subject, HTML and text of a template, as this customer would get it, into a folder."""
    with opened_shop("templates render") as shop:
        if sample and customer:
            raise InvalidInputError("Choose either --sample or --customer.", "sample")
        preview = render_preview(shop, name, recipient=Recipient(customer, order))
        if preview.email is None:
            raise preview.problem or InvalidInputError("This template cannot be rendered.")
        out.mkdir(parents=True, exist_ok=True)
        files = {"subject.txt": preview.email.subject, "body.html": preview.email.html, "body.txt": preview.email.text}
        for file, text in files.items():
            (out / file).write_text(text + "\n", encoding="utf-8")
        typer.echo(f"Wrote {', '.join(files)} to {out}.")


def send(
    name: Annotated[str, typer.Argument(help="The template, such as welcome.")],
    to: Annotated[str, typer.Option(help="E-mail address of a customer, a team member, or SES's simulator.")] = "",
    customer: Annotated[str, typer.Option(help="Customer id.")] = "",
    order: Annotated[str, typer.Option(help="Order id, for templates about an order.")] = "",
    key: Annotated[str, typer.Option(help="Idempotency key: the same key sends once.")] = "",
    field: Annotated[list[str] | None, typer.Option(help="A value for a field of the template, as NAME=VALUE.")] = None,
    as_json: Json = False,
) -> None:
    """Send one email to one person, now, and show the outcome. Exit code 0 also when it was skipped."""
    with opened_shop("send") as shop:
        if bool(to) == bool(customer):
            raise InvalidInputError("Name the recipient with either --to or --customer.", "to")
        mailer = bootstrap.open_mailer(load_settings(), shop)
        wanted = SendRequest(name, key or new_click_key(), customer, to, order, fields_of(field or []))
        requested = (
            request_simulated(shop, COMMAND_LINE, wanted)
            if is_for_simulator(shop, to)
            else request_message(shop, mailer, COMMAND_LINE, wanted)
        )
        message = deliver_one(shop, mailer, requested.message)
        if as_json:
            write_json({"message_id": message.id, "status": message.status.value, "reason": message.reason})
            return
        again = " It was requested before with this key." if requested.duplicate else ""
        reason = f": {message.reason}" if message.reason else ""
        typer.echo(f"{message.id} is {message.status}{reason}.{again}")


def fields_of(given: list[str]) -> dict[str, str]:
    """What was given as NAME=VALUE.

    Raises: `InvalidInputError`.
    """
    fields: dict[str, str] = {}
    for pair in given:
        name, equals, value = pair.partition("=")
        if not equals:
            raise InvalidInputError(f"“{pair[:40]}” is not NAME=VALUE.", "field")
        fields[name.strip()] = value
    return fields


def messages(
    customer: Annotated[str, typer.Option(help="Only those to this customer (id), of any day.")] = "",
    status: Annotated[ShownStatus | None, typer.Option(help="Only those in this status.")] = None,
    template: Annotated[str, typer.Option(help="Only those of this template.")] = "",
    outcome: Annotated[Outcome | None, typer.Option(help="Only those of which this was reported last.")] = None,
    campaign: Annotated[str, typer.Option(help="Only those of this campaign (id).")] = "",
    days: Annotated[int, typer.Option(min=1, max=100, help="How many days back.")] = 30,
    limit: Limit = 50,
    cursor: Cursor = "",
    as_json: Json = False,
) -> None:
    """List messages, newest first."""
    with opened_shop("messages") as shop:
        today = shop.clock().astimezone(shop.zone).date()
        wanted = LogFilter(today - timedelta(days=days - 1), today, template, status, outcome, campaign)

        def read(size: int, place: str | None) -> tuple[list[MessageSummary], str | None]:
            page = message_log.list_messages(shop, wanted, limit=size, cursor=place)
            return page.messages, page.cursor

        if customer:
            page = message_log.page_of(shop, customer, wanted, limit=limit, cursor=cursor)
            found, following = page.messages, page.cursor
        else:
            found, following = collected(limit, cursor, read)
        columns = ("requested_at", "status", "outcome", "template", "message_id", "reason")
        write_page([_line(summary) for summary in found], following, columns, as_json=as_json)


def _line(summary: MessageSummary) -> dict[str, str | None]:
    return {
        "message_id": summary.id,
        "template": summary.template,
        "status": summary.status.value,
        "outcome": summary.outcome.value if summary.outcome else None,
        "reason": summary.reason,
        "campaign": summary.campaign or None,
        "requested_at": summary.requested_at.isoformat(),
    }
