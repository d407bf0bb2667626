"""Looks up what decides whether somebody may be emailed, for one customer or for a batch with few requests."""

from __future__ import annotations

from collections.abc import Sequence

from backend.domain.customers import Customer, email_identity
from backend.domain.eligibility import DEFAULT, MarketingLimits, Situation, reasons_against
from backend.domain.emails import Kind
from backend.domain.messages import SkipReason
from backend.domain.suppression import Suppression, SuppressionReason
from backend.services.context import Shop
from backend.services.customers.preferences import preferences_of
from backend.services.sending.frequency_cap import marketing_sent
from backend.services.suppression.entries import suppressed

_REASONS: dict[SuppressionReason, SkipReason] = {
    SuppressionReason.HARD_BOUNCE: SkipReason.BOUNCED,
    SuppressionReason.COMPLAINT: SkipReason.COMPLAINED,
    SuppressionReason.UNSUBSCRIBED: SkipReason.UNSUBSCRIBED,
    SuppressionReason.MANUAL: SkipReason.SUPPRESSED,
}


def situations_of(
    shop: Shop, customers: Sequence[Customer], kind: Kind, limits: MarketingLimits
) -> dict[str, Situation]:
    """What is known of each customer at this moment, by customer id, for mail of this kind."""
    addresses = [customer.email for customer in customers if customer.email]
    listed = suppressed(shop, addresses)
    marketing = kind is Kind.MARKETING
    ids = [customer.id for customer in customers]
    preferences = preferences_of(shop, ids) if marketing else {}
    sent = marketing_sent(shop, ids, limits) if marketing else {}
    found: dict[str, Situation] = {}
    for customer in customers:
        entry = listed.get(email_identity(customer.email)) if customer.email else None
        found[customer.id] = Situation(
            customer,
            suppressed=reasons_in(entry, kind),
            preferences=preferences.get(customer.id, DEFAULT),
            marketing_sent=sent.get(customer.id, frozenset()),
        )
    return found


def reasons_of_addresses(shop: Shop, addresses: Sequence[str], kind: Kind) -> dict[str, tuple[SkipReason, ...]]:
    """What the suppression list says against mail of this kind to recipients who are no customers, by address."""
    listed = suppressed(shop, addresses) if addresses else {}
    return {address: reasons_in(listed.get(email_identity(address)), kind) for address in addresses}


def reasons_in(entry: Suppression | None, kind: Kind) -> tuple[SkipReason, ...]:
    """What an entry of the suppression list says about mail of this kind."""
    if entry is None or not entry.holds_for(kind):
        return ()
    return (_REASONS[entry.reason],)


def can_we_email(shop: Shop, customer: Customer, limits: MarketingLimits) -> dict[Kind, list[SkipReason]]:
    """For each kind of mail every reason against sending it to this customer now; none means that we can."""
    answers: dict[Kind, list[SkipReason]] = {}
    for kind in Kind:
        situation = situations_of(shop, [customer], kind, limits)[customer.id]
        answers[kind] = reasons_against(kind, "", situation, limits, shop.clock())
    return answers
