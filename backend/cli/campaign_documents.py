"""What commands about campaigns write as JSON, and the variants that they read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Annotated

import typer

from backend.domain.campaign_figures import CampaignProgress, Plan, Preflight
from backend.domain.campaigns import VARIANT_KEYS, Campaign, Draft, Measure, SplitTest, Variant
from backend.errors import InvalidInputError
from backend.services.campaigns.content import drafted_emails
from backend.services.context import Shop


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


VariantParts = Annotated[
    list[str] | None,
    typer.Option(
        help="What differs in a variant, as KEY.subject=…, KEY.template=… or KEY.field.NAME=…, where KEY is A, B, C or "
        "D. A variant of which nothing is said is the campaign's own email."
    ),
]


def split_test_of(
    parts: Sequence[str], fields: Mapping[str, str], *, share: int, minutes: int, measure: str
) -> SplitTest | None:
    """The test of the variants up to the last one that is named, at least A and B; None when none is.

    `fields` are the campaign's: a variant has them, too, unless it says otherwise.

    Raises: `InvalidInputError`.
    """
    if not parts:
        return None
    known = {key: Variant(key) for key in VARIANT_KEYS}
    for part in parts:
        key, name, value = _parsed(part)
        known[key] = _with(known[key], name, value, fields)
    named = max("B", *(part[0] for part in parts))
    variants = tuple(variant for key, variant in known.items() if key <= named)
    return SplitTest(variants, share, timedelta(minutes=minutes), _measure(measure))


def check_fields(shop: Shop, draft: Draft) -> None:
    """Refuses values that no email of the draft has a field for: a misspelt name would leave its field empty.

    Raises: `InvalidInputError`, `NotFoundError` for an unknown template.
    """
    known = {field.name for email in drafted_emails(shop, draft).values() for field in email.version.facts.fields}
    variants = draft.test.variants if draft.test else ()
    given = [name for fields in (draft.fields, *(each.fields or {} for each in variants)) for name in fields]
    unknown = next((name for name in given if name not in known), None)
    if unknown is not None:
        fields = ", ".join(sorted(known)) or "nothing"
        raise InvalidInputError(f"There is no field “{unknown[:40]}”. The email has: {fields}.", "field")


def _parsed(part: str) -> tuple[str, str, str]:
    place, equals, value = part.partition("=")
    key, _, name = place.partition(".")
    if not equals or key not in tuple(VARIANT_KEYS) or not name:
        raise InvalidInputError(f"“{part[:60]}” says nothing of a variant; write B.subject=Hello, say.", "variant")
    return key, name, value


def _with(variant: Variant, name: str, value: str, fields: Mapping[str, str]) -> Variant:
    if name == "subject":
        return replace(variant, subject=value)
    if name == "template":
        return replace(variant, template=value)
    start, _, field = name.partition(".")
    if start != "field" or not field:
        what = f"A variant has a subject, a template and fields, but no “{name[:40]}”."
        raise InvalidInputError(f"{what} Write {variant.key}.field.{name[:40]}=…", "variant")
    own = fields if variant.fields is None else variant.fields
    return replace(variant, fields={**own, field: value})


def _measure(name: str) -> Measure:
    try:
        return Measure[name.upper()]
    except KeyError as error:
        raise InvalidInputError("The better variant has more opens, clicks or orders.", "measure") from error
