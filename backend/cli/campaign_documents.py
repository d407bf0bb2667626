"""What commands about campaigns write as JSON."""

from __future__ import annotations

from backend.domain.campaign_figures import CampaignProgress, Plan, Preflight
from backend.domain.campaigns import Campaign


def about(campaign: Campaign) -> dict[str, object]:
    return {
        "id": campaign.id,
        "name": campaign.name,
        "state": campaign.state.value,
        "template": campaign.draft.template,
        "variants": _variants(campaign),
        "segment": campaign.draft.segment_id,
        "audience": campaign.audience.size,
        "planned": campaign.planned_recipients,
        "version": campaign.version,
        "reason": campaign.reason,
    }


def _variants(campaign: Campaign) -> dict[str, str]:
    """The template of each variant."""
    test = campaign.draft.test
    return {each.key: each.template or campaign.draft.template for each in test.variants} if test else {}


def preflight_document(found: Preflight) -> dict[str, object]:
    return {
        "status": found.status.value,
        "checked": found.checked,
        "recipients": found.recipients,
        "holdout": found.holdout,
        "excluded": dict(found.excluded),
        "broken": found.broken,
        "broken_fields": dict(found.broken_fields),
        "empty_fields": dict(found.empty_fields),
        "listed": [
            {"customer": each.customer_id, "field": each.field, "problem": each.sentence} for each in found.listed
        ],
        "seconds": round(found.seconds, 3),
    }


def plan_document(found: Plan) -> dict[str, object]:
    return {
        "audience": found.audience,
        "recipients": found.recipients,
        "holdout": found.holdout,
        "excluded": dict(found.excluded),
        "broken": found.broken,
        "starts_at": found.starts_at.isoformat(),
        "finishes_at": found.finishes_at.isoformat() if found.finishes_at else None,
        "no_end": found.no_end,
        "days": found.days,
        "rate": found.per_second,
        "quota": found.quota,
        "quota_left": found.quota_left,
        "quota_share": found.quota_share,
        "cost": round(found.cost / 100, 4),
        "needs_approval": found.needs_approval,
    }


def status_document(found: CampaignProgress) -> dict[str, object]:
    return {
        "state": found.state.value,
        "audience": found.audience,
        "sent": found.sent,
        "failed": found.failed,
        "skipped": dict(found.skipped),
        "unknown": found.unknown,
        "rate": found.rate,
        "remaining": found.remaining,
        "holdout": found.holdout,
        "resolved": found.resolved,
        "delivered": found.delivered,
        "seconds_left": found.seconds_left,
        "reason": found.reason,
        "held_for": found.held_for,
        "held_until": found.held_until.isoformat() if found.held_until else None,
    }
