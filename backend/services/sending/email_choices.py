"""What customers decide themselves through the links of emails: unsubscribe, choose, pause, verify their address.

Whoever holds a link may always withdraw. What brings more mail (consent, a topic, the end of a pause) needs a link that
was sent to the address that the customer has now: somebody else may read the earlier one.

Every function may be called again with the same link: a decision that was made before changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from backend.domain.customers import ConsentMethod, ConsentProof, Customer, address_digest, email_identity
from backend.domain.eligibility import TOPICS, Preferences
from backend.domain.suppression import SuppressionReason
from backend.email.links import Target
from backend.errors import NotFoundError
from backend.services.context import Shop
from backend.services.customers import preferences
from backend.services.customers.customers import get_customer, record_own_answer
from backend.services.sending import ledger
from backend.services.suppression.entries import add_suppression, lift_unsubscribe

VERIFY_TEXT = "Confirm that this address is yours and that we may write to you."
SUBSCRIBE_TEXT = "Write to me again"
"""What customers are shown where they agree: the sentence, the button."""


class Granted(StrEnum):
    """What became of a decision for more mail. The value is the sentence that people read."""

    DONE = "Thank you. Your address is confirmed."
    OTHER_ADDRESS = "This link was for another address than the one that we have for you now."


@dataclass(frozen=True, slots=True)
class Choices:
    """What a customer chose about marketing mail. `may_grant`: the link fits the address that they have now."""

    subscribed: bool
    preferences: Preferences
    may_grant: bool


def choices_of(shop: Shop, target: Target) -> Choices:
    """Raises: `NotFoundError` when the customer is gone."""
    customer = get_customer(shop, target.customer_id)
    given = customer.consent is not None and customer.consent.given
    return Choices(given, preferences.get_preferences(shop, customer.id), _fits(shop, target, customer))


def unsubscribe(shop: Shop, target: Target, *, ip: str = "") -> None:
    """No marketing mail any more: the customer's answer is kept, and the address goes on the suppression list.

    A customer who is gone gets no mail anyway, so that is no error.
    """
    try:
        customer = get_customer(shop, target.customer_id)
    except NotFoundError:
        return
    record_own_answer(shop, customer.id, _proof(shop, target, False, ConsentMethod.EMAIL_LINK, "Unsubscribe", ip))
    if customer.email:
        add_suppression(shop, customer.email, SuppressionReason.UNSUBSCRIBED, source=f"link of {target.message_id}")


def subscribe(shop: Shop, target: Target, *, ip: str = "") -> Granted:
    """Marketing mail again, because the customer asked for it with a link that was sent to their address.

    Raises: `NotFoundError`.
    """
    return _grant(shop, target, _proof(shop, target, True, ConsentMethod.EMAIL_LINK, SUBSCRIBE_TEXT, ip))


def verify_address(shop: Shop, target: Target, *, ip: str = "") -> Granted:
    """Double opt-in: the customer has shown that the address is theirs, and agrees to marketing mail.

    Raises: `NotFoundError`.
    """
    return _grant(shop, target, _proof(shop, target, True, ConsentMethod.DOUBLE_OPT_IN, VERIFY_TEXT, ip))


def choose_topics(shop: Shop, target: Target, wanted: Collection[str]) -> Granted:
    """Keeps which topics the customer wants. With a link to an earlier address, topics can only be dropped.

    Raises: `NotFoundError`.
    """
    fits = _fits(shop, target, get_customer(shop, target.customer_id))
    off = {topic for topic in TOPICS if topic not in wanted}
    before = set(preferences.get_preferences(shop, target.customer_id).topics_off)
    preferences.set_topics_off(shop, target.customer_id, sorted(off if fits else off | before))
    return Granted.DONE if fits or before <= off else Granted.OTHER_ADDRESS


def end_pause(shop: Shop, target: Target) -> Granted:
    """Ends the pause of marketing mail.

    Raises: `NotFoundError`.
    """
    if not _fits(shop, target, get_customer(shop, target.customer_id)):
        return Granted.OTHER_ADDRESS
    preferences.resume(shop, target.customer_id)
    return Granted.DONE


def _proof(shop: Shop, target: Target, given: bool, method: ConsentMethod, text: str, ip: str) -> ConsentProof:
    sent_to = f" to the address {target.detail}" if target.detail else ""
    return ConsentProof(given, shop.clock(), method, text, f"link of {target.message_id}{sent_to}", ip)


def _grant(shop: Shop, target: Target, proof: ConsentProof) -> Granted:
    fits = partial(_fits, shop, target)
    customer = record_own_answer(shop, target.customer_id, proof, only_if=fits)
    if not fits(customer):
        return Granted.OTHER_ADDRESS
    lift_unsubscribe(shop, customer.email or "", source=f"link of {target.message_id}")
    return Granted.DONE


def _fits(shop: Shop, target: Target, customer: Customer) -> bool:
    """Whether the link was sent to the customer's address. Older links do not say, but the ledger knows the message."""
    if not customer.email:
        return False
    if target.detail:
        return address_digest(customer.email) == target.detail
    try:
        return email_identity(ledger.get_message(shop, target.message_id).to) == email_identity(customer.email)
    except NotFoundError:
        return False
