"""What people do with a campaign once it is planned: approve, start, pause, go on, cancel, retry what failed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from backend.domain.campaigns import Approval, Audience, Campaign, CampaignState, WrongStateError, check_transition
from backend.domain.team import Actor, Permission
from backend.domain.text import clean_line
from backend.errors import InvalidInputError, PermissionDeniedError
from backend.services.campaigns.preflights import preflight_of
from backend.services.campaigns.progress import figures_of
from backend.services.campaigns.saved import change, check_seen, read_campaign
from backend.services.concurrency.retries import until_settled
from backend.services.context import Shop

_LONGEST_AHEAD = timedelta(days=365)


class NotApprovedError(WrongStateError):
    """The campaign is large, and nobody else has approved it."""


def request_approval(shop: Shop, actor: Actor, campaign_id: str, *, seen_version: int) -> Campaign:
    """Asks a second person to look at a planned campaign.

    Raises: `PermissionDeniedError`, `NotFoundError`, `StaleReadError`, `WrongStateError`.
    """
    before = _seen(shop, actor, campaign_id, seen_version)
    after = replace(before, state=CampaignState.AWAITING_APPROVAL, asked_by=actor.username, approval=None)
    return change(shop, actor, before, after, "asked for approval of a campaign")


def approve(shop: Shop, actor: Actor, campaign_id: str, *, typed_count: int, seen_version: int) -> Campaign:
    """A second person agrees to so many recipients; the campaign may then be started.

    Raises: `PermissionDeniedError` (also for whoever created it, changed it or asked), `InvalidInputError` when the
    count is not the plan's, `NotFoundError`, `StaleReadError`, `WrongStateError`.
    """
    actor.require(Permission.APPROVE_CAMPAIGNS)
    before = read_campaign(shop, campaign_id)
    check_seen(before, seen_version)
    if before.state is not CampaignState.AWAITING_APPROVAL:
        raise WrongStateError(f"“{before.name}” is {before.state}; nobody has asked for an approval.")
    if actor.username in before.authors:
        raise PermissionDeniedError(
            "A second person must approve this campaign: nobody who wrote or changed it, nor the person who asked."
        )
    planned = before.planned_recipients or 0
    if typed_count != planned:
        raise InvalidInputError("The number does not match the recipients of the plan.", "count")
    approval = Approval(actor.username, shop.clock(), planned, before.planned_segment)
    after = replace(before, state=CampaignState.PLANNED, approval=approval)
    return change(shop, actor, before, after, "approved a campaign", f"{before.name}: {planned:,} recipients")


def decline(shop: Shop, actor: Actor, campaign_id: str, reason: str, *, seen_version: int) -> Campaign:
    """A second person says no, and why; the campaign is a draft again.

    Raises: `PermissionDeniedError`, `InvalidInputError`, `NotFoundError`, `StaleReadError`, `WrongStateError`.
    """
    actor.require(Permission.APPROVE_CAMPAIGNS)
    reason = clean_line(reason, "Reason", required=True)
    before = read_campaign(shop, campaign_id)
    check_seen(before, seen_version)
    if before.state is not CampaignState.AWAITING_APPROVAL:
        raise WrongStateError(f"“{before.name}” is {before.state}; nobody has asked for an approval.")
    after = replace(before, state=CampaignState.DRAFT, reason=f"Not approved: {reason}")
    return change(shop, actor, before, after, "declined a campaign", reason)


def start(shop: Shop, actor: Actor, campaign_id: str, *, seen_version: int) -> Campaign:
    """Starts a planned campaign (or an overdue one, after all) now; a worker prepares and sends it.

    Raises: `PermissionDeniedError`, `NotApprovedError`, `NotFoundError`, `StaleReadError`, `WrongStateError`.
    """
    before = _seen(shop, actor, campaign_id, seen_version)
    return _scheduled(shop, actor, before, shop.clock(), "started a campaign")


def schedule(shop: Shop, actor: Actor, campaign_id: str, start_at: datetime, *, seen_version: int) -> Campaign:
    """Lets a planned campaign begin at a moment (aware). When no worker runs then, for half an hour, it asks first.

    Raises: as `start`; `InvalidInputError` for a moment that is past, or more than a year ahead.
    """
    before = _seen(shop, actor, campaign_id, seen_version)
    if not shop.clock() <= start_at <= shop.clock() + _LONGEST_AHEAD:
        raise InvalidInputError("Choose a time from now on, within a year.", "start_at")
    return _scheduled(shop, actor, before, start_at, "scheduled a campaign")


def unschedule(shop: Shop, actor: Actor, campaign_id: str, *, seen_version: int) -> Campaign:
    """Takes back the time of a campaign that has not begun; plan and approval stay.

    Raises: `PermissionDeniedError`, `NotFoundError`, `StaleReadError`, `WrongStateError`.
    """
    before = _seen(shop, actor, campaign_id, seen_version)
    if before.state not in (CampaignState.SCHEDULED, CampaignState.OVERDUE):
        raise WrongStateError(f"“{before.name}” is {before.state}; it is not scheduled.")
    after = replace(before, state=CampaignState.PLANNED, start_at=None, due_at=None, reason="")
    return change(shop, actor, before, after, "took back the time of a campaign")


def pause(shop: Shop, actor: Actor, campaign_id: str, reason: str = "", *, seen_version: int | None = None) -> Campaign:
    """Lets a campaign rest; workers finish what they have in hand, which takes seconds.

    Without a version it is the campaign as it is now, because whoever wants it to stop does not care what moved.
    Raises: `PermissionDeniedError`, `NotFoundError`, `StaleReadError`, `WrongStateError`.
    """
    said = clean_line(reason, "Reason") or f"Paused by {actor.name or actor.username}"

    def paused() -> Campaign:
        before = _seen(shop, actor, campaign_id, seen_version)
        check_transition(before, CampaignState.PAUSED)
        after = replace(before, state=CampaignState.PAUSED, reason=said, due_at=None)
        return change(shop, actor, before, after, "paused a campaign", said)

    return until_settled(paused) if seen_version is None else paused()


def resume(shop: Shop, actor: Actor, campaign_id: str, *, seen_version: int | None = None) -> Campaign:
    """Lets a paused or stopped campaign go on. Bounces and complaints up to now do not stop it again.

    Raises: `PermissionDeniedError`, `NotFoundError`, `StaleReadError`, `WrongStateError`.
    """
    before = _seen(shop, actor, campaign_id, seen_version)
    if before.state not in (CampaignState.PAUSED, CampaignState.STOPPED):
        raise WrongStateError(f"“{before.name}” is {before.state}, so it cannot go on.")
    forgiven = before.forgiven
    if before.state is CampaignState.STOPPED:
        figures = figures_of(shop, before.id)
        forgiven = (figures["bounced"], figures["complained"], figures["sent"])
    state = CampaignState.RUNNING if before.audience.whole else CampaignState.PREPARING
    after = replace(before, state=state, reason="", forgiven=forgiven, due_at=shop.clock())
    return change(shop, actor, before, after, "let a campaign go on")


def cancel(shop: Shop, actor: Actor, campaign_id: str, *, seen_version: int | None = None) -> Campaign:
    """Ends a campaign for good; who has not got theirs gets none.

    Raises: `PermissionDeniedError`, `NotFoundError`, `StaleReadError`, `WrongStateError`.
    """

    def cancelled() -> Campaign:
        before = _seen(shop, actor, campaign_id, seen_version)
        after = replace(
            before,
            state=CampaignState.CANCELLED,
            reason=f"Cancelled by {actor.name or actor.username}",
            ended_at=shop.clock(),
            due_at=shop.clock() if before.started_at else None,
        )
        return change(shop, actor, before, after, "cancelled a campaign")

    return until_settled(cancelled) if seen_version is None else cancelled()


def retry_failed(shop: Shop, actor: Actor, campaign_id: str, *, typed_count: int, seen_version: int) -> Campaign:
    """Sends a finished campaign again to those, and only those, for whom it failed: nothing had gone out to them.

    `typed_count` is how many failed, as the person has seen it.
    Raises: `PermissionDeniedError`, `InvalidInputError`, `NotFoundError`, `StaleReadError`, `WrongStateError`.
    """
    before = _seen(shop, actor, campaign_id, seen_version)
    if before.state is not CampaignState.FINISHED:
        raise WrongStateError(f"“{before.name}” is {before.state}; what failed can be retried when it has finished.")
    failed = figures_of(shop, campaign_id)["failed"]
    if not failed:
        raise InvalidInputError("No failed emails to retry.", "count")
    if typed_count != failed:
        raise InvalidInputError("The number does not match the failed emails.", "count")
    after = replace(before, state=CampaignState.RUNNING, reason="", ended_at=None, reopening=True, due_at=shop.clock())
    return change(shop, actor, before, after, "retried what failed of a campaign", f"{before.name}: {failed:,} failed")


def _seen(shop: Shop, actor: Actor, campaign_id: str, seen_version: int | None) -> Campaign:
    actor.require(Permission.PLAN_CAMPAIGNS)
    campaign = read_campaign(shop, campaign_id)
    if seen_version is not None:
        check_seen(campaign, seen_version)
    return campaign


def _scheduled(shop: Shop, actor: Actor, before: Campaign, at: datetime, action: str) -> Campaign:
    if before.state is CampaignState.AWAITING_APPROVAL or (before.needs_approval and before.approval is None):
        planned = before.planned_recipients or 0
        raise NotApprovedError(
            f"“{before.name}” goes to {planned:,} customers; a second person has to approve it first."
        )
    check_transition(before, CampaignState.SCHEDULED)
    _check_not_all_broken(shop, before)
    after = replace(
        before, state=CampaignState.SCHEDULED, start_at=at, due_at=at, reason="", audience=Audience(), started_at=None
    )
    return change(shop, actor, before, after, action)


def _check_not_all_broken(shop: Shop, campaign: Campaign) -> None:
    """Raises: `WrongStateError` when the check has found that not one of the emails can be made."""
    found = preflight_of(shop, campaign)
    if found is None or not found.is_current or not found.broken or found.broken < found.recipients:
        return
    first = f" {found.listed[0].sentence}" if found.listed else ""
    raise WrongStateError(f"None of the {found.broken:,} emails of “{campaign.name}” can be made.{first}")
