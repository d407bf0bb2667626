"""Whether mail arrives: the domain's records, and what became of emails."""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated

import typer

from backend import bootstrap
from backend.cli.options import ToDay, day_of_text
from backend.cli.output import Json, write_json, write_table
from backend.cli.running import opened_shop
from backend.config import load_settings
from backend.domain.deliverability import Level, Rates, rates_of
from backend.domain.delivery import Mailbox
from backend.domain.sender_domain import DomainReport
from backend.domain.team import COMMAND_LINE
from backend.services.campaigns.results import rates_by_campaign
from backend.services.context import Shop
from backend.services.deliverability.domain import check_domain
from backend.services.statistics.counters import summed
from backend.services.statistics.days import stats_by_day

_USUAL = timedelta(days=29)


class Division(StrEnum):
    """What figures are grouped by."""

    DAY = "day"
    TEMPLATE = "template"
    PROVIDER = "provider"
    CAMPAIGN = "campaign"


def add_to(app: typer.Typer) -> None:
    app.command("domain-check")(domain_check)
    app.command("stats")(stats)


def domain_check(
    domain: Annotated[str, typer.Argument(help="The domain that emails come from, such as example.com.")],
    selector: Annotated[list[str] | None, typer.Option(help="A DKIM key to look up; may be given again.")] = None,
    as_json: Json = False,
) -> None:
    """Look up SPF, DKIM, DMARC and MAIL FROM of a domain, and say what to publish. Exit code 1 if something is bad."""
    with opened_shop("domain-check") as shop:
        settings = load_settings()
        probe = bootstrap.open_probe(settings, bootstrap.open_mailer(settings, shop))
        report = check_domain(shop, probe, domain, selector or [])
        if as_json:
            write_json(_as_json(report))
        else:
            _print(report)
        if report.level is Level.BAD:
            raise typer.Exit(1)


def _print(report: DomainReport) -> None:
    for finding in report.findings:
        typer.echo(f"{finding.subject.value}: {finding.level.value.upper()}. {finding.sentence}")
        if finding.advice:
            typer.echo(f"  {finding.advice}")
        for record in finding.publish:
            typer.echo(f"  {record.kind} {record.name} {record.value}")


def _as_json(report: DomainReport) -> dict[str, object]:
    findings = [
        {
            "subject": finding.subject.value,
            "level": finding.level.value,
            "sentence": finding.sentence,
            "advice": finding.advice,
            "publish": [{"kind": r.kind, "name": r.name, "value": r.value} for r in finding.publish],
            "found": list(finding.found),
        }
        for finding in report.findings
    ]
    return {"domain": report.domain, "level": report.level.value, "findings": findings}


def stats(
    first: Annotated[str, typer.Option("--from", metavar="DAY", help="First day; 30 days without it.")] = "",
    last: ToDay = "",
    by: Annotated[Division, typer.Option(help="A line for each.")] = Division.DAY,
    as_json: Json = False,
) -> None:
    """Show how many emails were sent, arrived, came back and were read. Tests do not count; opens are an estimate."""
    with opened_shop("stats") as shop:
        end = day_of_text(last) if last else shop.clock().astimezone(shop.zone).date()
        begin = day_of_text(first) if first else end - _USUAL
        found = {
            name: rates for name, rates in _rates(shop, begin, end, by).items() if rates.sent or by is Division.DAY
        }
        if as_json:
            write_json([{by.value: name, **_numbers(rates)} for name, rates in found.items()])
            return
        columns = list(_numbers(rates_of({})))
        rows = [(name, *(f"{number:,}" for number in _numbers(rates).values())) for name, rates in found.items()]
        write_table((by.value, *columns), rows, right=range(1, len(columns) + 1))


def _rates(shop: Shop, begin: date, end: date, by: Division) -> dict[str, Rates]:
    days = stats_by_day(shop, begin, end)
    if by is Division.DAY:
        return {stats.day.isoformat(): rates_of(stats.counts()) for stats in days}
    if by is Division.CAMPAIGN:
        campaigns = rates_by_campaign(shop, COMMAND_LINE, begin, end)
        return {f"{each.name} ({each.id})": each.rates for each in campaigns}
    if by is Division.PROVIDER:
        total = summed(stats.counts() for stats in days)
        return {mailbox.value: rates_of(total, f"{mailbox.value}:") for mailbox in Mailbox}
    names = sorted({name for stats in days for name in stats.templates})
    return {name: rates_of(summed(stats.counts(name) for stats in days)) for name in names}


def _numbers(rates: Rates) -> dict[str, int]:
    return {
        "sent": rates.sent,
        "delivered": rates.delivered,
        "soft_bounced": rates.soft_bounced,
        "bounced": rates.bounced,
        "complained": rates.complained,
        "opened": rates.opened,
        "bot_opened": rates.bot_opened,
        "clicked": rates.clicked,
        "bot_clicked": rates.bot_clicked,
        "unsubscribed": rates.unsubscribed,
    }
