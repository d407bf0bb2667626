"""What a campaign sends: its emails by variant, and who gets which. All of it follows from the campaign alone."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from enum import StrEnum

from backend.domain.campaigns import Campaign, Wave
from backend.domain.emails import TemplateVersion
from backend.services import templates
from backend.services.context import Shop

_WHOLE = 10_000


class Salt(StrEnum):
    """Draws of lots that must not depend on each other."""

    HOLDOUT = "holdout"
    WAVE = "wave"
    VARIANT = "variant"


def with_subject(version: TemplateVersion, subject: str) -> TemplateVersion:
    """The version with another subject; "" keeps its own."""
    return replace(version, source=replace(version.source, subject=subject)) if subject else version


def versions_of(shop: Shop, campaign: Campaign) -> dict[str, TemplateVersion]:
    """The email of each variant by its key; of a campaign without a test by "".

    Raises: `NotFoundError` when a template is gone.
    """
    draft = campaign.draft
    if draft.test is None:
        own = templates.version(shop, draft.template, campaign.template_version)
        return {"": with_subject(own, draft.subject)}
    return {
        each.key: with_subject(templates.version(shop, each.template, each.version or 0), each.subject)
        for each in draft.test.variants
    }


def wave_of(campaign: Campaign, customer_id: str) -> Wave | None:
    """In which wave a customer of the audience gets the email; None for the holdout. Always the same answer."""
    draft = campaign.draft
    if draft.holdout and _drawn(campaign, Salt.HOLDOUT, customer_id) < draft.holdout * 100:
        return None
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
