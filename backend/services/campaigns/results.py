"""What came of a campaign: outcomes, variants, links, providers, and the orders after it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from backend.domain.campaign_figures import LinkResult, MailboxResult, Results, VariantResult
from backend.domain.campaigns import Campaign
from backend.domain.delivery import Mailbox
from backend.domain.team import Actor, Permission
from backend.records.send_stats import mailbox_counter
from backend.services.campaigns.content import CampaignEmail, emails_of
from backend.services.campaigns.orders_after import kept_orders
from backend.services.campaigns.progress import figures_of, progress_in
from backend.services.campaigns.saved import read_campaign
from backend.services.context import Shop
from backend.services.events.health import link_clicks
from backend.services.templates.previews import Recipient, render_preview
from backend.store.meter import access_pattern

MOST_LINKS = 50


def results_of(shop: Shop, actor: Actor, campaign_id: str) -> Results:
    """All figures of a campaign, as far as they are known now.

    Raises: `PermissionDeniedError`, `NotFoundError`.
    """
    actor.require(Permission.VIEW_EMAIL)
    campaign = read_campaign(shop, campaign_id)
    with access_pattern("results of a campaign"):
        figures = figures_of(shop, campaign_id)
        orders, by_variant = kept_orders(shop, campaign_id)
        clicks = link_clicks(shop, campaign_id)[:MOST_LINKS]
        return Results(
            progress=progress_in(shop, campaign),
            variants=_variants(shop, campaign, figures, by_variant),
            links=tuple(LinkResult(link.link, link.clicks) for link in clicks),
            mailboxes=_mailboxes(figures),
            orders=orders,
        )


def _variants(
    shop: Shop, campaign: Campaign, figures: Counter[str], orders: Mapping[str, tuple[int, int]]
) -> tuple[VariantResult, ...]:
    if campaign.draft.test is None:
        return ()
    emails = emails_of(shop, campaign)

    def result(key: str) -> VariantResult:
        bought, revenue = orders.get(key, (0, 0))
        return VariantResult(
            key=key,
            subject=_subject(shop, emails[key]),
            email=emails[key].version.facts.title,
            sent=figures[f"sent~{key}"],
            delivered=figures[f"delivered~{key}"],
            opened=figures[f"opened~{key}"],
            clicked=figures[f"clicked~{key}"],
            unsubscribed=figures[f"unsubscribed~{key}"],
            orders=bought,
            revenue=revenue,
            is_winner=key == campaign.winner,
        )

    return tuple(result(each.key) for each in campaign.draft.test.variants)


def _subject(shop: Shop, email: CampaignEmail) -> str:
    """As a sample customer gets it; as it stands in the template when it cannot be rendered any more."""
    version = email.version
    shown = Recipient(fields=email.fields)
    made = render_preview(shop, version.facts.name, source=version.source, number=version.number, recipient=shown).email
    return made.subject if made else version.source.subject


def _mailboxes(figures: Counter[str]) -> tuple[MailboxResult, ...]:
    """Those that got any, the largest first."""

    def of(mailbox: Mailbox) -> MailboxResult:
        names = ("sent", "delivered", "bounced", "complained", "opened", "clicked")
        return MailboxResult(mailbox, *(figures[mailbox_counter(mailbox, name)] for name in names))

    found = [of(mailbox) for mailbox in Mailbox]
    return tuple(sorted((each for each in found if each.sent), key=lambda each: -each.sent))
