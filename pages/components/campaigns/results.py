"""The results of a campaign: who read it, which variant was better, which links, and what was ordered after it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import pandas as pd
import streamlit as st

from backend.domain.campaign_figures import (
    CampaignProgress,
    MailboxResult,
    OrdersAfter,
    Results,
    VariantResult,
    chance_of_difference,
)
from backend.domain.campaigns import Campaign, Measure
from backend.domain.lift import Buying
from backend.domain.team import Actor
from backend.services.campaigns.results import results_of
from backend.services.context import Shop
from pages.components.campaigns import lift
from pages.components.statistics import send_charts
from pages.components.ui import charts, formats

_CHANCE = 0.05
"""The significance level: below it, a difference is not put down to chance."""


def show(shop: Shop, actor: Actor, campaign: Campaign) -> None:
    """The results as far as they are known; nothing before the first email went out."""
    results = results_of(shop, actor, campaign.id)
    if not results.progress.went_out:
        return
    st.header("Results")
    _show_funnel(shop, results.progress)
    if results.variants:
        _show_variants(shop, campaign, results.variants)
    _show_orders(shop, campaign, results)
    _show_mailboxes(shop, results.mailboxes)
    _show_links(shop, results)


def _show_funnel(shop: Shop, progress: CampaignProgress) -> None:
    sent = progress.went_out
    steps = (
        ("Sent", sent),
        ("Delivered", progress.delivered),
        ("Opened (estimate)", progress.opened),
        ("Clicked", progress.clicked),
    )
    labels = [label for label, _ in steps]
    values = [number for _, number in steps]
    texts = [f"{formats.count(shop, number)} · {_share(shop, number, sent)}" for number in values]
    summary = "Of the campaign: " + ", ".join(f"{label} {text}" for label, text in zip(labels, texts, strict=True))
    charts.show(charts.horizontal_bars(labels, values, texts, summary), "campaign_funnel")
    bad = (
        f"{formats.count(shop, progress.bounced)} hard bounced ({_share(shop, progress.bounced, sent)}), "
        f"{formats.count(shop, progress.complained)} marked it as spam "
        f"({_share(shop, progress.complained, sent, 2)}), "
        f"{formats.count(shop, progress.unsubscribed)} unsubscribed "
        f"({_share(shop, progress.unsubscribed, sent, 2)})."
    )
    st.caption(formats.plain(bad) + " Opens are an estimate: some mail apps open emails automatically, others hide it.")


def _show_variants(shop: Shop, campaign: Campaign, variants: tuple[VariantResult, ...]) -> None:
    st.markdown("**Variants**")
    emails = {each.email for each in variants}
    table = pd.DataFrame(
        {
            "Variant": [f"{each.key}{' (chosen)' if each.is_winner else ''}" for each in variants],
            **({"Email": [each.email for each in variants]} if len(emails) > 1 else {}),
            "Subject": [each.subject for each in variants],
            "Sent": [formats.count(shop, each.sent) for each in variants],
            "Opened (estimate)": [_share(shop, each.opened, each.sent) for each in variants],
            "Clicked": [_share(shop, each.clicked, each.sent) for each in variants],
            "Unsubscribed": [formats.count(shop, each.unsubscribed) for each in variants],
            "Orders": [formats.count(shop, each.orders) for each in variants],
            "Revenue": [formats.money(shop, each.revenue) for each in variants],
        }
    )
    _draw(table, words=("Variant", "Email", "Subject"))
    if campaign.draft.test is None:
        return
    measure = campaign.draft.test.measure
    if campaign.draft.test.share < 100 and not any(each.is_winner for each in variants):
        st.caption(f"The winner is chosen by {measure.value} after the wait.")
    st.caption(_certainty(chance_of_difference(variants, measure), measure))


def _certainty(chance: float | None, measure: Measure) -> str:
    if chance is None:
        return f"No {measure.value} to compare yet."
    if chance < _CHANCE:
        return f"The best variant leads in {measure.value}; the difference is statistically reliable."
    return f"No clear winner in {measure.value} yet: the difference is not statistically reliable."


def _show_orders(shop: Shop, campaign: Campaign, results: Results) -> None:
    st.markdown(f"**Orders within {campaign.draft.result_days} days**")
    if results.orders is None:
        st.caption("Counted when the campaign has finished, then every few hours.")
        return
    orders = results.orders
    groups = [_group(shop, "Recipients", orders.got)]
    if orders.holdout.customers:
        groups.append(_group(shop, "Control group", orders.holdout))
    _draw(pd.DataFrame(groups), words=("Group",))
    st.caption(formats.plain(_lift(shop, orders)))
    if orders.clicked is not None:
        number, revenue = orders.clicked
        st.caption(
            formats.plain(
                f"{formats.counted(shop, number, 'order')} ({formats.money(shop, revenue)}) came after a click in the "
                "email. Some of these customers would have bought anyway; only a control group shows how many."
            )
        )


def _group(shop: Shop, name: str, bought: Buying) -> dict[str, str]:
    return {
        "Group": name,
        "Customers": formats.count(shop, bought.customers),
        "Bought": f"{formats.count(shop, bought.buyers)} ({_share(shop, bought.buyers, bought.customers)})",
        "Orders": formats.count(shop, bought.orders),
        "Revenue": formats.money(shop, bought.revenue),
        "Revenue per customer": formats.money(shop, round(bought.each)) if bought.customers else "",
    }


def _lift(shop: Shop, orders: OrdersAfter) -> str:
    counted = f"Counted {formats.moment(shop, orders.counted_at)}{'' if orders.final else ', still counting'}. "
    if orders.lift is None:
        return counted + "Without a control group we cannot tell what they would have bought anyway."
    return counted + lift.sentence(shop, orders.lift)


def _show_links(shop: Shop, results: Results) -> None:
    st.markdown("**Links**")
    if not results.links:
        st.caption("Nobody has clicked yet.")
        return
    rows = {
        "Link": [link.url for link in results.links],
        "Emails with a click": [formats.count(shop, link.clicks) for link in results.links],
    }
    _draw(pd.DataFrame(rows), words=("Link",), config={"Link": st.column_config.LinkColumn()})


def _show_mailboxes(shop: Shop, mailboxes: tuple[MailboxResult, ...]) -> None:
    st.markdown("**Mailbox providers**")
    shown = [each for each in mailboxes if each.sent]
    if not shown:
        st.caption("No figures yet.")
        return
    rows = {
        "Provider": [send_charts.MAILBOX_LABELS[each.mailbox] for each in shown],
        "Sent": [formats.count(shop, each.sent) for each in shown],
        "Delivered": [_share(shop, each.delivered, each.sent) for each in shown],
        "Bounced": [_share(shop, each.bounced, each.sent) for each in shown],
        "Complained": [_share(shop, each.complained, each.sent, 2) for each in shown],
        "Opened": [_share(shop, each.opened, each.sent) for each in shown],
        "Clicked": [_share(shop, each.clicked, each.sent) for each in shown],
    }
    _draw(pd.DataFrame(rows), words=("Provider",))


def _draw(table: pd.DataFrame, *, words: Collection[str], config: Mapping[str, Any] | None = None) -> None:
    """The table with figures at the right of their columns, as figures are compared."""
    right = st.column_config.TextColumn(alignment="right")
    columns = {str(name): right for name in table.columns if name not in words}
    st.dataframe(table, hide_index=True, column_config={**columns, **(config or {})})


def _share(shop: Shop, part: int, whole: int, digits: int = 1) -> str:
    return formats.percent(shop, part / whole, digits) if whole else send_charts.NOT_KNOWN
