"""Giving the customer the link to pay a draft order, by email or without one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from backend.domain.draft_orders import DraftOrder, DraftState
from backend.domain.messages import MessageStatus
from backend.domain.team import Actor, Permission
from backend.errors import InvalidInputError, NotFoundError
from backend.services.context import Shop
from backend.services.draft_orders.drafts import change_draft, get_draft
from backend.services.draft_orders.settings import draft_settings
from backend.services.orders.changes import OrderRef, with_history
from backend.services.sending import ledger
from backend.services.sending.mailer import Mailer
from backend.services.sending.requests import SendRequest, prepared_message
from backend.store.port import Write

TEMPLATE = "payment-link"
UNSET = "The shop has no payment address yet. A manager sets it under “Shop settings”."


def send_link(shop: Shop, mailer: Mailer, actor: Actor, ref: OrderRef, key: str, *, notify: bool = True) -> DraftOrder:
    """Notes that the customer has the link to pay, and emails it, once per `key`, unless `notify` is False.

    Raises: `PermissionDeniedError`, `NotFoundError`, `ConflictError`, `InvalidInputError` (no payment address is set,
    or the customer cannot be emailed), `TemplateError`.
    """
    actor.require(Permission.PLACE_ORDERS)
    draft = get_draft(shop, ref.customer_id, ref.order_id)
    if _is_done(shop, draft, key, notify=notify):
        return draft
    writes = _email(shop, mailer, actor, draft, key) if notify else ()
    told = "Link to pay sent" if notify else "Link to pay handed out (without email)"

    def changed(before: DraftOrder) -> DraftOrder:
        return replace(before, state=DraftState.LINK_SENT, order=with_history(shop, actor, before.order, told))

    return change_draft(shop, ref, changed, writes)


def _is_done(shop: Shop, draft: DraftOrder, key: str, *, notify: bool) -> bool:
    """Whether the same form was sent before."""
    if not notify:
        return draft.state is DraftState.LINK_SENT
    try:
        ledger.get_message(shop, f"{draft.order.customer_id}-{key}")
    except NotFoundError:
        return False
    return True


def _email(shop: Shop, mailer: Mailer, actor: Actor, draft: DraftOrder, key: str) -> Sequence[Write]:
    link, order = draft_settings(shop).link_of(draft), draft.order
    if not link:
        raise InvalidInputError(UNSET, "payment_url")
    wanted = SendRequest(
        TEMPLATE, key, order.customer_id, order_id=order.id, fields={"payment_url": link}, as_order=order
    )
    message = prepared_message(shop, mailer, actor, wanted)
    if message.status is not MessageStatus.WAITING:
        raise InvalidInputError("This customer cannot be emailed. Copy the link, and hand it out without an email.")
    return ledger.request_writes(shop, message)
