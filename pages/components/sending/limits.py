"""How far the limits of sending are used, and why nothing is sent, if nothing is."""

from __future__ import annotations

import streamlit as st

from backend.domain.team import Actor, Permission
from backend.email.rate import RatePolicy
from backend.services.context import Shop
from backend.services.sending import account
from backend.services.sending.account import AccountUse
from pages.components.ui import actions, formats
from pages.components.ui.shell import current_shop, mailer, settings


def use_of(shop: Shop) -> AccountUse:
    """The limits in force, and what is used of them."""
    given = settings()
    policy = RatePolicy(given.mail_rate, given.mail_daily_quota, given.mail_transactional_share)
    return account.account_use(shop, mailer(), policy)


def show_limits(shop: Shop, actor: Actor) -> None:
    """Rate, quota and what is used of it; and why nothing is sent, if nothing is."""
    use = use_of(shop)
    show_trouble(shop, actor, use)
    with st.grid(3, min_column_width=240):
        st.metric("Transport", _transport(use), border=True, help="Where emails go.")
        st.metric("Rate", _rate(shop, use), border=True, help="Maximum emails per second, all workers together.")
        st.metric("Last 24 hours", _quota(shop, use), border=True, help=_kept(shop, use))


def _transport(use: AccountUse) -> str:
    return "Outbox" if use.transport == "local" else use.transport.upper()


def _rate(shop: Shop, use: AccountUse) -> str:
    return "No limit" if use.per_second is None else f"{formats.count(shop, int(use.per_second))} a second"


def _quota(shop: Shop, use: AccountUse) -> str:
    if use.daily_quota is None:
        return "No limit"
    return f"{formats.count(shop, use.used)} of {formats.count(shop, use.daily_quota)}"


def _kept(shop: Shop, use: AccountUse) -> str:
    share = formats.percent(shop, use.kept_share, 0)
    return f"Recipients against the daily quota. {share} of it is reserved for transactional mail."


def show_trouble(shop: Shop, actor: Actor, use: AccountUse) -> None:
    """Everything that prevents sending."""
    if use.pause is not None:
        until = formats.plain(formats.moment(shop, use.pause.until))
        st.warning(
            f"Sending is paused until {until}. {formats.plain(use.pause.reason)}", icon=":material/pause_circle:"
        )
        if account.may_resume(actor):
            actions.button("Resume sending", _resume, key="resume_sending", icon=":material/play_circle:")
    if use.unknown:
        st.error(formats.plain(use.unknown), icon=":material/cloud_off:")
    if use.account is not None and not use.account.sending_enabled:
        st.error("The provider has switched off sending for this account.", icon=":material/block:")
    if use.account is not None and use.account.sandbox:
        st.info("The account is in the sandbox: only verified addresses get mail.", icon=":material/science:")


def _resume() -> None:
    actions.act(Permission.VIEW_EMAIL, lambda actor: account.resume_sending(current_shop(), actor), "Sending resumed.")
