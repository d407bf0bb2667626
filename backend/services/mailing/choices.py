"""What customers decide themselves through the links of emails: unsubscribe, choose, pause, verify their address.

Every function may be called again with the same link: a decision that stands already changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from backend.domain.customers import Customer
from backend.domain.preferences import Preferences
from backend.domain.suppression import SuppressionReason
from backend.email.links import Target
from backend.errors import NotFoundError
from backend.services.context import Shop
from backend.services.customers import get_customer, record_own_answer
from backend.services.mailing.composing import address_digest
from backend.services.preferences import get_preferences
from backend.services.suppression import add_suppression, lift_unsubscribe


class Verified(StrEnum):
    """What became of a link that verifies an address. The value is the sentence that people read."""

    DONE = "Thank you. Your address is confirmed."
    OTHER_ADDRESS = "This link was for another address than the one that we have for you now."


@dataclass(frozen=True, slots=True)
class Choices:
    """Where a customer stands with marketing mail."""

    subscribed: bool
    preferences: Preferences


def choices_of(shop: Shop, target: Target) -> Choices:
    """Raises: `NotFoundError` when the customer is gone."""
    customer = get_customer(shop, target.customer_id)
    given = customer.consent is not None and customer.consent.given
    return Choices(given, get_preferences(shop, customer.id))


def unsubscribe(shop: Shop, target: Target) -> None:
    """No marketing mail any more: the answer stands at the customer, and the address on the suppression list.

    A customer who is gone gets no mail anyway, so that is no error.
    """
    try:
        customer = get_customer(shop, target.customer_id)
    except NotFoundError:
        return
    record_own_answer(shop, customer.id, given=False, proof=f"unsubscribed by link of {target.message_id}")
    if customer.email:
        add_suppression(shop, customer.email, SuppressionReason.UNSUBSCRIBED, source=f"link of {target.message_id}")


def subscribe(shop: Shop, target: Target) -> None:
    """Marketing mail again, because the customer asked for it with a link that only they have.

    Raises: `NotFoundError`.
    """
    customer = get_customer(shop, target.customer_id)
    record_own_answer(shop, customer.id, given=True, proof=f"subscribed by link of {target.message_id}")
    if customer.email:
        lift_unsubscribe(shop, customer.email, source=f"link of {target.message_id}")


def verify_address(shop: Shop, target: Target) -> Verified:
    """Double opt-in: the customer has shown that the address is theirs, and agrees to marketing mail.

    Raises: `NotFoundError`.
    """
    customer = get_customer(shop, target.customer_id)
    if not _is_for(customer, target):
        return Verified.OTHER_ADDRESS
    proof = f"address {target.detail} confirmed by link of {target.message_id}"
    record_own_answer(shop, customer.id, given=True, proof=proof)
    lift_unsubscribe(shop, customer.email or "", source=f"link of {target.message_id}")
    return Verified.DONE


def _is_for(customer: Customer, target: Target) -> bool:
    return bool(customer.email) and address_digest(customer.email or "") == target.detail
