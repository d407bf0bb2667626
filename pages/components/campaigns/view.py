"""The list of campaigns; and of a campaign's page its head, what it sends, and why somebody does not get it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

import streamlit as st

from backend.domain.campaign_figures import CampaignProgress
from backend.domain.campaigns import Campaign, CampaignState, Variant
from backend.domain.team import Actor, Permission
from backend.errors import BackendError
from backend.services.campaigns.explanation import explain
from backend.services.campaigns.results import CampaignRow, with_results
from backend.services.context import Shop
from pages.components.campaigns import preview, words
from pages.components.customers import search
from pages.components.customers.can_we_email import WHY
from pages.components.messages import table
from pages.components.ui import caching, formats
from pages.components.ui.columns import Columns, Offered, pick_columns
from pages.components.ui.navigation import page_of
from pages.components.ui.shell import mailer, name_tab
from pages.components.ui.state import Slot
from pages.components.ui.table import Badge, Cell, Column, Row, Table, show_table

_ASKED: Slot[tuple[str, str]] = Slot("campaign.asked")


def has_begun(campaign: Campaign) -> bool:
    """Whether it has begun to send."""
    return campaign.started_at is not None


def show_head(shop: Shop, campaign: Campaign) -> None:
    """Name, state, and why it is in that state."""
    name_tab(campaign.name, "Campaigns")
    st.page_link(page_of("campaigns.py"), label="All campaigns", icon=":material/arrow_back:", help="")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.title(formats.plain(campaign.name), width="content")
        st.markdown(words.state_badge(campaign.state), width="content")
    st.markdown(words.summary(shop, campaign))
    if campaign.reason:
        serious = campaign.state in (CampaignState.STOPPED, CampaignState.OVERDUE)
        show_list = st.error if serious else st.warning
        show_list(formats.plain(campaign.reason), icon=words.STATE_ICONS[campaign.state])


def show_question(shop: Shop, actor: Actor, campaign: Campaign) -> None:
    """Whether one customer gets the email, with all reasons."""
    with st.expander("Why does a customer get it, or not?", icon=":material/person_search:"):
        if not actor.may(Permission.VIEW_CUSTOMERS):
            st.caption("Your role cannot view customers.")
            return
        search.search_customers(shop, "Which customer?", lambda found: _ASKED.set((campaign.id, found)))
        asked = _ASKED.get()
        if asked is not None and asked[0] == campaign.id:
            _answer(shop, actor, campaign, asked[1])


def _answer(shop: Shop, actor: Actor, campaign: Campaign, customer_id: str) -> None:
    try:
        answer = explain(shop, mailer(), actor, campaign.id, customer_id)
    except BackendError as error:
        st.error(formats.plain(error.sentence), icon=":material/error:")
        return
    reasons = "".join(f"\n- {WHY.get(reason, reason.value)}" for reason in answer.reasons)
    show_list = st.warning if answer.reasons or not answer.in_audience else st.info
    show_list(formats.plain(answer.sentence) + (f"\n{reasons}" if reasons else ""), icon=":material/person:")
    if answer.message is not None:
        st.page_link(
            page_of("message.py"),
            label="Open the message",
            icon=":material/mail:",
            query_params={"id": answer.message.id},
            help="",
        )


def show_content(shop: Shop, campaign: Campaign) -> None:
    """What is sent and how, folded away."""
    with st.expander("Settings", icon=":material/mail:"):
        st.markdown(_settings(shop, campaign))
        try:
            preview.show_campaign(shop, campaign)
        except BackendError as error:
            st.error(formats.plain(error.sentence), icon=":material/error:")


def _settings(shop: Shop, campaign: Campaign) -> str:
    draft = campaign.draft
    title = table.title_of(shop, draft.template)
    lines = [f"Email: **{formats.plain(title)}**, version {campaign.template_version}"]
    lines.append(f"Segment: **{formats.plain(campaign.segment_name)}**, as of when the campaign was saved")
    if draft.again:
        first = page_of("campaign.py").url_path
        lines.append(f"Only to those who got [the first campaign](/{first}?id={draft.again}) and did not open it")
    if draft.canary is not None:
        wait = words.waiting(draft.canary.wait)
        lines.append(f"First **{draft.canary.share}%** get it first; after {wait} the results are checked")
    if draft.test is not None:
        wait = words.waiting(draft.test.wait)
        number = len(draft.test.variants)
        lines.append(
            f"**{draft.test.share}%** get one of {number} variants; after {wait} the others get the one "
            f"with more {draft.test.measure.value}"
        )
        lines += [f"Variant {each.key}: {_differs(shop, each)}" for each in draft.test.variants]
    if draft.holdout:
        lines.append(f"**{draft.holdout}%** are held out as a control group")
    if draft.hours is not None:
        days = ", Monday to Friday" if draft.hours.weekdays_only else ""
        start, end = (formats.plain(formats.time_of_day(shop, hour)) for hour in (draft.hours.start, draft.hours.end))
        lines.append(f"Sent between **{start}** and **{end}**{days}, shop time")
    bounces = formats.plain(formats.percent(shop, draft.limits.bounces))
    complaints = formats.plain(formats.percent(shop, draft.limits.complaints, 2))
    lines.append(f"Stops automatically at {bounces} bounces or {complaints} complaints")
    return "\n".join(f"- {line}" for line in lines)


def _differs(shop: Shop, variant: Variant) -> str:
    """In what it differs from the campaign's own email."""
    found = []
    if variant.template:
        title = formats.plain(table.title_of(shop, variant.template))
        found.append(f"the email **{title}**, version {variant.version}")
    if variant.subject:
        found.append(f"the subject “{formats.plain(variant.subject)}”")
    if variant.fields is not None and not variant.template:
        found.append("its own texts")
    return ", ".join(found) or "same email"


_WAITING_FOR_PEOPLE = (CampaignState.AWAITING_APPROVAL, CampaignState.OVERDUE, CampaignState.STOPPED)


def _moment(shop: Shop, at: datetime | None) -> Cell:
    year = shop.clock().astimezone(shop.zone).year
    return Cell(formats.brief_moment(shop, at, year) if at else "", quiet=True)


def _when(campaign: Campaign) -> datetime:
    return campaign.started_at or campaign.start_at or campaign.changed_at


def _through(shop: Shop, each: CampaignRow) -> Cell:
    if each.progress is not None:
        return Cell(f"{formats.count(shop, each.progress.sent)} of {formats.count(shop, each.progress.audience)}")
    if each.campaign.planned_recipients is not None:
        return Cell(f"{formats.count(shop, each.campaign.planned_recipients)} planned")
    return Cell("no plan yet")


def _share(of: Callable[[CampaignProgress], int]) -> Callable[[Shop, CampaignRow], Cell]:
    """A cell with a share of the emails that went out."""

    def cell(shop: Shop, each: CampaignRow) -> Cell:
        if each.progress is None or not each.progress.went_out:
            return Cell("")
        return Cell(formats.percent(shop, of(each.progress) / each.progress.went_out))

    return cell


def _orders(shop: Shop, each: CampaignRow) -> Cell:
    return Cell(formats.count(shop, each.orders.got.orders) if each.orders else "")


def _revenue(shop: Shop, each: CampaignRow) -> Cell:
    return Cell(formats.round_money(shop, each.orders.got.revenue) if each.orders else "")


CAMPAIGN_COLUMNS: tuple[Offered[CampaignRow], ...] = (
    Offered("name", Column("Campaign", "main"), lambda _, each: Cell(each.campaign.name)),
    Offered(
        "segment",
        Column("Segment", labelled=True),
        lambda _, each: Cell(each.campaign.segment_name, quiet=True),
        usual=False,
    ),
    Offered(
        "email",
        Column("Email"),
        lambda shop, each: Cell(table.title_of(shop, each.campaign.draft.template), quiet=True),
        usual=False,
    ),
    Offered(
        "status",
        Column("Status", width=170),
        lambda _, each: Cell(badges=(Badge(*words.look_of(each.campaign.state)),)),
    ),
    Offered("recipients", Column("Recipients", "figure", 120), _through),
    Offered("opened", Column("Opened", "figure", 80, labelled=True), _share(lambda it: it.opened), usual=False),
    Offered("clicked", Column("Clicked", "figure", 80, labelled=True), _share(lambda it: it.clicked)),
    Offered(
        "unsubscribed",
        Column("Unsubscribed", "figure", 110, labelled=True),
        _share(lambda it: it.unsubscribed),
        usual=False,
    ),
    Offered("orders", Column("Orders after", "figure", 100, labelled=True), _orders, usual=False),
    Offered("revenue", Column("Revenue after", "figure", 110, labelled=True), _revenue),
    Offered(
        "by",
        Column("Created by", width=150, labelled=True),
        lambda _, each: Cell(caching.who(each.campaign.created_by), quiet=True),
        usual=False,
    ),
    Offered(
        "created",
        Column("Created", width=150, labelled=True),
        lambda shop, each: _moment(shop, each.campaign.created_at),
        usual=False,
    ),
    Offered(
        "ended",
        Column("Ended", width=150, labelled=True),
        lambda shop, each: _moment(shop, each.campaign.ended_at),
        usual=False,
    ),
    Offered("when", Column("When", width=140), lambda shop, each: _moment(shop, _when(each.campaign))),
)


def show_list(shop: Shop, actor: Actor, campaigns: Sequence[Campaign]) -> None:
    """First the campaigns that wait for somebody, then the others; each row leads to its campaign."""
    columns = pick_columns(CAMPAIGN_COLUMNS, "campaigns")
    waiting = [campaign for campaign in campaigns if campaign.state in _WAITING_FOR_PEOPLE]
    others = [campaign for campaign in campaigns if campaign.state not in _WAITING_FOR_PEOPLE]
    if waiting:
        st.header(":material/notification_important: Needs your decision")
        shown = columns if not others else replace(columns, choice=None)
        show_table(_table(shop, actor, waiting, shown), "waiting_campaigns")
        if others:
            st.header("All campaigns")
    if others:
        show_table(_table(shop, actor, others, columns), "campaigns")


def _table(shop: Shop, actor: Actor, campaigns: Sequence[Campaign], columns: Columns[CampaignRow]) -> Table:
    """One row for each campaign."""
    listed = with_results(shop, actor, campaigns)
    rows = [Row(each.campaign.id, columns.cells(shop, each), {"id": each.campaign.id}) for each in listed]
    return Table("Campaigns", columns.heads, rows, "campaign.py", columns.choice)
