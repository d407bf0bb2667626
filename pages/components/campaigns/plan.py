"""The plan of a campaign as cards: how many, until when, for how much, and how much of the quota."""

from __future__ import annotations

import streamlit as st

from backend.domain.campaign_figures import Plan
from backend.services.context import Shop
from pages.components.campaigns import words
from pages.components.ui import formats


def show(here: Shop, plan: Plan) -> None:
    """Recipients, end, cost and quota; below, what they follow from."""
    with st.grid(4, min_column_width=150):
        _card("Recipients", formats.count(here, plan.recipients), f"of {formats.count(here, plan.audience)} customers")
        _card("Duration", _duration(plan), _until(here, plan))
        _card("Cost", f"${plan.cost / 100:,.2f}", "SES, and the store beyond its free tier")
        _card("Share of the daily quota", _share(here, plan), _quota(here, plan))
    notes = [f"{formats.counted(here, plan.holdout, 'customer')} in the control group."] if plan.holdout else []
    if plan.broken:
        notes.append(f"{formats.counted(here, plan.broken, 'email')} cannot be rendered and will count as failed.")
    if plan.days > 1:
        notes.append(f"Sends on {formats.count(here, plan.days)} days.")
    if plan.as_of is not None:
        moment = formats.plain(formats.moment(here, plan.as_of))
        notes.append(f"Segment as of {moment}. Each customer is checked again right before sending.")
    st.caption(" ".join(notes))
    left_out = sum(plan.excluded.values())
    if left_out:
        with st.expander(
            f"{formats.counted(here, left_out, 'customer')} skipped, with reasons", icon=":material/block:"
        ):
            st.markdown(words.reasons(here, plan.excluded))


def _card(label: str, value: str, note: str) -> None:
    with st.container(border=True, height="stretch", gap="xxsmall"):
        st.metric(label, formats.plain(value))
        st.caption(formats.plain(note))


def _duration(plan: Plan) -> str:
    return words.short_lasting(plan.duration.total_seconds()) if plan.duration is not None else "Not known"


def _until(here: Shop, plan: Plan) -> str:
    if plan.finishes_at is None:
        return plan.no_end
    if plan.per_second is None:
        return f"Until {formats.moment(here, plan.finishes_at)}, including waits"
    return f"Until {formats.moment(here, plan.finishes_at)}, including waits, at {plan.per_second:g} a second"


def _share(here: Shop, plan: Plan) -> str:
    return formats.percent(here, plan.quota_share) if plan.quota_share is not None else "No limit"


def _quota(here: Shop, plan: Plan) -> str:
    if plan.quota is None or plan.quota_left is None:
        return "No limit"
    return f"{formats.count(here, plan.quota_left)} of {formats.count(here, plan.quota)} available now"
