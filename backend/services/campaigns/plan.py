"""The plan of a campaign: who gets it, who does not and why, when it will be through, and what it costs."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from backend.domain.campaign_figures import Plan, Preflight, PreflightStatus
from backend.domain.campaign_timing import Pace, Timing, closes_at, is_ever_open, opens_at, timing_of
from backend.domain.campaigns import EDITABLE, Campaign, CampaignState, WrongStateError
from backend.domain.costs import FREE_UNITS_A_SECOND, MAIL, STORE_WRITE
from backend.domain.emails import Kind
from backend.domain.team import Actor, Permission
from backend.errors import InvalidInputError
from backend.services.campaigns.preflights import preflight_of
from backend.services.campaigns.saved import change, check_seen, read_campaign
from backend.services.context import Shop
from backend.services.sending.account import AccountUse, account_use
from backend.services.sending.mailer import Mailer

UNITS_PER_EMAIL = 5.0
"""Write units of DynamoDB for one email of a campaign and its counters, as the bench measures; reports come on top."""
WITHOUT_LIMIT = 1_000.0
"""Emails a second where the account sets no rate: about what one worker gets out."""
_NO_RATE = "The rate is not known, so the end is not either."
_NOT_IN_SIGHT = "The rate, the daily quota and its hours do not let it finish within sight."


def plan(shop: Shop, mailer: Mailer, actor: Actor, campaign_id: str, *, seen_version: int) -> tuple[Campaign, Plan]:
    """Plans a campaign whose preflight is done; a draft becomes planned. It says whether a second person must approve.

    Raises: `PermissionDeniedError`, `NotFoundError`, `StaleReadError`, `WrongStateError` when the preflight is
    missing, not through or of other contents, `InvalidInputError` for hours in which nothing may ever go out.
    """
    actor.require(Permission.PLAN_CAMPAIGNS)
    before = read_campaign(shop, campaign_id)
    check_seen(before, seen_version)
    if before.state not in EDITABLE:
        raise WrongStateError(f"“{before.name}” is {before.state}; it has a plan already.")
    preflight = _through(shop, before)
    if not is_ever_open(before.draft.hours, before.kind, mailer.limits, shop.clock(), shop.zone):
        raise InvalidInputError("Its hours lie within the quiet hours of the shop, so it would never go out.", "hours")
    found = _plan_of(shop, mailer, before, preflight)
    after = replace(
        before,
        state=CampaignState.PLANNED,
        planned_recipients=found.recipients,
        planned_segment=found.audience,
        needs_approval=found.needs_approval,
        approval_from=mailer.approval_from,
    )
    if after == before:
        return before, found
    after = replace(after, approval=None, reason="")
    return change(shop, actor, before, after, "planned a campaign", f"{before.name}: {found.recipients:,}"), found


def get_plan(shop: Shop, mailer: Mailer, actor: Actor, campaign_id: str) -> Plan | None:
    """The plan by today's rate and quota; None while there is no preflight of what the campaign sends now.

    Raises: `PermissionDeniedError`, `NotFoundError`.
    """
    actor.require(Permission.VIEW_EMAIL)
    campaign = read_campaign(shop, campaign_id)
    preflight = preflight_of(shop, campaign)
    if preflight is None or not preflight.is_current or preflight.status is not PreflightStatus.DONE:
        return None
    return _plan_of(shop, mailer, campaign, preflight)


def _through(shop: Shop, campaign: Campaign) -> Preflight:
    preflight = preflight_of(shop, campaign)
    if preflight is None or not preflight.is_current:
        raise WrongStateError("Check all recipients first: this campaign has changed since the last check.")
    if preflight.status is PreflightStatus.FAILED:
        raise WrongStateError(f"The check failed: {preflight.error}")
    if preflight.status is not PreflightStatus.DONE:
        raise WrongStateError("The check has not finished yet.")
    return preflight


def _plan_of(shop: Shop, mailer: Mailer, campaign: Campaign, preflight: Preflight) -> Plan:
    use = account_use(shop, mailer, mailer.window.policy)
    timing = _timing(shop, mailer, campaign, preflight.recipients, use)
    no_end = _no_end(use, timing)
    seconds = ((timing.finishes_at or timing.starts_at) - timing.starts_at).total_seconds()
    left = None if use.daily_quota is None else max(use.daily_quota - use.used, 0)
    return Plan(
        audience=preflight.checked,
        recipients=preflight.recipients,
        holdout=preflight.holdout,
        excluded=preflight.excluded,
        broken=preflight.broken,
        per_second=use.per_second,
        quota=use.daily_quota,
        quota_left=left,
        starts_at=timing.starts_at,
        finishes_at=None if no_end else timing.finishes_at,
        no_end=no_end,
        days=timing.days,
        mail_cost=float(MAIL.of(preflight.recipients)) * 100,
        store_cost=_store_cents(preflight.recipients, seconds),
        needs_approval=preflight.recipients >= mailer.approval_from,
        as_of=preflight.as_of,
    )


def _no_end(use: AccountUse, timing: Timing) -> str:
    """Why it cannot be said when it will be through, if so."""
    if use.per_second == 0:
        return f"{_NO_RATE} {use.unknown}".strip()
    return "" if timing.finishes_at is not None else _NOT_IN_SIGHT


def _store_cents(recipients: int, seconds: float) -> float:
    """Beyond what the free tier gives while it is sent."""
    units = recipients * UNITS_PER_EMAIL - FREE_UNITS_A_SECOND * seconds
    return float(STORE_WRITE.of(max(units, 0.0))) * 100


def _timing(shop: Shop, mailer: Mailer, campaign: Campaign, recipients: int, use: AccountUse) -> Timing:
    draft = campaign.draft

    def opens(moment: datetime) -> datetime:
        return opens_at(draft.hours, campaign.kind, mailer.limits, moment, shop.zone)

    def closes(moment: datetime) -> datetime | None:
        return closes_at(draft.hours, moment, shop.zone)

    start = max(campaign.start_at or shop.clock(), shop.clock())
    if not recipients:
        return Timing(opens(start), opens(start), 1)
    timing = timing_of(recipients, start, _pace(campaign, use), opens, closes, shop.zone)
    if timing.finishes_at is None:
        return timing
    return replace(timing, finishes_at=timing.finishes_at + _waits(campaign))


def _pace(campaign: Campaign, use: AccountUse) -> Pace:
    per_second = min(use.per_second or WITHOUT_LIMIT, WITHOUT_LIMIT) if use.per_second != 0 else WITHOUT_LIMIT
    if use.daily_quota is None:
        return Pace(per_second)
    kept = use.kept_share if campaign.kind is Kind.MARKETING else 0.0
    quota = int(use.daily_quota * (1 - kept))
    return Pace(per_second, max(quota - use.used, 0), quota)


def _waits(campaign: Campaign) -> timedelta:
    """For the canary and for the variants: one after the other, unless the canary has the whole test in it."""
    draft = campaign.draft
    canary = draft.canary.wait if draft.canary is not None else timedelta()
    if draft.test is None or draft.test.share >= 100:
        return canary
    if draft.canary is not None and draft.canary.share >= draft.test.share:
        return max(canary, draft.test.wait)
    return canary + draft.test.wait
