"""The way from a draft to a start, step by step: check every recipient, look at the plan, have it approved, start."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from backend.domain.campaign_figures import Plan, Preflight, PreflightStatus
from backend.domain.campaigns import EDITABLE, Campaign, CampaignState
from backend.domain.team import Actor, Permission
from backend.errors import BackendError
from backend.services.campaigns import plan as planning
from backend.services.campaigns import preflights
from backend.services.campaigns.saved import get_campaign
from backend.services.context import Shop
from pages.components.campaigns import actions as campaign_steering
from pages.components.campaigns import collisions, words
from pages.components.ui import actions, formats
from pages.components.ui.guard import guarded_fragment, require
from pages.components.ui.navigation import page_of
from pages.components.ui.shell import current_shop, mailer
from pages.components.ui.table import Cell, Column, Row, Table, show_table

_POLL_SECONDS = 1.0
_BUSY = (PreflightStatus.WAITING, PreflightStatus.RUNNING)


def show(shop: Shop, actor: Actor, campaign: Campaign, *, enabled: bool) -> None:
    """What is done already, and the next step with its button."""
    if campaign.state is CampaignState.CANCELLED:
        campaign_steering.duplicate_button(campaign)
        return
    preflight = preflights.get_preflight(shop, actor, campaign.id)
    if preflight is not None and preflight.status in _BUSY:
        st.header("1. Check every recipient")
        _watch(campaign.id)
        return
    _show_preflight(shop, actor, campaign, preflight, enabled=enabled)
    if preflight is None or preflight.status is PreflightStatus.FAILED or not preflight.is_current:
        return
    plan = _plan_of(shop, actor, campaign)
    if plan is None:
        return
    _show_plan(shop, actor, campaign, plan, enabled=enabled)
    if campaign.state is not CampaignState.DRAFT:
        campaign_steering.show_start(shop, actor, campaign, enabled=enabled)
    if campaign.start_at is not None and campaign.state is CampaignState.SCHEDULED:
        _await_start(campaign.id)


@guarded_fragment(Permission.VIEW_EMAIL, run_every=2 * _POLL_SECONDS)
def _await_start(campaign_id: str) -> None:
    """Looks whether a worker has taken the campaign, so that the page shows its sending by itself."""
    campaign = get_campaign(current_shop(), require(Permission.VIEW_EMAIL), campaign_id)
    if campaign.state is not CampaignState.SCHEDULED:
        st.rerun()
    if campaign.start_at is not None and campaign.start_at <= current_shop().clock():
        st.caption(":material/hourglass_top: Starting …")


def _show_preflight(
    shop: Shop, actor: Actor, campaign: Campaign, preflight: Preflight | None, *, enabled: bool
) -> None:
    st.header("1. Check every recipient")
    if preflight is None:
        st.caption("Every email is rendered before the first one is sent, so nobody gets a broken email.")
    else:
        show_preflight(shop, preflight)
    if campaign.state not in EDITABLE:
        return
    if not actor.may(Permission.PLAN_CAMPAIGNS):
        st.caption("Staff and managers can check and start it.")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        actions.button(
            "Check all recipients" if preflight is None else "Check again",
            _run_preflight,
            campaign,
            icon=":material/fact_check:",
            type="primary" if preflight is None or not preflight.is_current else "secondary",
            disabled=not enabled,
            key="campaign_preflight",
        )
        query = {"id": campaign.id}
        st.page_link(
            page_of("new_campaign.py"), label="Edit campaign", icon=":material/edit:", query_params=query, help=""
        )


def _run_preflight(seen: Campaign) -> None:
    def run(actor: Actor) -> None:
        preflights.run_preflight(current_shop(), actor, seen.id, seen_version=seen.version)

    actions.act(Permission.PLAN_CAMPAIGNS, run, "")


@guarded_fragment(Permission.VIEW_EMAIL, run_every=_POLL_SECONDS)
def _watch(campaign_id: str) -> None:
    """Looks each second how far the check is."""
    shop = current_shop()
    actor = require(Permission.VIEW_EMAIL)
    preflight = preflights.get_preflight(shop, actor, campaign_id)
    if preflight is None or preflight.status not in _BUSY:
        st.rerun()
    checked, total = formats.count(shop, preflight.checked), formats.count(shop, preflight.total)
    text = f"{checked} of {total} checked" if preflight.total else "Starting"
    st.progress(preflight.share, text=text)
    st.caption("You can leave this page; the check continues.")


def _plan_of(shop: Shop, actor: Actor, campaign: Campaign) -> Plan | None:
    try:
        return planning.get_plan(shop, mailer(), actor, campaign.id)
    except BackendError as error:
        st.header("2. The plan")
        st.error(formats.plain(error.sentence), icon=":material/error:")
        return None


def _show_plan(shop: Shop, actor: Actor, campaign: Campaign, plan: Plan, *, enabled: bool) -> None:
    st.header("2. The plan")
    show_plan(shop, plan)
    collisions.show(shop, campaign, (campaign.start_at or shop.clock()).astimezone(shop.zone).date())
    if not actor.may(Permission.PLAN_CAMPAIGNS):
        return
    found, taken = (plan.recipients, plan.audience), (campaign.planned_recipients, campaign.planned_segment)
    differs = campaign.state is CampaignState.PLANNED and found != taken
    if differs:
        st.info("The numbers have changed since the plan was confirmed.", icon=":material/info:")
    if differs or campaign.state is CampaignState.DRAFT:
        actions.button(
            "Confirm plan",
            _take_plan,
            campaign,
            icon=":material/task_alt:",
            type="primary",
            disabled=not enabled or plan.recipients == 0,
            key="campaign_plan",
        )


def _take_plan(seen: Campaign) -> None:
    def take(actor: Actor) -> None:
        planning.plan(current_shop(), mailer(), actor, seen.id, seen_version=seen.version)

    actions.act(Permission.PLAN_CAMPAIGNS, take, "Plan confirmed. Nothing is sent yet.")


def show_plan(shop: Shop, plan: Plan) -> None:
    """Recipients, end, cost and quota; below, what they follow from."""
    with st.grid(4, min_column_width=150):
        _card("Recipients", formats.count(shop, plan.recipients), f"of {formats.count(shop, plan.audience)} customers")
        _card("Duration", _duration(plan), _until(shop, plan))
        _card("Cost", f"${plan.cost / 100:,.2f}", "SES, and the store beyond its free tier")
        _card("Share of the daily quota", _share(shop, plan), _quota(shop, plan))
    notes = [f"{formats.counted(shop, plan.holdout, 'customer')} in the control group."] if plan.holdout else []
    if plan.broken:
        notes.append(f"{formats.counted(shop, plan.broken, 'email')} cannot be rendered and will count as failed.")
    if plan.days > 1:
        notes.append(f"Sends on {formats.count(shop, plan.days)} days.")
    if plan.as_of is not None:
        moment = formats.plain(formats.moment(shop, plan.as_of))
        notes.append(f"Segment as of {moment}. Each customer is checked again right before sending.")
    st.caption(" ".join(notes))
    left_out = sum(plan.excluded.values())
    if left_out:
        with st.expander(
            f"{formats.counted(shop, left_out, 'customer')} skipped, with reasons", icon=":material/block:"
        ):
            st.markdown(words.reasons(shop, plan.excluded))


def _card(label: str, value: str, note: str) -> None:
    with st.container(border=True, height="stretch", gap="xxsmall"):
        st.metric(label, formats.plain(value))
        st.caption(formats.plain(note))


def _duration(plan: Plan) -> str:
    return words.short_lasting(plan.duration.total_seconds()) if plan.duration is not None else "Not known"


def _until(shop: Shop, plan: Plan) -> str:
    if plan.finishes_at is None:
        return plan.no_end
    if plan.per_second is None:
        return f"Until {formats.moment(shop, plan.finishes_at)}, including waits"
    return f"Until {formats.moment(shop, plan.finishes_at)}, including waits, at {plan.per_second:g} a second"


def _share(shop: Shop, plan: Plan) -> str:
    return formats.percent(shop, plan.quota_share) if plan.quota_share is not None else "No limit"


def _quota(shop: Shop, plan: Plan) -> str:
    if plan.quota is None or plan.quota_left is None:
        return "No limit"
    return f"{formats.count(shop, plan.quota_left)} of {formats.count(shop, plan.quota)} available now"


_SHOWN = 20
_COLUMNS = (Column("Customer", "main", 200), Column("Problem"), Column("Field", width=160))


def show_preflight(shop: Shop, preflight: Preflight) -> None:
    """The result in words; names only where something is wrong."""
    if preflight.status is PreflightStatus.FAILED:
        st.error(formats.plain(preflight.error), icon=":material/error:")
        return
    if not preflight.is_current:
        st.warning("The campaign has changed since this check. Check again.", icon=":material/sync_problem:")
    _show_verdict(shop, preflight)
    if preflight.broken:
        _show_broken(shop, preflight)
    if preflight.empty_fields:
        _show_fields(
            shop,
            preflight.empty_fields,
            ":material/space_bar: Fields that are empty for some",
            "The email goes out without them. Check how it reads then.",
        )


def _show_verdict(shop: Shop, preflight: Preflight) -> None:
    checked = formats.counted(shop, preflight.checked, "customer")
    recipients = formats.counted(shop, preflight.recipients, "recipient")
    took = f" in {preflight.seconds:.1f} seconds" if preflight.seconds else ""
    finished = ""
    if preflight.finished_at is not None:
        finished = f", {formats.plain(formats.moment(shop, preflight.finished_at))}"
    st.caption(f"{checked} of the segment checked{took}{finished}.")
    if not preflight.recipients:
        st.warning("Nobody would get this email.", icon=":material/group_off:")
    elif preflight.broken:
        st.error(
            f"The email of {formats.count(shop, preflight.broken)} of {recipients} cannot be rendered. "
            "They are skipped unless the email or their data is fixed.",
            icon=":material/broken_image:",
        )
    else:
        st.success(f"The emails of all {recipients} can be rendered.", icon=":material/check_circle:")


def _show_broken(shop: Shop, preflight: Preflight) -> None:
    _show_fields(shop, preflight.broken_fields, ":material/data_object: Fields with errors", "")
    rows = [
        Row(
            broken.customer_id,
            (Cell(formats.name_of(broken.name)), Cell(broken.sentence, quiet=True), Cell(broken.field)),
            {"id": broken.customer_id},
        )
        for broken in preflight.listed
    ]
    _show_rows(rows[:_SHOWN], "broken")
    if len(rows) > _SHOWN:
        with st.expander(f"Show {formats.count(shop, len(rows) - _SHOWN)} more"):
            _show_rows(rows[_SHOWN : 10 * _SHOWN], "more_broken")
    if preflight.broken > len(rows):
        st.caption(f"The first {formats.count(shop, len(rows))} are listed.")


def _show_rows(rows: list[Row], key: str) -> None:
    show_table(Table("Customers whose email cannot be rendered", _COLUMNS, rows, "customer.py"), key)


def _show_fields(shop: Shop, counts: Mapping[str, int], heading: str, advice: str) -> None:
    st.markdown(f"**{heading}**")
    ranked = sorted(counts.items(), key=lambda pair: -pair[1])
    st.markdown("\n".join(f"- `{name}`: {formats.counted(shop, number, 'recipient')}" for name, number in ranked))
    if advice:
        st.caption(advice)
