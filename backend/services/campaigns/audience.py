"""Freezes an audience: who of the segment gets a campaign, in which wave, and who is held back to compare.

The customers are read in the order of their ids, some thousand at a time, and each block is written in one transaction
together with how far it is. So whoever goes on after a crash, or beside another worker, goes on where the last block
ended: nobody is left out, and nobody is written twice. The audience is never held whole.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from itertools import chain, islice

from backend.domain.campaigns import Audience, Campaign, CampaignState, Wave, turn_of, wave_of
from backend.domain.eligibility import MarketingLimits, reasons_against
from backend.domain.segment_text import rule_from_text
from backend.records.campaign_chunks import LARGEST_CHUNK, Chunk, ChunkStep, chunk_item, parts_of, step_item
from backend.services.campaigns.content import emails_of
from backend.services.campaigns.saved import WORKER, change
from backend.services.context import Shop
from backend.services.segments import audience
from backend.services.sending.eligibility import situations_of
from backend.services.sending.recipients import read_customers
from backend.services.sending.shared_content import Content, content_put, keep_facts
from backend.services.shop_settings import get_shop_facts
from backend.services.templates.catalogue import keep_edition
from backend.store import schema
from backend.store.meter import access_pattern
from backend.store.port import Item, Put, Write

BLOCK = 5_000
"""Customers for one transaction: at most 2 x (10 + 3) chunk items, 60 KB."""
_PATIENCE = timedelta(minutes=2)
"""How long a newer snapshot is waited for. Whoever has left the segment meanwhile is skipped in any case."""
_GROWTH = 1.2
_SLACK = 50
"""How much larger than agreed an audience may have become before a person looks again: a fifth, and a few."""
_DRAWN_AT_ONCE = 500
_NO_LIMITS = MarketingLimits()
"""The frequency cap is ignored: whether it is reached depends on the day of sending."""


def freeze_some(shop: Shop, campaign: Campaign, seconds: float) -> Campaign:
    """Goes on with the audience of a campaign that is preparing, for about so long; returns it as it is afterwards.

    Raises: `SnapshotMissingError`, `StaleReadError` when somebody else has changed it (or goes on with it).
    """
    end = time.monotonic() + seconds
    if not campaign.audience.cursor and not _is_current(shop, campaign):
        return campaign
    if not campaign.audience.cursor:
        campaign = _begun(shop, campaign)
    rule = rule_from_text(campaign.rule)
    lists = audience.audience_ids(shop, rule, LARGEST_CHUNK, after=campaign.audience.cursor)
    with access_pattern("freeze an audience"), closing(lists):
        ids = chain.from_iterable(lists)
        while campaign.state is CampaignState.PREPARING and time.monotonic() < end:
            block = list(islice(ids, BLOCK))
            campaign = _with_block(shop, campaign, block) if block else _whole(shop, campaign)
    return campaign


def _is_current(shop: Shop, campaign: Campaign) -> bool:
    """Whether the snapshot knows everybody who came before the campaign began, or it is not worth waiting longer."""
    began = campaign.started_at or shop.clock()
    return audience.fresh_enough(shop, began) or shop.clock() - began > _PATIENCE


def _begun(shop: Shop, campaign: Campaign) -> Campaign:
    """Writes down what is sent; goes back to the plan when the audience has outgrown what was agreed on."""
    size = audience.count_segment(shop, rule_from_text(campaign.rule))
    if _outgrown(campaign, size):
        agreed, step = _agreed(campaign), "approved" if campaign.approval else "planned"
        reason = f"The segment has grown from {agreed:,} customers to {size:,} since this was {step}. Check it again."
        after = replace(campaign, state=CampaignState.PLANNED, approval=None, reason=reason, due_at=None, start_at=None)
        return change(shop, WORKER, campaign, after, "sent a campaign back to its plan", reason)
    emails = emails_of(shop, campaign)
    content = Content(
        fields={variant: email.fields for variant, email in emails.items()},
        facts=keep_facts(shop, get_shop_facts(shop)),
        editions={variant: keep_edition(shop, email.version) for variant, email in emails.items()},
    )
    after = replace(campaign, audience=Audience())
    return change(shop, WORKER, campaign, after, extra=[content_put(campaign.id, content)])


def _agreed(campaign: Campaign) -> int:
    """The size of the segment that somebody has agreed to."""
    return campaign.approval.segment if campaign.approval else campaign.planned_segment


def _outgrown(campaign: Campaign, size: int) -> bool:
    """Whether it is much larger than agreed, and of a size for which a second person has to agree."""
    if campaign.needs_approval and campaign.approval is None:
        return True
    large = campaign.needs_approval or 0 < campaign.approval_from <= size
    return large and size > _agreed(campaign) * _GROWTH + _SLACK


def _with_block(shop: Shop, campaign: Campaign, block: Sequence[str]) -> Campaign:
    waves: dict[Wave, list[str]] = {}
    back = _held_back(shop, campaign, block)
    for customer_id in block:
        if customer_id not in back:
            waves.setdefault(turn_of(campaign, customer_id), []).append(customer_id)
    chunks = [Chunk(campaign.id, wave, tuple(ids)) for wave, members in waves.items() for ids in parts_of(members)]
    writes = [write for chunk in chunks for write in _chunk_writes(shop, chunk)]
    writes += [Put(schema.holdout_key(campaign.id, ids[0]), {"ids": " ".join(ids)}) for ids in parts_of(sorted(back))]
    before = campaign.audience
    after = replace(
        before,
        size=before.size + sum(len(chunk.ids) for chunk in chunks),
        holdout=before.holdout + len(back),
        chunks={wave: before.chunks.get(wave, 0) + sum(c.wave is wave for c in chunks) for wave in Wave},
        cursor=block[-1],
    )
    return change(shop, WORKER, campaign, replace(campaign, audience=after), extra=writes)


def _held_back(shop: Shop, campaign: Campaign, customer_ids: Sequence[str]) -> set[str]:
    """The control group: of the customers drawn for it, those who could have got the email.

    The others get nothing anyway. With them in the group every email would seem to bring orders, because people who
    agreed to marketing buy more.
    """
    drawn = [each for each in customer_ids if wave_of(campaign, each) is None]
    if not drawn:
        return set()
    topic = next(iter(emails_of(shop, campaign).values())).version.facts.topic
    parts = (drawn[first : first + _DRAWN_AT_ONCE] for first in range(0, len(drawn), _DRAWN_AT_ONCE))
    return {customer_id for part in parts for customer_id in _could_get_it(shop, campaign, topic, part)}


def _could_get_it(shop: Shop, campaign: Campaign, topic: str, customer_ids: Sequence[str]) -> list[str]:
    customers = list(read_customers(shop, customer_ids).values())
    situations = situations_of(shop, customers, campaign.kind, _NO_LIMITS)
    belongs = audience.still_matches(shop, rule_from_text(campaign.rule), customers)
    now = shop.clock()
    return [
        each.id
        for each in customers
        if belongs[each.id] and not reasons_against(campaign.kind, topic, situations[each.id], _NO_LIMITS, now)
    ]


def _chunk_writes(shop: Shop, chunk: Chunk) -> list[Write]:
    step = ChunkStep(chunk.campaign, chunk.wave, chunk.first, len(chunk.ids))
    work: Item = step_item(step, shop.clock())
    return [Put(chunk.key, chunk_item(chunk)), Put(step.key, work)]


def _whole(shop: Shop, campaign: Campaign) -> Campaign:
    """The audience is complete, and sending begins."""
    frozen = replace(campaign.audience, whole=True)
    now = shop.clock()
    if not frozen.size:
        reason = "The segment was empty when the campaign started."
        if frozen.holdout:
            reason = "Everyone in the segment is in the control group, so nobody gets it."
        empty = replace(
            campaign, state=CampaignState.FINISHED, audience=frozen, reason=reason, ended_at=now, due_at=None
        )
        return change(shop, WORKER, campaign, empty, "finished a campaign", reason)
    first = min(wave for wave in Wave if frozen.chunks.get(wave))
    running = replace(campaign, state=CampaignState.RUNNING, audience=frozen, wave=first, due_at=now)
    detail = f"{campaign.name}: {frozen.size:,} recipients, {frozen.holdout:,} held back"
    return change(shop, WORKER, campaign, running, "began to send a campaign", detail)
