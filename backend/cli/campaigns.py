"""Campaigns: plan, start, steer and watch them. Workers do the long work, except for preflights."""

from __future__ import annotations

import threading
import time
from datetime import datetime
from typing import Annotated

import typer

from backend import bootstrap
from backend.cli.campaign_documents import (
    VariantParts,
    about,
    check_fields,
    plan_document,
    preflight_document,
    split_test_of,
    status_document,
)
from backend.cli.mail import fields_of
from backend.cli.options import Cursor, Limit
from backend.cli.output import Json, ProgressLine, collected, write_json, write_page
from backend.cli.running import opened_shop
from backend.config import load_settings
from backend.domain.campaign_figures import Plan, Preflight, PreflightStatus
from backend.domain.campaigns import Campaign, CampaignState, Canary, Draft
from backend.domain.team import COMMAND_LINE
from backend.errors import BackendError, InvalidInputError
from backend.services.campaigns import actions, drafts, preflights, progress, saved
from backend.services.campaigns import plan as planning
from backend.services.context import Shop
from backend.services.segments.library import find_segment
from backend.services.sending.mailer import Mailer

app = typer.Typer(help="Plan, start, steer and watch campaigns.", no_args_is_help=True)

CampaignId = Annotated[str, typer.Argument(help="The campaign's id.")]
_LOOK_SECONDS = 0.2


class PreflightFailedError(BackendError):
    """The preflight could not be done."""


@app.command("list")
def list_all(limit: Limit = 50, cursor: Cursor = "", as_json: Json = False) -> None:
    """List campaigns, newest first."""
    with opened_shop("campaign list") as shop:

        def read(size: int, place: str | None) -> tuple[list[Campaign], str | None]:
            page = saved.list_campaigns(shop, COMMAND_LINE, limit=size, cursor=place)
            return page.campaigns, page.cursor

        found, following = collected(limit, cursor, read)
        if as_json:
            write_page([about(campaign) for campaign in found], following, (), as_json=True)
            return
        columns = ("created", "state", "audience", "id", "name")
        rows = [(f"{c.created_at:%Y-%m-%d %H:%M}", c.state.value, c.audience.size, c.id, c.name) for c in found]
        lines = [dict(zip(columns, row, strict=True)) for row in rows]
        write_page(lines, following, columns, as_json=False, right=(2,))


@app.command()
def create(
    template: Annotated[str, typer.Option(help="The template, such as announcement.")],
    segment: Annotated[str, typer.Option(help="The segment's id or its name.")],
    name: Annotated[str, typer.Option(help="The campaign's name; the template's and the segment's without it.")] = "",
    subject: Annotated[str, typer.Option(help="Another subject than the template's.")] = "",
    field: Annotated[list[str] | None, typer.Option(help="A value for a field of the template, as NAME=VALUE.")] = None,
    canary: Annotated[int, typer.Option(min=0, max=50, help="Percent that get the email first; 0 is all at once.")] = 0,
    variant: VariantParts = None,
    test_share: Annotated[int, typer.Option(min=1, max=100, help="Percent that get the variants.")] = 20,
    test_minutes: Annotated[int, typer.Option(min=0, help="How long to wait for what comes of them.")] = 240,
    measure: Annotated[str, typer.Option(help="Winner has more: opens, clicks or orders.")] = "clicks",
    holdout: Annotated[int, typer.Option(min=0, max=50, help="Percent that get nothing, to compare with.")] = 0,
    campaign_id: Annotated[str, typer.Option("--id", help="Its id: the same one twice creates one campaign.")] = "",
    as_json: Json = False,
) -> None:
    """Create a draft."""
    with opened_shop("campaign create") as shop:
        fields = fields_of(field or [])
        draft = Draft(
            name=name or f"{template} to {segment}",
            template=template,
            segment_id=find_segment(shop, COMMAND_LINE, segment).id,
            subject=subject,
            fields=fields,
            canary=Canary(canary) if canary else None,
            test=split_test_of(variant or [], fields, share=test_share, minutes=test_minutes, measure=measure),
            holdout=holdout,
        )
        check_fields(shop, draft)
        _print(drafts.create_campaign(shop, COMMAND_LINE, draft, campaign_id=campaign_id), as_json)


@app.command()
def preflight(campaign_id: CampaignId, as_json: Json = False) -> None:
    """Render the email of every recipient, and list those that cannot be made. Exit code 0 also when there are some."""
    with opened_shop("campaign preflight") as shop:
        found = _checked(shop, _mailer(shop), campaign_id)
        if as_json:
            write_json(preflight_document(found))
            return
        typer.echo(f"{found.recipients:,} of {found.checked:,} customers get it; {found.broken:,} emails are broken.")
        _tell_reasons(found.excluded)
        for each in found.listed:
            typer.echo(f"{each.customer_id}: {each.field}: {each.sentence}")


@app.command()
def plan(campaign_id: CampaignId, as_json: Json = False) -> None:
    """Show recipients, exclusions, time and cost; does the preflight before, if it is missing."""
    with opened_shop("campaign plan") as shop:
        found = _planned(shop, _mailer(shop), campaign_id)
        if as_json:
            write_json(plan_document(found))
            return
        typer.echo(f"{found.recipients:,} recipients of {found.audience:,} customers, {_until(shop, found)}")
        typer.echo(f"Sending costs about ${found.mail_cost / 100:,.2f}, the store ${found.store_cost / 100:,.2f}.")
        if found.quota_share is not None:
            typer.echo(f"That is {found.quota_share:.0%} of the daily quota; it sends on {found.days:,} days.")
        if found.needs_approval:
            typer.echo("A second person has to approve it.")
        _tell_reasons(found.excluded)


@app.command()
def start(
    campaign_id: CampaignId,
    at: Annotated[str, typer.Option(help="When, in the shop's time, such as 2026-12-01T09:00; now without it.")] = "",
    as_json: Json = False,
) -> None:
    """Start a campaign; workers send it. A draft is planned first. A large one needs an approval from the dashboard."""
    with opened_shop("campaign start") as shop:
        campaign = saved.read_campaign(shop, campaign_id)
        if campaign.state is CampaignState.DRAFT:
            _planned(shop, _mailer(shop), campaign_id)
            campaign = saved.read_campaign(shop, campaign_id)
        if at:
            moment = _moment(shop, at)
            started = actions.schedule(shop, COMMAND_LINE, campaign_id, moment, seen_version=campaign.version)
        else:
            started = actions.start(shop, COMMAND_LINE, campaign_id, seen_version=campaign.version)
        _print(started, as_json)


@app.command("request-approval")
def request_approval(campaign_id: CampaignId, as_json: Json = False) -> None:
    """Ask a second person to approve a planned campaign."""
    with opened_shop("campaign request-approval") as shop:
        version = saved.read_campaign(shop, campaign_id).version
        _print(actions.request_approval(shop, COMMAND_LINE, campaign_id, seen_version=version), as_json)


@app.command()
def approve(
    campaign_id: CampaignId,
    count: Annotated[int, typer.Option(help="The number of recipients that the plan says.")],
    as_json: Json = False,
) -> None:
    """Approve a large campaign that somebody else has made and requested approval for."""
    with opened_shop("campaign approve") as shop:
        version = saved.read_campaign(shop, campaign_id).version
        approved = actions.approve(shop, COMMAND_LINE, campaign_id, typed_count=count, seen_version=version)
        _print(approved, as_json)


@app.command()
def pause(campaign_id: CampaignId, as_json: Json = False) -> None:
    """Let a campaign rest; it takes effect within seconds."""
    with opened_shop("campaign pause") as shop:
        _print(actions.pause(shop, COMMAND_LINE, campaign_id), as_json)


@app.command()
def resume(campaign_id: CampaignId, as_json: Json = False) -> None:
    """Let a paused or stopped campaign go on."""
    with opened_shop("campaign resume") as shop:
        _print(actions.resume(shop, COMMAND_LINE, campaign_id), as_json)


@app.command()
def cancel(campaign_id: CampaignId, as_json: Json = False) -> None:
    """End a campaign for good; customers who have not got the email will not get it."""
    with opened_shop("campaign cancel") as shop:
        _print(actions.cancel(shop, COMMAND_LINE, campaign_id), as_json)


@app.command()
def retry(
    campaign_id: CampaignId,
    count: Annotated[int | None, typer.Option(help="How many failed, as seen; all that failed without it.")] = None,
    as_json: Json = False,
) -> None:
    """Send a finished campaign again to those for whom it failed."""
    with opened_shop("campaign retry") as shop:
        campaign = saved.read_campaign(shop, campaign_id)
        failed = progress.figures_of(shop, campaign_id)["failed"] if count is None else count
        version = campaign.version
        retried = actions.retry_failed(shop, COMMAND_LINE, campaign_id, typed_count=failed, seen_version=version)
        _print(retried, as_json)


@app.command()
def status(campaign_id: CampaignId, as_json: Json = False) -> None:
    """Show how far a campaign is."""
    with opened_shop("campaign status") as shop:
        found = progress.progress_of(shop, COMMAND_LINE, campaign_id)
        if as_json:
            write_json(status_document(found))
            return
        reason = f" ({found.reason})" if found.reason else ""
        typer.echo(f"It is {found.state}{reason}: {found.sent:,} of {found.audience:,} sent, {found.rate:g} a second.")
        if found.held_until is not None:
            until = f"{found.held_until.astimezone(shop.zone):%Y-%m-%d %H:%M}"
            typer.echo(f"It waits until {until}: {found.held_for}.")
        typer.echo(f"{found.failed:,} failed, {found.unknown:,} unknown, {found.remaining:,} to go.")
        _tell_reasons(found.skipped)


# --- what several commands do ------------------------------------------------------------------------------------


def _mailer(shop: Shop) -> Mailer:
    return bootstrap.open_mailer(load_settings(), shop)


def _checked(shop: Shop, mailer: Mailer, campaign_id: str) -> Preflight:
    """A preflight that is through, done in this process unless a worker is faster."""
    campaign = saved.read_campaign(shop, campaign_id)
    preflights.run_preflight(shop, COMMAND_LINE, campaign_id, seen_version=campaign.version)
    shown, stop = ProgressLine(), threading.Event()
    while True:
        found = preflights.get_preflight(shop, COMMAND_LINE, campaign_id)
        if found is not None and found.status in (PreflightStatus.DONE, PreflightStatus.FAILED):
            break
        shown.show(f"{found.share:.0%}" if found else "")
        if not preflights.work_on_preflights(shop, mailer, stop):
            time.sleep(_LOOK_SECONDS)
    shown.end()
    if found.status is PreflightStatus.FAILED:
        raise PreflightFailedError(f"The preflight has failed: {found.error}")
    return found


def _planned(shop: Shop, mailer: Mailer, campaign_id: str) -> Plan:
    found = preflights.get_preflight(shop, COMMAND_LINE, campaign_id)
    if found is None or not found.is_current or found.status is not PreflightStatus.DONE:
        _checked(shop, mailer, campaign_id)
    version = saved.read_campaign(shop, campaign_id).version
    return planning.plan(shop, mailer, COMMAND_LINE, campaign_id, seen_version=version)[1]


def _moment(shop: Shop, text: str) -> datetime:
    """A time with an offset of its own, such as +02:00, is that moment."""
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=shop.zone) if moment.tzinfo is None else moment
    except ValueError as error:
        raise InvalidInputError(f"“{text[:40]}” is not a time such as 2026-12-01T09:00.", "at") from error


def _until(shop: Shop, found: Plan) -> str:
    if found.finishes_at is None:
        return f"end not known. {found.no_end}"
    return f"until {found.finishes_at.astimezone(shop.zone):%Y-%m-%d %H:%M}."


# --- output ------------------------------------------------------------------------------------------------------


def _print(campaign: Campaign, as_json: bool) -> None:
    if as_json:
        write_json(about(campaign))
        return
    typer.echo(f"{campaign.id} is {campaign.state}.")


def _tell_reasons(counts: object) -> None:
    if isinstance(counts, dict):
        for reason, count in sorted(counts.items()):
            typer.echo(f"{count:,} {reason.replace('_', ' ')}")
