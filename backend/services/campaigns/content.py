"""What a campaign sends: its emails by variant, and who gets which. All of it follows from the campaign alone."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from backend.domain.campaigns import Campaign, Draft, Variant, Wave
from backend.domain.emails import Need, TemplateFacts, TemplateVersion
from backend.services.context import Shop
from backend.services.templates import catalogue

_WHOLE = 10_000


class Salt(StrEnum):
    """Draws of lots that must not depend on each other."""

    HOLDOUT = "holdout"
    WAVE = "wave"
    VARIANT = "variant"


@dataclass(frozen=True, slots=True)
class CampaignEmail:
    """One of the emails of a campaign: a template's version with the subject, and the values of its fields."""

    version: TemplateVersion
    fields: Mapping[str, str]


def emails_of(shop: Shop, campaign: Campaign) -> dict[str, CampaignEmail]:
    """The email of each variant by its key; of a campaign without a test by "".

    Raises: `NotFoundError` when a template is gone.
    """
    return drafted_emails(shop, campaign.draft, campaign.template_version)


def drafted_emails(shop: Shop, draft: Draft, number: int | None = None) -> dict[str, CampaignEmail]:
    """The emails of a draft, as `emails_of`. `number` is the version of its template; None is the one in use.

    Raises: `NotFoundError` when a template is gone.
    """
    variants = draft.test.variants if draft.test else (Variant(""),)
    return {each.key: _email(shop, draft, each, number) for each in variants}


def _email(shop: Shop, draft: Draft, variant: Variant, number: int | None) -> CampaignEmail:
    template = variant.template or draft.template
    wanted = variant.version if variant.template else number
    version = (
        catalogue.version(shop, template, wanted) if wanted is not None else catalogue.current_version(shop, template)
    )
    subject = variant.subject or draft.subject
    given = draft.fields if variant.fields is None else variant.fields
    return CampaignEmail(
        version=replace(version, source=replace(version.source, subject=subject)) if subject else version,
        fields={field.name: given.get(field.name, "") for field in version.facts.fields},
    )


def wave_of(campaign: Campaign, customer_id: str) -> Wave | None:
    """In which wave a customer gets the email; None when the lot holds them back. Always the same answer."""
    holdout = campaign.draft.holdout
    if holdout and _drawn(campaign, Salt.HOLDOUT, customer_id) < holdout * 100:
        return None
    return turn_of(campaign, customer_id)


def turn_of(campaign: Campaign, customer_id: str) -> Wave:
    """In which wave it is a customer's turn who is not held back, whatever the lot says."""
    draft = campaign.draft
    drawn = _drawn(campaign, Salt.WAVE, customer_id)
    if draft.canary is not None and drawn < draft.canary.share * 100:
        return Wave.CANARY
    if draft.test is not None and drawn < draft.test.share * 100:
        return Wave.TEST
    return Wave.REST


def variant_of(campaign: Campaign, wave: Wave, customer_id: str) -> str:
    """Which variant the customer gets; "" without a test. In the last wave it is the winner."""
    test = campaign.draft.test
    if test is None:
        return ""
    if wave is Wave.REST and campaign.winner:
        return campaign.winner
    drawn = _drawn(campaign, Salt.VARIANT, customer_id)
    return test.variants[drawn * len(test.variants) // _WHOLE].key


def _drawn(campaign: Campaign, salt: Salt, customer_id: str) -> int:
    """A number from 0 to 9,999 for the customer, the same in every process."""
    digest = hashlib.blake2b(f"{campaign.id}\0{salt}\0{customer_id}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) % _WHOLE


# --- Templates that a campaign can send, and that can be compared ------------------------------------------------


def is_sendable(facts: TemplateFacts) -> bool:
    """Whether it is about a customer and nothing else: no order, nobody of the team."""
    return not set(facts.needs) - {Need.CUSTOMER}


def are_comparable(one: TemplateFacts, other: TemplateFacts) -> bool:
    """Whether the same customers may get both: they are of one kind, and about the same topic."""
    return (one.kind, one.topic) == (other.kind, other.topic)


def sendable_templates(shop: Shop) -> dict[str, TemplateFacts]:
    """By name."""
    states = catalogue.list_templates(shop)
    return {state.facts.name: state.facts for state in states if is_sendable(state.facts)}


def comparable_templates(offered: Mapping[str, TemplateFacts], chosen: TemplateFacts) -> dict[str, TemplateFacts]:
    """Those with which the chosen one can be compared, itself first."""
    others = {name: facts for name, facts in offered.items() if are_comparable(chosen, facts)}
    return {chosen.name: chosen, **others}
