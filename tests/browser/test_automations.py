"""An automation from its switch to the email that goes out by itself, in a real browser against the real server."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from backend.domain.messages import MessageStatus
from backend.domain.team import Role
from backend.services.context import Shop
from backend.services.sending.message_log import messages_of
from backend.services.triggers.active import LEAD
from tests.browser.people import Person
from tests.support import add_customer, add_order

pytestmark = pytest.mark.browser
_PATIENCE = 30.0


def test_a_manager_switches_on_the_confirmation_and_the_next_order_is_confirmed(
    person: Callable[..., Person], shop: Shop
) -> None:
    customer = add_customer(shop, "Maria Lopez")
    add_order(shop, customer)
    manager = person(Role.MANAGER).sign_in("/automations").sees("No automations yet")
    manager.presses("Add the four standard automations").sees(
        "When an order is placed, send “Order confirmation” at once."
    )
    manager.page.get_by_text("On", exact=True).first.click()
    manager.settled().sees("“Order confirmation” is on.")
    time.sleep(LEAD.total_seconds() + 1)
    order = add_order(shop, customer)
    deadline = time.monotonic() + _PATIENCE
    while not (found := messages_of(shop, customer.id)) or found[0].status is not MessageStatus.SENT:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    (message,) = found
    assert (message.order_id, message.template) == (order.id, "order-confirmation")
    manager.follows("Order confirmation").sees_title("Order confirmation")
    manager.page.get_by_text("Dry run", exact=True).click()
    manager.settled().presses("Run dry run").sees("would have been sent")
