"""Campaigns as items: the campaign itself. What it is made of is a map each, so that it reads like the domain."""

from __future__ import annotations

from collections.abc import Mapping

from backend.domain.campaigns import Audience, Campaign, Canary, Draft, Limits, Variant, Wave
from backend.domain.time import from_text, to_text
from backend.records.conversion import reads
from backend.records.declared import As, Record, made_of, row
from backend.records.values import text
from backend.store import schema
from backend.store.port import Item, Value

LIST = schema.CAMPAIGNS
"""The partition of all campaigns in the timeline, and of those that a worker has to look at in the list of work."""
_PER_MILLION = 1_000_000


def _chunks_item(chunks: Mapping[Wave, int]) -> list[Value]:
    return [[int(wave), count] for wave, count in chunks.items()]


def _chunks_from(found: object) -> dict[Wave, int]:
    return dict(made_of(tuple[tuple[Wave, int], ...], found))


def _limits_item(limits: Limits) -> list[Value]:
    return [round(limits.bounces * _PER_MILLION), round(limits.complaints * _PER_MILLION), limits.least]


def _limits_from(found: object) -> Limits:
    bounces, complaints, least = made_of(tuple[int, int, int], found)
    return Limits(bounces / _PER_MILLION, complaints / _PER_MILLION, least)


_VARIANT = Record(
    Variant, keep_empty=True, sparse=("subject", "template", "version", "fields"), version="template_version"
)
_AUDIENCE = Record(Audience, sparse=("size", "holdout"), chunks=As(write=_chunks_item, read=_chunks_from))
_DRAFT = Record(
    Draft,
    needed=("limits", "result_days"),
    sparse=("holdout", "again"),
    segment_id="segment",
    canary=row(Canary),
    limits=As(write=_limits_item, read=_limits_from),
)
_CAMPAIGN = Record(
    Campaign,
    given=("id", "draft", "created_at"),
    blank=("segment_name", "rule"),
    needed=("version", "content", "wave"),
    sparse=("planned_segment", "approval_from", "forgiven"),
    state="status",
    created_by="requested_by",
    planned_recipients="planned",
)


def campaign_item(campaign: Campaign) -> Item:
    work: Item = {}
    if campaign.due_at is not None:
        work = {"work": LIST, "work_at": schema.place_of(to_text(campaign.due_at), campaign.id)}
    line_at = schema.place_of(to_text(campaign.created_at), campaign.id)
    return _CAMPAIGN.item(campaign, **_DRAFT.item(campaign.draft), line=LIST, line_at=line_at, **work)


@reads(lambda campaign_id, item: schema.campaign_key(campaign_id))
def campaign_from(campaign_id: str, item: Item) -> Campaign:
    created_at = from_text(schema.moment_in(text(item, "line_at")))
    return _CAMPAIGN.read(item, id=campaign_id, draft=_DRAFT.read(item), created_at=created_at)
