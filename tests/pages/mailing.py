"""Messages in every state for the tests of pages, by the shop's own services and a transport that fails on request."""

from __future__ import annotations

from backend.domain.customers import Customer
from backend.domain.messages import Message
from backend.email.transports.recording import Accept, ResponsePlan, always
from backend.services.context import Shop
from backend.services.sending.delivery import deliver_due, deliver_one
from backend.services.sending.requests import SendRequest, new_click_key, request_message
from pages.components.ui import shell
from tests.services.test_mailing import mailer_on
from tests.support import STAFF


def request(shop: Shop, customer: Customer, template: str = "verify-address", *, order_id: str = "") -> Message:
    """A message that waits, or is skipped."""
    wanted = SendRequest(template, new_click_key(), customer.id, order_id=order_id)
    return request_message(shop, shell.mailer(), STAFF, wanted).message


def deliver(shop: Shop, message: Message, plan: ResponsePlan | None = None) -> Message:
    """The message after a transport that follows the plan had it; without a plan, it is sent."""
    return deliver_one(shop, mailer_on(shop, plan or always(Accept())), message)


def deliver_waiting(shop: Shop) -> None:
    """What the server's worker does with what waits: into the outbox of the test."""
    deliver_due(shop, shell.mailer())
