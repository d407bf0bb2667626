"""Draft orders: they count nowhere until they are completed, and then once."""

from __future__ import annotations

from pathlib import Path

import pytest

from backend.domain.automations import Automation, Step, TriggerKind
from backend.domain.customers import Customer
from backend.domain.draft_orders import DraftOrder, DraftState, clean_payment_url
from backend.domain.orders import LineItem, Order, OrderStatus
from backend.domain.suppression import SuppressionReason
from backend.errors import ConflictError, InvalidInputError, NotFoundError, PermissionDeniedError
from backend.services.automations import saved
from backend.services.context import Shop
from backend.services.customer_data.erasing import finish
from backend.services.customer_data.erasure import erase_customer
from backend.services.customers.customers import get_customer
from backend.services.draft_orders import drafts
from backend.services.draft_orders.lists import drafts_of, list_drafts
from backend.services.draft_orders.payment_link import send_link
from backend.services.draft_orders.settings import change_draft_settings, draft_settings
from backend.services.orders.changes import OrderRef, get_order
from backend.services.orders.lists import orders_of
from backend.services.sending.composition import email_of
from backend.services.sending.message_log import messages_of
from backend.services.suppression.entries import add_suppression
from backend.store import schema
from backend.store.port import Query, Update
from tests.mailing.processes import NoTransport
from tests.mailing.worker_script import mailer_on
from tests.recount import assert_totals_hold, everything
from tests.support import ADMIN, ENGINEER, MANAGER, STAFF, TestClock, add_customer, draft, opened_shop, outcomes_of, ref

PAY = "https://shop.example/pay/{token}?order={number}&amount={amount}&currency={currency}"


def saved_draft(shop: Shop, customer: Customer, amount: int = 2500) -> DraftOrder:
    return drafts.create_draft(shop, STAFF, draft(customer, amount), drafts.new_draft_key(shop))


def complete(shop: Shop, found: DraftOrder, status: OrderStatus = OrderStatus.PAID) -> Order:
    return drafts.complete_draft(shop, STAFF, found.order.customer_id, found.order.id, status).order


def test_a_draft_counts_nowhere_until_it_is_completed(shop: Shop) -> None:
    customer = add_customer(shop)
    step = Step("order-confirmation")
    thanks = saved.create_automation(
        shop, MANAGER, Automation("auto-00000001", "Thanks", TriggerKind.ORDER_PLACED, (step,), shop.clock())
    )
    saved.switch_on(shop, MANAGER, thanks.id, thanks.version)
    before = everything(shop, schema.MAIL)
    first, second = saved_draft(shop, customer), saved_draft(shop, customer)
    assert [first.order.number, second.order.number] == ["D1", "D2"]
    assert orders_of(shop, customer.id).orders == []
    assert get_customer(shop, customer.id) == customer
    assert everything(shop, schema.MAIL) == before
    order = complete(shop, first)
    assert (order.number, order.status, order.total) == ("T1001", OrderStatus.PAID, 2500)
    assert order.history[-1].text == "Placed as paid from draft D1"
    assert get_order(shop, customer.id, order.id) == order
    assert (get_customer(shop, customer.id).orders, get_customer(shop, customer.id).revenue) == (1, 2500)
    assert_totals_hold(shop)


def test_the_same_form_saves_one_draft(shop: Shop) -> None:
    customer, key = add_customer(shop), drafts.new_draft_key(shop)
    saved_twice = [drafts.create_draft(shop, STAFF, draft(customer), key) for _ in range(2)]
    assert saved_twice[0] == saved_twice[1]
    assert len(list_drafts(shop).drafts) == 1


def test_whoever_comes_second_gets_the_same_order(shop: Shop) -> None:
    found = saved_draft(shop, add_customer(shop))
    order = complete(shop, found)
    again = drafts.complete_draft(shop, ADMIN, order.customer_id, found.order.id, OrderStatus.PENDING)
    assert (again.order, again.duplicate) == (order, True)
    after = drafts.get_draft(shop, order.customer_id, found.order.id)
    assert (after.state, after.placed) == (DraftState.COMPLETED, order.id)
    with pytest.raises(ConflictError):
        drafts.cancel_draft(shop, STAFF, ref(after.order))
    with pytest.raises(ConflictError):
        drafts.edit_draft(shop, STAFF, ref(after.order), draft(get_customer(shop, order.customer_id)))


def test_many_at_once_place_one_order(tmp_path: Path) -> None:
    with opened_shop(f"sqlite:///{tmp_path}/shop.db") as shop:
        found = saved_draft(shop, add_customer(shop))
        placed = outcomes_of([lambda: complete(shop, found)] * 6)
        assert len({each.id for each in placed if isinstance(each, Order)}) == 1
        assert len(orders_of(shop, found.order.customer_id).orders) == 1
        assert_totals_hold(shop)


def test_what_was_seen_or_paid_must_still_be_so(shop: Shop) -> None:
    customer = add_customer(shop)
    seen = saved_draft(shop, customer)
    after = drafts.edit_draft(
        shop, STAFF, ref(seen.order), draft(customer, lines=(LineItem("Mug", 2, 900),), shipping=490)
    )
    assert (after.order.total, after.order.subtotal) == (2290, 1800)
    where = (customer.id, seen.order.id, OrderStatus.PAID)
    with pytest.raises(ConflictError, match="Someone else"):
        drafts.complete_draft(shop, STAFF, *where, seen_version=seen.order.version)
    with pytest.raises(ConflictError, match="by now"):
        drafts.complete_draft(shop, STAFF, *where, total=2500)
    with pytest.raises(ConflictError, match="Someone else"):
        drafts.edit_draft(shop, STAFF, ref(seen.order), draft(customer))
    assert drafts.complete_draft(shop, STAFF, *where, total=2290).order.total == 2290


def test_drafts_are_refused_where_orders_are(shop: Shop) -> None:
    found, gone = saved_draft(shop, add_customer(shop)), OrderRef("NOBODY", "NOTHING", 1)
    with pytest.raises(PermissionDeniedError):
        drafts.create_draft(shop, ENGINEER, draft(add_customer(shop)), drafts.new_draft_key(shop))
    with pytest.raises(NotFoundError):
        drafts.cancel_draft(shop, STAFF, gone)
    for status in (OrderStatus.FULFILLED, OrderStatus.CANCELLED):
        with pytest.raises(InvalidInputError):
            complete(shop, found, status)
    cancelled = drafts.cancel_draft(shop, STAFF, ref(found.order))
    assert drafts.cancel_draft(shop, STAFF, ref(found.order)) == cancelled
    with pytest.raises(ConflictError, match="cancelled already"):
        complete(shop, found)


def test_drafts_are_listed_by_state_and_expire(shop: Shop, clock: TestClock) -> None:
    customer = add_customer(shop)
    change_draft_settings(shop, MANAGER, PAY, 14)
    old, paid, gone = (saved_draft(shop, customer) for _ in range(3))
    complete(shop, paid)
    drafts.cancel_draft(shop, STAFF, ref(gone.order))
    clock.forward(days=15)
    new = saved_draft(shop, customer)

    def numbers(*states: DraftState) -> list[str]:
        return [each.number for each in list_drafts(shop, states).drafts]

    assert numbers(DraftState.OPEN) == [new.order.number]
    assert numbers(DraftState.EXPIRED) == [old.order.number]
    assert numbers(DraftState.OPEN, DraftState.EXPIRED) == ["D4", "D1"]
    assert numbers(DraftState.LINK_SENT) == []
    assert sorted(numbers()) == ["D1", "D2", "D3", "D4"]
    assert {each.number: each.state for each in list_drafts(shop).drafts}["D1"] is DraftState.EXPIRED
    first = list_drafts(shop, limit=1)
    rest = list_drafts(shop, limit=3, cursor=first.cursor)
    assert [each.number for each in (*first.drafts, *rest.drafts)] == numbers()
    assert rest.cursor is None
    assert len([*drafts_of(shop, customer.id)]) == 4
    # It may have been paid all the same; and who changes it, opens it again.
    drafts.edit_draft(shop, STAFF, ref(old.order), draft(customer, 900))
    assert sorted(numbers(DraftState.OPEN)) == ["D1", "D4"]
    change_draft_settings(shop, MANAGER, PAY, 0)
    clock.forward(days=400)
    assert numbers(DraftState.EXPIRED) == []


def test_an_expired_draft_that_was_paid_is_completed(shop: Shop, clock: TestClock) -> None:
    change_draft_settings(shop, MANAGER, PAY, 1)
    found = saved_draft(shop, add_customer(shop))
    clock.forward(days=2)
    assert complete(shop, found).placed_at == clock.now


def test_the_link_is_the_shops_own_address(shop: Shop) -> None:
    found = saved_draft(shop, add_customer(shop), 1290)
    assert draft_settings(shop).link_of(found) == ""
    settings = change_draft_settings(shop, MANAGER, PAY, 0)
    token = f"{found.order.customer_id}-{found.order.id}"
    assert settings.link_of(found) == f"https://shop.example/pay/{token}?order=D1&amount=12.90&currency=USD"
    assert len(found.order.id) == 38
    with pytest.raises(PermissionDeniedError):
        change_draft_settings(shop, STAFF, PAY, 0)


@pytest.mark.parametrize(
    "url",
    [
        "http://shop.example/{token}",
        "https://",
        "https://{token}.example/",
        "https://shop.example/{secret}",
        "https://shop.example/{token",
        "https://shop.example/a b",
        "javascript:alert({token})",
        "https://shop.example/" + "x" * 500,
    ],
)
def test_another_payment_address_is_refused(url: str) -> None:
    with pytest.raises(InvalidInputError):
        clean_payment_url(url)


def test_numbers_go_on_while_the_count_cannot_be_read(shop: Shop) -> None:
    shop.store.update(Update(schema.meta_key("draft-orders"), set={"taken": "many"}))
    found = saved_draft(shop, add_customer(shop))
    assert found.order.number.startswith("D17")


def test_drafts_go_with_their_customer(shop: Shop) -> None:
    customer = add_customer(shop, "Maria Lopez", "maria@example.com")
    saved_draft(shop, customer)
    finish(shop, erase_customer(shop, ADMIN, customer.id))
    partition = Query(schema.SHOP, schema.customer_partition(customer.id), begins_with=schema.DRAFTS)
    assert shop.store.query(partition).rows == []
    assert list_drafts(shop).drafts == []


def mailed(shop: Shop, found: DraftOrder, key: str, *, notify: bool = True) -> DraftOrder:
    return send_link(shop, mailer_on(shop, NoTransport()), STAFF, ref(found.order), key, notify=notify)


def test_a_link_is_sent_once_with_what_the_draft_says(shop: Shop) -> None:
    found = saved_draft(shop, add_customer(shop, "Maria Lopez", "maria@example.com"))
    with pytest.raises(InvalidInputError, match="no payment address"):
        mailed(shop, found, "click-0000000000000001")
    change_draft_settings(shop, MANAGER, PAY, 0)
    sent = mailed(shop, found, "click-0000000000000001")
    assert mailed(shop, found, "click-0000000000000001") == sent
    (message,) = messages_of(shop, found.order.customer_id)
    assert (sent.state, message.order_id) == (DraftState.LINK_SENT, found.order.id)
    email = email_of(shop, message)
    assert "Pay $25.00" in email.text
    assert draft_settings(shop).link_of(found) in email.text
    assert complete(shop, sent).total == 2500


def test_who_cannot_be_emailed_gets_the_link_another_way(shop: Shop) -> None:
    change_draft_settings(shop, MANAGER, PAY, 0)
    found = saved_draft(shop, add_customer(shop, "Maria Lopez", "maria@example.com"))
    add_suppression(shop, "maria@example.com", SuppressionReason.HARD_BOUNCE, source="event")
    with pytest.raises(InvalidInputError, match="cannot be emailed"):
        mailed(shop, found, "click-0000000000000001")
    handed = mailed(shop, found, "click-0000000000000002", notify=False)
    assert (handed.state, messages_of(shop, found.order.customer_id)) == (DraftState.LINK_SENT, [])
    assert handed.order.history[-1].text == "Link to pay handed out (without email)"
