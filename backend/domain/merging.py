"""Merging two customers who are one person: what becomes of the one who is kept, and how far a merge is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from backend.domain.customers import MOST_TAGS, Consent, Customer

UNDO_WITHIN = timedelta(days=30)
"""What came from whom is kept for so long."""


class MergeStep(StrEnum):
    """What a merge works on, in this order. Each step may be repeated."""

    PROFILE = "profile"
    ORDERS = "orders"
    NOTES = "notes"
    ADDRESSES = "addresses"
    MESSAGES = "messages"
    IDENTITIES = "identities"
    REMOVAL = "removal"
    EMAIL = "email address"
    DONE = "done"

    @property
    def following(self) -> MergeStep:
        steps = list(MergeStep)
        return steps[min(steps.index(self) + 1, len(steps) - 1)]


@dataclass(frozen=True, slots=True)
class Merge:
    """A merge: the customer who is `gone` becomes part of the one who is `kept`.

    `email` is the address of the one who is gone. `cursor` says how far the step is.
    """

    gone: str
    kept: str
    at: datetime
    by: str
    step: MergeStep
    email: str = ""
    cursor: str = ""
    version: int = 1

    @property
    def is_done(self) -> bool:
        return self.step is MergeStep.DONE


def merged(kept: Customer, gone: Customer) -> Customer:
    """The one who is kept, with what only the other has. The address comes last, when it is free."""
    return replace(
        kept,
        name=kept.real_name or gone.real_name or kept.name,
        given_name=kept.given_name if kept.real_name else gone.given_name,
        family_name=kept.family_name if kept.real_name else gone.family_name,
        country=kept.country or gone.country,
        city=kept.city or gone.city,
        phone=kept.phone or gone.phone,
        tags=tuple(dict.fromkeys((*kept.tags, *gone.tags)))[:MOST_TAGS],
        consent=merged_consent(kept, gone),
        archived=kept.archived and gone.archived,
        created_at=kept.created_at,
    )


def merged_consent(kept: Customer, gone: Customer) -> Consent | None:
    """The stricter answer: a refusal of either, the newer one; else that which was given for the address that stays."""
    refusals = [each.consent for each in (kept, gone) if each.consent is not None and not each.consent.given]
    if refusals:
        return max(refusals, key=lambda consent: consent.at)
    return kept.consent if kept.email else gone.consent if gone.email else None
