"""Draft orders on their pages: saved from the form of an order, offered with a link, completed."""

from __future__ import annotations

import pytest

from backend.domain.draft_orders import DraftOrder, DraftState
from backend.domain.team import Role
from backend.services.draft_orders import drafts
from backend.services.draft_orders.settings import change_draft_settings
from backend.services.orders.lists import orders_of
from backend.services.sending.message_log import messages_of
from tests.pages.dashboard import Dashboard
from tests.pages.reading import buttons, press, said
from tests.support import MANAGER, STAFF, add_customer, draft, ref


@pytest.fixture
def saved(dashboard: Dashboard) -> DraftOrder:
    maria = add_customer(dashboard.shop, "Maria Lopez", "maria@example.com")
    return drafts.create_draft(dashboard.shop, STAFF, draft(maria, 2500), drafts.new_draft_key(dashboard.shop))


def now(dashboard: Dashboard, seen: DraftOrder) -> DraftOrder:
    return drafts.get_draft(dashboard.shop, seen.order.customer_id, seen.order.id)


def test_the_link_is_handed_out_without_an_email(dashboard: Dashboard, saved: DraftOrder) -> None:
    change_draft_settings(dashboard.shop, MANAGER, "https://shop.example/pay/{token}", 0)
    app = dashboard.open("draft.py", Role.STAFF, customer=saved.order.customer_id, id=saved.order.id)
    assert f"https://shop.example/pay/{saved.token}" in [each.value for each in app.code]
    press(app, "Send link to pay")
    app.toggle(key=next(each.key for each in app.toggle if each.label == "Email the customer")).set_value(False).run()
    press(app, "Note that it was handed out")
    assert not app.exception
    assert now(dashboard, saved).state is DraftState.LINK_SENT
    assert messages_of(dashboard.shop, saved.order.customer_id) == []


def test_without_the_setting_the_page_says_how_it_is_set(dashboard: Dashboard, saved: DraftOrder) -> None:
    app = dashboard.open("draft.py", Role.STAFF, customer=saved.order.customer_id, id=saved.order.id)
    assert "no payment address yet" in said(app)


def test_a_draft_is_completed_once_and_offers_nothing_afterwards(dashboard: Dashboard, saved: DraftOrder) -> None:
    app = dashboard.open("draft.py", Role.STAFF, customer=saved.order.customer_id, id=saved.order.id)
    press(app, "Complete")
    press(app, "Place the order")
    assert [order.total for order in orders_of(dashboard.shop, saved.order.customer_id).orders] == [2500]
    assert "Send link to pay" not in buttons(app)


def test_who_may_not_place_orders_only_looks(dashboard: Dashboard, saved: DraftOrder) -> None:
    app = dashboard.open("draft.py", Role.ENGINEER, customer=saved.order.customer_id, id=saved.order.id)
    assert not {"Send link to pay", "Complete", "Edit", "Cancel draft"} & set(buttons(app))
    app = dashboard.open("drafts.py", Role.ENGINEER)
    assert not app.exception


def test_a_draft_that_somebody_else_changed_is_not_cancelled_unseen(dashboard: Dashboard, saved: DraftOrder) -> None:
    app = dashboard.open("draft.py", Role.STAFF, customer=saved.order.customer_id, id=saved.order.id)
    drafts.edit_draft(dashboard.shop, STAFF, ref(saved.order), draft(add_customer(dashboard.shop), 900))
    press(app, "Cancel draft")
    assert now(dashboard, saved).state is DraftState.OPEN
    assert "Someone else has changed draft D1" in said(app)
