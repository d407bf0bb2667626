"""What came of a campaign: outcomes, variants, links, providers, and the orders after it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice

from backend.domain.campaign_figures import (
    CampaignProgress,
    LinkResult,
    MailboxResult,
    OrdersAfter,
    Results,
    VariantResult,
)
from backend.domain.campaigns import Campaign
from backend.domain.deliverability import Rates, rates_of_campaign
from backend.domain.delivery import Mailbox
from backend.domain.team import Actor, Permission
from backend.records.send_stats import mailbox_counter
from backend.services.campaigns.content import CampaignEmail, emails_of
from backend.services.campaigns.orders_after import kept_orders, kept_orders_of
from backend.services.campaigns.progress import figures_of, progress_in
from backend.services.campaigns.saved import list_campaigns, read_campaign
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
    """As a sample customer gets it; as it is in the template when it cannot be rendered any more."""
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


# --- Lists of campaigns ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CampaignRow:
    """A campaign with what came of it; `progress` is None before it began, `orders` before anybody counted."""

    campaign: Campaign
    progress: CampaignProgress | None
    orders: OrdersAfter | None


def with_results(shop: Shop, actor: Actor, campaigns: Sequence[Campaign]) -> list[CampaignRow]:
    """The campaigns of a list, each with its figures. Costs two queries for each that has begun.

    Raises: `PermissionDeniedError`.
    """
    actor.require(Permission.VIEW_EMAIL)
    with access_pattern("results of a campaign"):
        begun = [each for each in campaigns if each.started_at is not None and each.audience.whole]
        progress = {each.id: progress_in(shop, each) for each in begun}
        orders = kept_orders_of(shop, list(progress))
    return [CampaignRow(each, progress.get(each.id), orders.get(each.id)) for each in campaigns]


# --- Rates of the campaigns of a range of days -------------------------------------------------------------------


MOST = 25
_LOOKED_AT = 200


@dataclass(frozen=True, slots=True)
class CampaignRates:
    """The shares of one campaign."""

    id: str
    name: str
    rates: Rates


def rates_by_campaign(shop: Shop, actor: Actor, first: date, last: date, template: str = "") -> list[CampaignRates]:
    """The newest campaigns of the days, 25 at most, that send this email or any.

    Costs two queries for each, and one for each 50 looked at.

    Raises: `PermissionDeniedError`.
    """
    wanted = (each for each in _begun(shop, actor) if template in ("", each.draft.template))
    found = (each for each in wanted if first <= _day(shop, each) <= last)
    return [
        CampaignRates(each.id, each.name, rates_of_campaign(figures_of(shop, each.id))) for each in islice(found, MOST)
    ]


def campaigns_begun(shop: Shop, actor: Actor, periods: Iterable[tuple[date, date]]) -> list[list[Campaign]]:
    """The campaigns that began to be sent in each period (its first and last day), of the newest 200.

    Raises: `PermissionDeniedError`.
    """
    begun = [(each, _day(shop, each)) for each in _begun(shop, actor)]
    return [[each for each, day in begun if first <= day <= last] for first, last in periods]


def newest_campaigns(shop: Shop, actor: Actor) -> Iterator[Campaign]:
    """The newest 200, the newest first, page by page. Raises: `PermissionDeniedError`."""
    cursor, seen = None, 0
    while seen < _LOOKED_AT:
        page = list_campaigns(shop, actor, limit=50, cursor=cursor)
        yield from page.campaigns
        cursor, seen = page.cursor, seen + 50
        if cursor is None:
            return


def _begun(shop: Shop, actor: Actor) -> Iterator[Campaign]:
    return (each for each in newest_campaigns(shop, actor) if each.started_at is not None)


def _day(shop: Shop, campaign: Campaign) -> date:
    return (campaign.started_at or campaign.created_at).astimezone(shop.zone).date()
