"""What waits for somebody is counted right, for those who can do something about it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from backend.domain.alerts import Reading, RuleName
from backend.domain.campaigns import Campaign, CampaignState
from backend.domain.connections import PrivacyRequest
from backend.domain.messages import MessageStatus
from backend.domain.orders import OrderStatus
from backend.domain.team import PERMISSIONS, Actor, Role
from backend.records.campaigns import campaign_item
from backend.records.connections import privacy_item
from backend.services.alerts import states
from backend.services.campaigns.drafts import create_campaign
from backend.services.context import Shop
from backend.services.sending import ledger
from backend.services.sending.message_log import needing_attention
from backend.services.todo import tasks
from backend.services.todo.tasks import Task, TaskKind, open_tasks
from backend.store import schema
from backend.store.port import Put
from tests.campaigns.support import draft, prepare_shop
from tests.services.test_ledger import a_message, claimed
from tests.support import ADMIN, MANAGER, STAFF, add_customer, add_order

ENGINEER = Actor("eva", Role.ENGINEER, "Eva")


def fill(shop: Shop) -> None:
    maria = add_customer(shop)
    for status, number in ((OrderStatus.PAID, 3), (OrderStatus.PENDING, 2), (OrderStatus.FULFILLED, 1)):
        for _ in range(number):
            add_order(shop, maria, 500, status=status)
    add_order(shop, maria, 500, placed_at=shop.clock() - timedelta(days=tasks.DAYS + 1))
    for key, ending in (("one", MessageStatus.FAILED), ("two", MessageStatus.UNKNOWN), ("three", MessageStatus.SENT)):
        mine = claimed(shop, ledger.request(shop, a_message(key)).message)
        ledger.record(shop, [replace(mine, status=ending, reason="Because.")])
    states.open_alert(shop, Reading(RuleName.QUEUE, "messages", 400.0, "It waits."))
    for name, done_at in (("ASKED", None), ("ANSWERED", shop.clock())):
        asked = PrivacyRequest(name, "SHOP", "customers/data_request", shop.clock(), maria.id, done_at=done_at)
        shop.store.put(Put(schema.privacy_request_key(name), privacy_item(asked)))


def counted(shop: Shop, actor: Actor) -> dict[TaskKind, int]:
    return {task.kind: task.number for task in open_tasks(shop, actor)}


def test_everything_that_waits_is_counted_for_an_admin(shop: Shop) -> None:
    fill(shop)
    assert counted(shop, ADMIN) == {
        TaskKind.FULFIL: 3,
        TaskKind.PAYMENT: 2,
        TaskKind.FAILED: 1,
        TaskKind.UNKNOWN: 1,
        TaskKind.ALERT: 1,
        TaskKind.PRIVACY: 1,
    }
    assert len(needing_attention(shop, MessageStatus.FAILED)) == 1


def test_each_role_reads_what_it_can_do(shop: Shop) -> None:
    fill(shop)
    assert set(counted(shop, STAFF)) == {TaskKind.FULFIL, TaskKind.PAYMENT, TaskKind.FAILED, TaskKind.UNKNOWN}
    assert set(counted(shop, ENGINEER)) == {TaskKind.FAILED, TaskKind.UNKNOWN, TaskKind.ALERT, TaskKind.PRIVACY}
    assert counted(shop, MANAGER) == {}


def test_a_campaign_that_waits_for_a_manager_is_named(shop: Shop) -> None:
    prepare_shop(shop)
    campaign = create_campaign(shop, STAFF, draft())
    for state, kind in ((CampaignState.AWAITING_APPROVAL, TaskKind.APPROVE), (CampaignState.STOPPED, TaskKind.DECIDE)):
        put_in(shop, campaign, state)
        assert open_tasks(shop, MANAGER) == [Task(kind, 1, campaign.id)]
    put_in(shop, campaign, CampaignState.FINISHED)
    assert open_tasks(shop, MANAGER) == []


def put_in(shop: Shop, campaign: Campaign, state: CampaignState) -> None:
    shop.store.put(Put(schema.campaign_key(campaign.id), campaign_item(replace(campaign, state=state))))


def test_counting_ends_where_a_hundred_or_more_says_enough(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "MOST", 2)
    fill(shop)
    assert counted(shop, STAFF)[TaskKind.FULFIL] == 2


def test_every_kind_of_task_is_somebodys() -> None:
    assert set(tasks.PERMISSIONS) == set(TaskKind)
    assert all(any(permission in PERMISSIONS[role] for role in Role) for permission in tasks.PERMISSIONS.values())
