"""What waits for somebody at this moment, counted where lists are kept: nothing is scanned, and counting ends early."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from itertools import islice

from backend.domain.campaigns import CampaignState
from backend.domain.messages import MessageStatus
from backend.domain.orders import OrderStatus
from backend.domain.team import Actor, Permission
from backend.services.alerts import states
from backend.services.campaigns.saved import list_campaigns
from backend.services.connections.connections import privacy_requests
from backend.services.context import Shop
from backend.services.orders.lists import OrderFilter, walk_orders
from backend.services.sending.message_log import count_needing_attention
from backend.services.statistics.overview import today_of

MOST = 100
"""Counting ends here: who has a hundred things to do need not know how many more there are."""
DAYS = 90
"""Orders of these days count; older ones are hardly waiting for anybody."""
_CAMPAIGNS = 50


class TaskKind(StrEnum):
    """What is to be done. The value is for addresses and logs."""

    FULFIL = "orders to fulfil"
    PAYMENT = "payments pending"
    APPROVE = "campaigns awaiting approval"
    DECIDE = "campaigns that need a decision"
    FAILED = "failed emails"
    UNKNOWN = "unknown emails"
    ALERT = "open alerts"
    PRIVACY = "privacy requests"


PERMISSIONS = {
    TaskKind.FULFIL: Permission.CHANGE_ORDERS,
    TaskKind.PAYMENT: Permission.CHANGE_ORDERS,
    TaskKind.APPROVE: Permission.APPROVE_CAMPAIGNS,
    TaskKind.DECIDE: Permission.PLAN_CAMPAIGNS,
    TaskKind.FAILED: Permission.REPAIR_MAIL,
    TaskKind.UNKNOWN: Permission.REPAIR_MAIL,
    TaskKind.ALERT: Permission.VIEW_SYSTEM,
    TaskKind.PRIVACY: Permission.MANAGE_CONNECTIONS,
}
"""Whose task it is: what somebody may do about it."""


@dataclass(frozen=True, slots=True)
class Task:
    """`number` of one kind; `MOST` stands for that many or more. `subject` is the id of the only one, if known."""

    kind: TaskKind
    number: int
    subject: str = ""


def open_tasks(shop: Shop, actor: Actor) -> list[Task]:
    """What this person can do something about, in the order of `TaskKind`. Costs a query for each month and kind."""
    asked = {kind for kind, permission in PERMISSIONS.items() if actor.may(permission)}
    counts: dict[TaskKind, Callable[[], Task]] = {
        TaskKind.FULFIL: lambda: _orders(shop, TaskKind.FULFIL, OrderStatus.PAID),
        TaskKind.PAYMENT: lambda: _orders(shop, TaskKind.PAYMENT, OrderStatus.PENDING),
        TaskKind.FAILED: lambda: _messages(shop, TaskKind.FAILED, MessageStatus.FAILED),
        TaskKind.UNKNOWN: lambda: _messages(shop, TaskKind.UNKNOWN, MessageStatus.UNKNOWN),
        TaskKind.ALERT: lambda: Task(TaskKind.ALERT, sum(each.is_open for each in states.current_alerts(shop))),
        TaskKind.PRIVACY: lambda: Task(
            TaskKind.PRIVACY, sum(each.done_at is None for each in privacy_requests(shop, actor))
        ),
    }
    found = [count() for kind, count in counts.items() if kind in asked]
    if asked & {TaskKind.APPROVE, TaskKind.DECIDE}:
        found += [task for task in _campaigns(shop, actor) if task.kind in asked]
    order = list(TaskKind)
    return sorted((task for task in found if task.number), key=lambda task: order.index(task.kind))


def _orders(shop: Shop, kind: TaskKind, status: OrderStatus) -> Task:
    today = today_of(shop)
    wanted = OrderFilter(today - timedelta(days=DAYS - 1), today, (status,))
    return Task(kind, sum(1 for _ in islice(walk_orders(shop, wanted, first=MOST), MOST)))


def _messages(shop: Shop, kind: TaskKind, status: MessageStatus) -> Task:
    return Task(kind, count_needing_attention(shop, status, MOST))


def _campaigns(shop: Shop, actor: Actor) -> list[Task]:
    """Of the newest campaigns: those to be approved, and those that were stopped or came too late."""
    newest = list_campaigns(shop, actor, limit=_CAMPAIGNS).campaigns
    waiting = [each.id for each in newest if each.state is CampaignState.AWAITING_APPROVAL]
    halted = [each.id for each in newest if each.state in (CampaignState.STOPPED, CampaignState.OVERDUE)]
    return [
        Task(kind, len(ids), ids[0] if len(ids) == 1 else "")
        for kind, ids in ((TaskKind.APPROVE, waiting), (TaskKind.DECIDE, halted))
    ]
