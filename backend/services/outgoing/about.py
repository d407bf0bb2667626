"""What endpoints receive about customers, campaigns and suppressions, as writes for the transaction of the change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from backend.domain.campaigns import Campaign, CampaignState
from backend.domain.customers import Customer
from backend.domain.outgoing import EventKind
from backend.domain.suppression import IMPORTED, Cause, SuppressionChange, SuppressionEvent
from backend.domain.time import to_text
from backend.services.context import Shop
from backend.services.outgoing.writes import events_for
from backend.store.port import Write

_STATES: Mapping[CampaignState, EventKind] = {
    CampaignState.PREPARING: EventKind.CAMPAIGN_STARTED,
    CampaignState.PAUSED: EventKind.CAMPAIGN_PAUSED,
    CampaignState.STOPPED: EventKind.CAMPAIGN_STOPPED,
    CampaignState.FINISHED: EventKind.CAMPAIGN_FINISHED,
    CampaignState.CANCELLED: EventKind.CAMPAIGN_CANCELLED,
}
_HALTED = frozenset({CampaignState.PAUSED, CampaignState.STOPPED})


def on_customer_created(shop: Shop, customer: Customer) -> list[Write]:
    """What endpoints receive about a new customer."""
    return events_for(shop, [EventKind.CUSTOMER_CREATED], lambda: customer_data(customer))


def on_customer_changed(shop: Shop, before: Customer, after: Customer) -> list[Write]:
    """What endpoints receive about a changed customer: another answer about marketing is an event of its own."""
    kinds = [EventKind.CUSTOMER_UPDATED]
    if after.consent is not None and (before.consent is None or before.consent.given != after.consent.given):
        kinds.append(EventKind.CUSTOMER_CONSENT_CHANGED)
    return events_for(shop, kinds, lambda: customer_data(after))


def on_customer_erased(shop: Shop, customer_id: str, at: datetime) -> list[Write]:
    """What endpoints receive when nothing personal of a customer is left here."""
    return events_for(shop, [EventKind.CUSTOMER_ERASED], lambda: {"id": customer_id, "erased_at": to_text(at)})


def on_campaign_changed(shop: Shop, before: Campaign, after: Campaign) -> list[Write]:
    """What endpoints receive when a campaign reaches one of the states that have an event."""
    if before.state is after.state:
        return []
    resumed = before.state in _HALTED and after.state in (CampaignState.PREPARING, CampaignState.RUNNING)
    kind = EventKind.CAMPAIGN_RESUMED if resumed else _STATES.get(after.state)
    return [] if kind is None else events_for(shop, [kind], lambda: _campaign_data(after))


def on_suppression_changed(shop: Shop, address: str, event: SuppressionEvent, left: Sequence[Cause]) -> list[Write]:
    """What endpoints receive about a reason that was added to an address or taken off it; nothing of an import's.

    `left` are the reasons that apply afterwards.
    """
    if event.source == IMPORTED:
        return []
    added = event.change is SuppressionChange.ADDED
    kind = EventKind.SUPPRESSION_ADDED if added else EventKind.SUPPRESSION_REMOVED

    def data() -> Mapping[str, object]:
        return {
            "address": address,
            "reasons": [reason.value for reason in event.reasons],
            "left": [cause.reason.value for cause in left],
            "source": event.source,
            "at": to_text(event.at),
        }

    return events_for(shop, [kind], data)


def customer_data(customer: Customer) -> Mapping[str, object]:
    """A customer for other programs; revenue is in minor units."""
    consent = customer.consent
    answer = consent and {"given": consent.given, "at": to_text(consent.at), "source": consent.source.value}
    return {
        "id": customer.id,
        "name": customer.name,
        "email": customer.email,
        "phone": customer.phone,
        "country": customer.country,
        "city": customer.city,
        "tags": list(customer.tags[:100]),
        "consent": answer,
        "archived": customer.archived,
        "orders": customer.orders,
        "revenue": customer.revenue,
        "created_at": to_text(customer.created_at),
        "version": customer.version,
    }


def _campaign_data(campaign: Campaign) -> Mapping[str, object]:
    return {
        "id": campaign.id,
        "name": campaign.name[:200],
        "state": campaign.state.value,
        "reason": campaign.reason[:300],
        "version": campaign.version,
    }
