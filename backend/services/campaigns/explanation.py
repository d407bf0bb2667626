"""Why won't Maria get this? One answer for a customer and a campaign, before it, while it runs and after it."""

from __future__ import annotations

from dataclasses import dataclass

from backend.domain.campaigns import Campaign, CampaignState, Wave, turn_of, wave_of
from backend.domain.customers import Customer
from backend.domain.messages import Message, MessageStatus, SkipReason
from backend.domain.team import Actor, Permission
from backend.errors import NotFoundError
from backend.records.campaign_chunks import Chunk, chunk_from, skip_in, step_from
from backend.records.messages import message_from
from backend.services.campaigns.content import emails_of
from backend.services.campaigns.orders_after import in_holdout
from backend.services.campaigns.saved import read_campaign
from backend.services.context import Shop
from backend.services.customers.customers import get_customer
from backend.services.sending.mailer import Mailer
from backend.services.sending.recipients import reasons_of
from backend.store import schema
from backend.store.meter import access_pattern
from backend.store.port import Query


@dataclass(frozen=True, slots=True)
class Explanation:
    """The state of a customer in a campaign. `sentence` is for people.

    `message` is theirs in the ledger, if any; `reasons` speak against sending now, or did when it was their turn.
    """

    sentence: str
    reasons: tuple[SkipReason, ...] = ()
    message: Message | None = None
    in_audience: bool = True


def explain(shop: Shop, mailer: Mailer, actor: Actor, campaign_id: str, customer_id: str) -> Explanation:
    """Raises: `PermissionDeniedError`, `NotFoundError` (campaign)."""
    actor.require(Permission.VIEW_EMAIL)
    campaign = read_campaign(shop, campaign_id)
    with access_pattern("explain a campaign to one customer"):
        key = schema.message_key(customer_id, campaign.key)
        item = shop.store.get(key) if customer_id.isalnum() else None
        if item is not None:
            return _of_message(message_from(key, item))
        if campaign.audience.whole:
            return _of_audience(shop, campaign, customer_id)
        if campaign.state is CampaignState.CANCELLED:
            return Explanation("The campaign was cancelled before anything went out.")
        return _beforehand(shop, mailer, campaign, customer_id)


def _of_message(message: Message) -> Explanation:
    sentences = {
        MessageStatus.SENT: "It was sent to them.",
        MessageStatus.FAILED: f"It failed: {message.reason}",
        MessageStatus.UNKNOWN: "It may have reached them; the mail provider did not answer.",
        MessageStatus.SKIPPED: f"It was not sent: this customer {message.reason}.",
    }
    waits = f"It will be retried: {message.reason}" if message.reason else "It is being sent to them."
    return Explanation(sentences.get(message.status, waits), message=message)


def _of_audience(shop: Shop, campaign: Campaign, customer_id: str) -> Explanation:
    chunk = _chunk_with(shop, campaign, customer_id)
    if chunk is None:
        if in_holdout(shop, campaign, customer_id):
            return Explanation("They are in the control group.")
        return Explanation("They were not in the segment when the campaign started.", in_audience=False)
    place = chunk.ids.index(customer_id)
    if reason := _skipped(shop, chunk, place):
        return Explanation(f"It was not sent: this customer {reason.value}.", (reason,))
    if campaign.state is CampaignState.CANCELLED:
        return Explanation("The campaign was cancelled before they got it.")
    key = schema.step_key(campaign.id, int(chunk.wave), chunk.first)
    item = shop.store.get(key)
    through = step_from(campaign.id, key.sk, item).place if item else 0
    if place < through:
        return Explanation("It is being sent to them.")
    return Explanation(_turn(campaign, chunk.wave))


def _turn(campaign: Campaign, wave: Wave) -> str:
    if campaign.state is not CampaignState.RUNNING:
        return f"Not sent yet; the campaign is {campaign.state}."
    if wave > campaign.wave:
        return "They get it later, once the test group has been checked."
    return "Not sent yet."


def _beforehand(shop: Shop, mailer: Mailer, campaign: Campaign, customer_id: str) -> Explanation:
    """As it would be if it were sent now."""
    try:
        customer: Customer = get_customer(shop, customer_id)
    except NotFoundError:
        return Explanation("This customer no longer exists.", (SkipReason.CUSTOMER_GONE,), in_audience=False)
    topic = next(iter(emails_of(shop, campaign).values())).version.facts.topic
    reasons = tuple(reasons_of(shop, mailer, campaign, [customer], topic)[customer.id])
    if SkipReason.LEFT_SEGMENT in reasons:
        others = tuple(reason for reason in reasons if reason is not SkipReason.LEFT_SEGMENT)
        return Explanation(f"They are not in the segment “{campaign.segment_name}”.", others, in_audience=False)
    if reasons:
        return Explanation(f"They would not get it: this customer {reasons[0].value}.", reasons)
    if wave_of(campaign, customer.id) is None:
        return Explanation("They would be in the control group.")
    return Explanation("They would get it.")


def _chunk_with(shop: Shop, campaign: Campaign, customer_id: str) -> Chunk | None:
    """Chunks begin with a customer and are in their order, so one query finds the only one that they can be in."""
    wave = turn_of(campaign, customer_id)
    first, last = schema.chunk_range(campaign.id, int(wave), customer_id)
    query = Query(schema.MAIL, first.pk, between=(first.sk, last.sk), descending=True, limit=1)
    rows = shop.store.query(query).rows
    chunk = chunk_from(campaign.id, rows[0].key.sk, rows[0].item) if rows else None
    return chunk if chunk is not None and customer_id in chunk.ids else None


def _skipped(shop: Shop, chunk: Chunk, place: int) -> SkipReason | None:
    """The step that came to this place is the last one that began at it or before."""
    first = schema.skips_key(chunk.campaign, chunk.wave, chunk.first, 0)
    last = schema.skips_key(chunk.campaign, chunk.wave, chunk.first, place)
    query = Query(first.table, first.pk, between=(first.sk, last.sk), descending=True, limit=1)
    rows = shop.store.query(query).rows
    return skip_in(rows[0].item, place) if rows else None
