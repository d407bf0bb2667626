"""What the pages of a customer and of an order say about emails."""

from __future__ import annotations

from backend.domain.suppression import SuppressionReason
from backend.domain.team import Role
from backend.services.customers.customers import set_consent
from backend.services.suppression.entries import add_suppression
from tests.pages.dashboard import Dashboard
from tests.pages.mailing import deliver, request
from tests.pages.reading import links, press, said
from tests.support import STAFF, add_customer, add_order


def test_orders_and_messages_are_on_one_timeline_as_links(dashboard: Dashboard) -> None:
    shop = dashboard.shop
    customer = add_customer(shop)
    order = add_order(shop, customer)
    message = deliver(shop, request(shop, customer))
    shown = links(dashboard.open("customer.py", Role.MANAGER, id=customer.id))
    (email,) = [query for label, query in shown.items() if label.startswith("Email Verify address")]
    (bought,) = [query for label, query in shown.items() if label.startswith(f"Order {order.number}")]
    assert email == {"id": [message.id]}
    assert bought == {"customer": [customer.id], "id": [order.id]}


def test_a_long_timeline_is_shown_on_demand(dashboard: Dashboard) -> None:
    customer = add_customer(dashboard.shop)
    for _ in range(16):
        add_order(dashboard.shop, customer)

    def orders_shown() -> int:
        return sum(label.startswith("Order ") for label in links(app))

    app = dashboard.open("customer.py", Role.MANAGER, id=customer.id)
    assert orders_shown() == 15
    press(app, "Show more")
    assert orders_shown() == 16


def test_whether_a_customer_can_be_emailed_is_answered_per_kind_with_the_reasons(dashboard: Dashboard) -> None:
    shop = dashboard.shop
    customer = add_customer(shop, "Maria", "maria@example.com")
    shown = said(dashboard.open("customer.py", Role.MANAGER, id=customer.id))
    assert "**About their orders**  \n:material/check_circle: Yes" in shown
    assert "**Marketing**  \n:material/block: No  \n:gray[They have not agreed to marketing email.]" in shown
    set_consent(shop, STAFF, customer.id, customer.version, given=True)
    assert said(dashboard.open("customer.py", Role.MANAGER, id=customer.id)).count("check_circle: Yes") == 2
    add_suppression(shop, "maria@example.com", SuppressionReason.COMPLAINT, source="test")
    shown = said(dashboard.open("customer.py", Role.MANAGER, id=customer.id))
    assert shown.count("They marked our mail as spam.") == 2


def test_sending_begins_at_a_customer_and_at_an_order(dashboard: Dashboard) -> None:
    customer = add_customer(dashboard.shop)
    order = add_order(dashboard.shop, customer)
    at_customer = links(dashboard.open("customer.py", Role.STAFF, id=customer.id))
    at_order = links(dashboard.open("order.py", Role.STAFF, customer=customer.id, id=order.id))
    assert at_customer["Send an email"] == {"customer": [customer.id]}
    assert at_order["Send an email"] == {"customer": [customer.id], "order": [order.id]}
    assert "Send an email" not in links(dashboard.open("customer.py", Role.MANAGER, id=customer.id))


def test_an_order_lists_the_emails_about_it(dashboard: Dashboard) -> None:
    shop = dashboard.shop
    customer = add_customer(shop)
    order, other = add_order(shop, customer), add_order(shop, customer)
    message = deliver(shop, request(shop, customer, "order-confirmation", order_id=order.id))
    app = dashboard.open("order.py", Role.MANAGER, customer=customer.id, id=order.id)
    assert links(app)["Order confirmation"] == {"id": [message.id]}
    app = dashboard.open("order.py", Role.MANAGER, customer=customer.id, id=other.id)
    assert "No emails about this order yet." in said(app)
