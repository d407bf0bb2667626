"""Campaigns as items: the campaign itself. What it is made of is a map each, so that it reads like the domain."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta

from backend.domain.campaigns import (
    Approval,
    Audience,
    Campaign,
    CampaignState,
    Canary,
    Draft,
    Hours,
    Limits,
    Measure,
    SplitTest,
    Variant,
    Wave,
)
from backend.domain.emails import Kind
from backend.domain.time import from_text, to_text
from backend.records.conversion import reads
from backend.records.values import (
    MalformedItemError,
    flag,
    items,
    number,
    optional_text,
    rows,
    text,
    texts,
    without_empty,
)
from backend.store import schema
from backend.store.port import Item, Value

LIST = "CAMPAIGNS"
"""The partition of all campaigns in the timeline, and of those that a worker has to look at in the list of work."""
_PER_MILLION = 1_000_000


def campaign_item(campaign: Campaign) -> Item:
    work: Item = {}
    if campaign.due_at is not None:
        work = {"work": LIST, "work_at": f"{to_text(campaign.due_at)}#{campaign.id}"}
    item: Item = {
        **_draft_item(campaign.draft),
        "kind": campaign.kind.value,
        "template_version": campaign.template_version,
        "segment_name": campaign.segment_name,
        "rule": campaign.rule,
        "status": campaign.state.value,
        "line": LIST,
        "line_at": f"{to_text(campaign.created_at)}#{campaign.id}",
        "requested_by": campaign.created_by,
        "changed_at": to_text(campaign.changed_at),
        "version": campaign.version,
        "content": campaign.content,
        "reason": campaign.reason,
        "planned": campaign.planned_recipients,
        "planned_segment": campaign.planned_segment or None,
        "needs_approval": campaign.needs_approval,
        "approval_from": campaign.approval_from or None,
        "approval": _approval_item(campaign.approval),
        "asked_by": campaign.asked_by,
        "start_at": _moment(campaign.start_at),
        "started_at": _moment(campaign.started_at),
        "ended_at": _moment(campaign.ended_at),
        "audience": _audience_item(campaign.audience),
        "wave": int(campaign.wave),
        "wave_done_at": _moment(campaign.wave_done_at),
        "winner": campaign.winner,
        "forgiven": list(campaign.forgiven) if any(campaign.forgiven) else None,
        "reopening": campaign.reopening,
        "due_at": _moment(campaign.due_at),
        "edited_by": list(campaign.edited_by) or None,
        **work,
    }
    return without_empty(item)


@reads(lambda campaign_id, item: schema.campaign_key(campaign_id))
def campaign_from(campaign_id: str, item: Item) -> Campaign:
    created_at, _, _ = text(item, "line_at").partition("#")
    return Campaign(
        id=campaign_id,
        draft=_draft_from(item),
        kind=Kind(text(item, "kind")),
        template_version=number(item, "template_version"),
        segment_name=text(item, "segment_name", ""),
        rule=text(item, "rule", ""),
        state=CampaignState(text(item, "status")),
        created_at=from_text(created_at),
        created_by=text(item, "requested_by"),
        changed_at=from_text(text(item, "changed_at")),
        version=number(item, "version"),
        content=number(item, "content"),
        reason=text(item, "reason", ""),
        planned_recipients=number(item, "planned") if "planned" in item else None,
        planned_segment=number(item, "planned_segment", 0),
        needs_approval=flag(item, "needs_approval"),
        approval_from=number(item, "approval_from", 0),
        approval=_approval_from(item),
        asked_by=text(item, "asked_by", ""),
        start_at=_read_moment(item, "start_at"),
        started_at=_read_moment(item, "started_at"),
        ended_at=_read_moment(item, "ended_at"),
        audience=_audience_from(_map(item, "audience")),
        wave=Wave(number(item, "wave")),
        wave_done_at=_read_moment(item, "wave_done_at"),
        winner=text(item, "winner", ""),
        forgiven=_three(item, "forgiven"),
        reopening=flag(item, "reopening"),
        due_at=_read_moment(item, "due_at"),
        edited_by=texts(item, "edited_by"),
    )


# --- what a person decides ---------------------------------------------------------------------------------------


def _draft_item(draft: Draft) -> Item:
    return {
        "name": draft.name,
        "template": draft.template,
        "segment": draft.segment_id,
        "subject": draft.subject,
        "fields": dict(draft.fields),
        "test": _test_item(draft.test),
        "canary": [draft.canary.share, _seconds(draft.canary.wait)] if draft.canary else None,
        "holdout": draft.holdout or None,
        "hours": _hours_item(draft.hours),
        "limits": [
            round(draft.limits.bounces * _PER_MILLION),
            round(draft.limits.complaints * _PER_MILLION),
            draft.limits.least,
        ],
        "result_days": draft.result_days,
    }


def _draft_from(item: Item) -> Draft:
    fields = _map(item, "fields")
    bounces, complaints, least = _three(item, "limits")
    canary = _numbers(item, "canary")
    return Draft(
        name=text(item, "name"),
        template=text(item, "template"),
        segment_id=text(item, "segment"),
        subject=text(item, "subject", ""),
        fields={name: str(value) for name, value in fields.items()},
        test=_test_from(_map(item, "test")),
        canary=Canary(canary[0], timedelta(seconds=canary[1])) if canary else None,
        holdout=number(item, "holdout", 0),
        hours=_hours_from(_map(item, "hours")),
        limits=Limits(bounces / _PER_MILLION, complaints / _PER_MILLION, least),
        result_days=number(item, "result_days"),
    )


def _test_item(test: SplitTest | None) -> Item:
    if test is None:
        return {}
    variants: list[Value] = [_variant_item(each) for each in test.variants]
    return {
        "variants": variants,
        "share": test.share,
        "wait": _seconds(test.wait),
        "measure": test.measure.value,
    }


def _test_from(item: Item) -> SplitTest | None:
    if not item:
        return None
    variants = tuple(_variant_from(each) for each in items(item, "variants"))
    wait = timedelta(seconds=number(item, "wait"))
    return SplitTest(variants, number(item, "share"), wait, Measure(text(item, "measure")))


def _variant_item(variant: Variant) -> Item:
    item = without_empty(
        {
            "key": variant.key,
            "subject": variant.subject,
            "template": variant.template,
            "template_version": variant.version,
        }
    )
    return item if variant.fields is None else {**item, "fields": dict(variant.fields)}


def _variant_from(item: Item) -> Variant:
    return Variant(
        key=text(item, "key"),
        subject=text(item, "subject", ""),
        template=text(item, "template", ""),
        version=number(item, "template_version") if "template_version" in item else None,
        fields={name: str(value) for name, value in _map(item, "fields").items()} if "fields" in item else None,
    )


def _hours_item(hours: Hours | None) -> Item:
    if hours is None:
        return {}
    return {"start": f"{hours.start:%H:%M}", "end": f"{hours.end:%H:%M}", "weekdays_only": hours.weekdays_only}


def _hours_from(item: Item) -> Hours | None:
    if not item:
        return None
    start, end = time.fromisoformat(text(item, "start")), time.fromisoformat(text(item, "end"))
    return Hours(start, end, flag(item, "weekdays_only"))


# --- what has happened -------------------------------------------------------------------------------------------


def _approval_item(approval: Approval | None) -> Item:
    if approval is None:
        return {}
    return {
        "by": approval.by,
        "at": to_text(approval.at),
        "recipients": approval.recipients,
        "segment": approval.segment,
    }


def _approval_from(item: Item) -> Approval | None:
    found = _map(item, "approval")
    if not found:
        return None
    return Approval(
        text(found, "by"), from_text(text(found, "at")), number(found, "recipients"), number(found, "segment")
    )


def _audience_item(audience: Audience) -> Item:
    chunks: list[Value] = [[int(wave), count] for wave, count in audience.chunks.items()]
    found: Item = {
        "size": audience.size or None,
        "holdout": audience.holdout or None,
        "chunks": chunks,
        "cursor": audience.cursor,
        "whole": audience.whole,
    }
    return without_empty(found)


def _audience_from(item: Item) -> Audience:
    chunks = {Wave(int(str(wave))): int(str(count)) for wave, count in rows(item, "chunks")}
    return Audience(
        number(item, "size", 0), number(item, "holdout", 0), chunks, text(item, "cursor", ""), flag(item, "whole")
    )


def _map(item: Mapping[str, Value], name: str) -> Item:
    value = item.get(name, {})
    if not isinstance(value, dict):
        raise MalformedItemError(f"{name} is not a map")
    return value


def _numbers(item: Item, name: str) -> list[int]:
    value = item.get(name, [])
    if not isinstance(value, list):
        raise MalformedItemError(f"{name} is not a list")
    return [each for each in value if isinstance(each, int)]


def _three(item: Item, name: str) -> tuple[int, int, int]:
    first, second, third = _numbers(item, name) or (0, 0, 0)
    return first, second, third


def _seconds(span: timedelta) -> int:
    return int(span.total_seconds())


def _moment(moment: datetime | None) -> str | None:
    return to_text(moment) if moment else None


def _read_moment(item: Item, name: str) -> datetime | None:
    value = optional_text(item, name)
    return from_text(value) if value else None
