"""Buttons that change a campaign's state. Those that send ask for the number of recipients."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta
from functools import partial

import streamlit as st

from backend.domain.campaigns import Campaign, CampaignState
from backend.domain.team import Actor, Permission
from backend.services.campaigns import actions as steering
from backend.services.campaigns import drafts
from backend.services.campaigns.progress import figures_of
from backend.services.context import Shop
from pages.components.campaigns import collisions
from pages.components.ui import actions, formats
from pages.components.ui.caching import who
from pages.components.ui.dialogs import Dialog
from pages.components.ui.forms import Form
from pages.components.ui.navigation import page_of
from pages.components.ui.shell import current_shop
from pages.components.ui.state import Slot

_COPY_ID: Slot[str] = Slot("campaign.copy_id")
_S = CampaignState


def show_dialogs() -> None:
    """Renders the dialog that is open, if one is."""
    for dialog in (_START, _SCHEDULE, _APPROVE, _DECLINE, _CANCEL, _RETRY):
        dialog.show()


def show_start(shop: Shop, actor: Actor, campaign: Campaign, *, enabled: bool) -> None:
    """The last step before sending: approval if the campaign is large, then the start or its time."""
    st.header("3. Start")
    if campaign.approval is not None:
        moment = formats.moment(shop, campaign.approval.at)
        count = formats.counted(shop, campaign.approval.recipients, "recipient")
        st.success(
            formats.plain(f"{who(campaign.approval.by)} approved {count}, {moment}."), icon=":material/how_to_reg:"
        )
    if campaign.state is _S.AWAITING_APPROVAL:
        _show_approval(actor, campaign)
        return
    if campaign.state is _S.SCHEDULED and campaign.start_at is not None:
        moment = formats.moment(shop, campaign.start_at)
        st.info(formats.plain(f"Scheduled for {moment}."), icon=":material/schedule_send:")
    if not actor.may(Permission.PLAN_CAMPAIGNS):
        return
    if campaign.needs_approval and campaign.approval is None:
        _ask_for_approval(shop, campaign, enabled=enabled)
        return
    with st.container(horizontal=True):
        if campaign.may_start:
            _START.opener("Start now", campaign, icon=":material/send:", primary=True)
            _SCHEDULE.opener("Schedule for later", campaign, icon=":material/schedule_send:")
        if campaign.state in (_S.SCHEDULED, _S.OVERDUE):
            _button("Unschedule", ":material/undo:", campaign, steering.unschedule, "Unscheduled.")
        _CANCEL.opener("Cancel permanently", campaign, icon=":material/cancel:")


def _ask_for_approval(shop: Shop, campaign: Campaign, *, enabled: bool) -> None:
    planned = formats.counted(shop, campaign.planned_recipients or 0, "customer")
    st.info(f"It goes to {planned}, so a second person must approve it first.", icon=":material/how_to_reg:")
    with st.container(horizontal=True):
        actions.button(
            "Ask for approval",
            _act,
            campaign,
            steering.request_approval,
            "Approval requested. Send a colleague the link to this page.",
            icon=":material/how_to_reg:",
            type="primary",
            disabled=not enabled,
            key="campaign_ask",
        )
        _CANCEL.opener("Cancel permanently", campaign, icon=":material/cancel:")


def _show_approval(actor: Actor, campaign: Campaign) -> None:
    mine = actor.username in campaign.authors
    if mine or not actor.may(Permission.APPROVE_CAMPAIGNS):
        st.info(
            "Someone who did not write or change it must approve it: a manager or an admin.",
            icon=":material/hourglass_top:",
        )
    else:
        st.info(
            formats.plain(
                f"{who(campaign.asked_by)} asks you to approve this campaign. Check the email and the audience."
            ),
            icon=":material/how_to_reg:",
        )
        with st.container(horizontal=True):
            _APPROVE.opener("Approve", campaign, icon=":material/check:", primary=True)
            _DECLINE.opener("Decline", campaign, icon=":material/close:")


def show_running(actor: Actor, campaign: Campaign, failed: int) -> None:
    """The buttons of a campaign that has begun."""
    if not actor.may(Permission.PLAN_CAMPAIGNS):
        return
    with st.container(horizontal=True):
        if campaign.state in (_S.PREPARING, _S.RUNNING):
            _button("Pause", ":material/pause:", campaign, _whatever_version(steering.pause), "Pausing…", primary=True)
        if campaign.state in (_S.PAUSED, _S.STOPPED):
            _button("Resume", ":material/play_arrow:", campaign, steering.resume, "Sending resumed.", primary=True)
        if campaign.state in (_S.PREPARING, _S.RUNNING, _S.PAUSED, _S.STOPPED):
            _CANCEL.opener("Cancel permanently", campaign, icon=":material/cancel:")
        if campaign.state is _S.FINISHED and failed:
            _RETRY.opener(f"Retry the {failed:,} that failed", campaign, icon=":material/replay:")
        if campaign.state is _S.FINISHED and not campaign.draft.again:
            _again_button(campaign)
        duplicate_button(campaign)


def _again_button(campaign: Campaign) -> None:
    """Opens the draft that goes to those who did not open this one."""
    label = "Send again to those who did not open it"
    help = (
        "Makes a draft, once. Whoever opened the email since, or whose mail program opens all emails, gets no second."
    )
    if st.button(label, icon=":material/forward_to_inbox:", key="campaign_again", help=help):
        draft = actions.attempt(
            Permission.PLAN_CAMPAIGNS,
            lambda actor: drafts.send_again(current_shop(), actor, campaign.id),
            "This is the draft. Give it another subject; nothing is sent yet.",
        )
        if isinstance(draft, actions.Trouble):
            actions.show_trouble(draft)
            return
        st.switch_page(page_of("campaign.py"), query_params={"id": draft.id})


def duplicate_button(campaign: Campaign) -> None:
    """Makes a new draft that sends the same; not of one that sends again, which is done once."""
    if not campaign.draft.again and st.button("Duplicate", icon=":material/content_copy:", key="campaign_duplicate"):
        copied = actions.attempt(
            Permission.PLAN_CAMPAIGNS,
            lambda actor: drafts.duplicate_campaign(
                current_shop(), actor, campaign.id, new_id=_COPY_ID.once(drafts.new_campaign_id)
            ),
            "This is the copy. Nothing is sent yet.",
        )
        if isinstance(copied, actions.Trouble):
            actions.show_trouble(copied)
            return
        _COPY_ID.clear()
        st.switch_page(page_of("campaign.py"), query_params={"id": copied.id})


_Step = Callable[..., Campaign]


def _button(label: str, icon: str, campaign: Campaign, step: _Step, done: str, *, primary: bool = False) -> None:
    actions.button(
        label,
        _act,
        campaign,
        step,
        done,
        icon=icon,
        type="primary" if primary else "secondary",
        key=f"campaign_{label.lower().replace(' ', '_')}",
    )


def _act(seen: Campaign, step: _Step, done: str) -> None:
    actions.act(
        Permission.PLAN_CAMPAIGNS, lambda actor: step(current_shop(), actor, seen.id, seen_version=seen.version), done
    )


def _whatever_version(step: Callable[[Shop, Actor, str], Campaign]) -> _Step:
    """On the newest version: a change in the meantime must not prevent a stop."""
    return lambda shop, actor, campaign_id, seen_version: step(shop, actor, campaign_id)


# --- dialogs -----------------------------------------------------------------------------------------------------


def _start(seen: Campaign) -> None:
    if _counted("Start", ":material/send:", seen, "emails will be sent, starting now."):
        _finish(_START, seen, steering.start, "Sending starts. Follow the progress here.")


def _schedule(seen: Campaign) -> None:
    shop = current_shop()
    form = Form("schedule_campaign", seen.id)
    tomorrow = (shop.clock().astimezone(shop.zone) + timedelta(days=1)).date()
    with st.container(horizontal=True):
        day = st.date_input(
            "Day", tomorrow, format=formats.date_input_format(shop), key=form.key("day"), persist_state="session"
        )
        clock = st.time_input(
            "Time",
            time(10),
            format=formats.clock_of(shop),
            help=f"In the shop's time ({shop.zone.key}).",
            key=form.key("time"),
            persist_state="session",
        )
    collisions.show(shop, seen, day)
    st.caption("If we can't send on time, we'll ask you before sending late.")
    if _counted("Schedule", ":material/schedule_send:", seen, "emails will be sent at that time."):
        moment = datetime.combine(day, clock or time(10), tzinfo=shop.zone)
        _finish(_SCHEDULE, seen, partial(steering.schedule, start_at=moment), "Campaign scheduled.", form=form)


def _approve(seen: Campaign) -> None:
    st.markdown(f"**{formats.plain(seen.name)}** to **{formats.plain(seen.segment_name)}**")
    if count := _counted("Approve", ":material/check:", seen, "emails may be sent."):
        approve = partial(steering.approve, typed_count=count)
        _finish(_APPROVE, seen, approve, "Approved.", Permission.APPROVE_CAMPAIGNS)


def _decline(seen: Campaign) -> None:
    form = Form("decline_campaign", seen.id)
    with form.area():
        reason = st.text_input(
            "Reason", max_chars=200, placeholder="What needs to change", key=form.key("reason"), persist_state="session"
        )
        missing = "" if reason.strip() else "Enter a reason."
        now = form.pressed("Decline", icon=":material/close:", missing=missing)
    if now:
        decline = partial(steering.decline, reason=reason)
        sentence = "Declined. The campaign is a draft again."
        _finish(_DECLINE, seen, decline, sentence, Permission.APPROVE_CAMPAIGNS, form=form)


def _cancel(seen: Campaign) -> None:
    st.markdown("Customers who have not received it yet will not get it. This cannot be undone.")
    if st.button("Cancel the campaign", type="primary", icon=":material/cancel:", width="stretch"):
        _finish(_CANCEL, seen, _whatever_version(steering.cancel), "Campaign cancelled.")


def _retry(seen: Campaign) -> None:
    shop = current_shop()
    failed = figures_of(shop, seen.id)["failed"]
    st.markdown("Only the failed emails are sent again.")
    if _typed_count("Retry", ":material/replay:", f"Type {failed:,} to confirm", failed, "retry_campaign"):
        retry = partial(steering.retry_failed, typed_count=failed)
        _finish(_RETRY, seen, retry, "Failed emails are being sent again.")


def _counted(label: str, icon: str, seen: Campaign, what: str) -> int:
    """The number of recipients once the button was pressed with this number typed; else 0."""
    planned = seen.planned_recipients or 0
    st.markdown(f"**{formats.count(current_shop(), planned)}** {what}")
    return _typed_count(label, icon, "Type this number to confirm", planned, f"count_{seen.id}_{seen.version}")


def _typed_count(label: str, icon: str, ask: str, count: int, key: str) -> int:
    with st.form(f"form_{key}", border=False):
        typed = st.text_input(ask, max_chars=12, key=key, autocomplete="off")
        digits = "".join(sign for sign in typed if sign.isdigit())
        right = bool(digits) and int(digits) == count
        missing = "" if right else f"Type {formats.count(current_shop(), count)} to confirm."
        now = actions.submitted(label, key=f"{key}_now", icon=icon, missing=missing)
    return count if now else 0


def _finish(
    dialog: Dialog[Campaign],
    seen: Campaign,
    step: _Step,
    done: str,
    permission: Permission = Permission.PLAN_CAMPAIGNS,
    *,
    form: Form | None = None,
) -> None:
    result = actions.attempt(
        permission, lambda actor: step(current_shop(), actor, seen.id, seen_version=seen.version), done
    )
    dialog.finish(result, form)


_START = Dialog[Campaign]("campaign_start", "Start this campaign?", _start, icon=":material/send:")
_SCHEDULE = Dialog[Campaign]("campaign_schedule", "Schedule this campaign", _schedule, icon=":material/schedule_send:")
_APPROVE = Dialog[Campaign]("campaign_approve", "Approve this campaign?", _approve, icon=":material/how_to_reg:")
_DECLINE = Dialog[Campaign]("campaign_decline", "Decline this campaign?", _decline, icon=":material/close:")
_CANCEL = Dialog[Campaign]("campaign_cancel", "Cancel this campaign permanently?", _cancel, icon=":material/cancel:")
_RETRY = Dialog[Campaign]("campaign_retry", "Retry failed emails?", _retry, icon=":material/replay:")
