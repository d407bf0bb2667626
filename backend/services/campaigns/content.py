"""What a campaign sends: its emails by variant, and the templates that it may send."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from backend.domain.campaigns import Campaign, Draft, Variant
from backend.domain.emails import Need, TemplateFacts, TemplateVersion
from backend.services.context import Shop
from backend.services.templates import catalogue


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
    if subject:
        # The blocks would bring their own subject back; the body that they made stays.
        version = replace(version, source=replace(version.source, subject=subject, blocks=""))
    given = draft.fields if variant.fields is None else variant.fields
    return CampaignEmail(
        version=version,
        fields={field.name: given.get(field.name, "") for field in version.facts.fields},
    )


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
