"""What somebody has to know around sending: before a click, after it, and how far the limits are used."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

from backend.domain.customers import Customer
from backend.domain.eligibility import quiet_until, reasons_against
from backend.domain.emails import Account, TemplateFacts
from backend.domain.messages import Message, SkipReason
from backend.domain.team import Actor, Permission
from backend.email.rate import RatePolicy
from backend.email.rate_state import SECOND, RateState, state_from_item
from backend.email.transports.protocol import AccountUnknownError
from backend.errors import InvalidInputError, PermissionDeniedError
from backend.records.conversion import key_given, reads
from backend.services.context import Shop
from backend.services.sending import pauses
from backend.services.sending.eligibility import situations_of
from backend.services.sending.ledger import Requested
from backend.services.sending.mailer import Mailer
from backend.services.sending.pauses import Pause
from backend.services.sending.requests import SendRequest, last_sent, request_message
from backend.services.unreadable.items import read_one
from backend.store import schema
from backend.store.port import Item, Key

# --- one email ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SendCheck:
    """What would become of an email that is asked for now.

    `against` are the reasons for which it would be skipped; `waits_until` is the end of the quiet hours, if it would
    wait for that; `last` is the message by which the same email went, or may have gone, to the same customer.
    """

    against: list[SkipReason]
    waits_until: datetime | None
    last: Message | None


def send_check_of(
    shop: Shop, mailer: Mailer, customer: Customer, template: TemplateFacts, order_id: str = ""
) -> SendCheck:
    """Looks ahead; the worker decides again when the email is to go out."""
    situation = situations_of(shop, [customer], template.kind, mailer.limits)[customer.id]
    now = shop.clock()
    return SendCheck(
        reasons_against(template.kind, template.topic, situation, mailer.limits, now),
        quiet_until(template.kind, mailer.limits, now, shop.zone),
        last_sent(shop, customer.id, template.name, order_id),
    )


def request_by_hand(shop: Shop, mailer: Mailer, actor: Actor, wanted: SendRequest) -> Requested:
    """As `request_message`, for a person's click: what went out before goes out again only with a reason.

    Raises: as `request_message`; `InvalidInputError` when the reason is missing.
    """
    actor.require(Permission.SEND_EMAIL)
    last = last_sent(shop, wanted.customer_id, wanted.template, wanted.order_id)
    if last is not None and last.key != wanted.key and not wanted.again.strip():
        raise InvalidInputError("This email went to this customer before. Say why it should go out again.", "again")
    return request_message(shop, mailer, actor, wanted)


# --- all sending -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AccountUse:
    """What may be sent, and what was. A rate or quota of None is no limit; `unknown` says why nothing is known.

    `used` counts recipients of the last 24 hours: what we know of, or what the provider has counted if that is more.
    `last_second` is how many emails are known to have gone out within the last second.
    """

    transport: str
    per_second: float | None
    daily_quota: int | None
    used: int
    kept_share: float
    account: Account | None
    unknown: str
    pause: Pause | None
    last_second: int = 0


def account_use(shop: Shop, mailer: Mailer, policy: RatePolicy) -> AccountUse:
    """The limits in force and how far they are used. `policy` is what the settings say."""
    account, unknown = None, ""
    try:
        account = mailer.transport.account()
    except AccountUnknownError as error:
        unknown = error.sentence
    state = read_one(shop, schema.rate_key(mailer.transport.name), _rate_from) or RateState()
    state.advance(int(shop.clock().timestamp() * SECOND), SECOND)  # forgets the hours that do not count any more
    rate = policy.rate or (account.per_second if account else 0.0)
    quota = policy.daily_quota or (account.daily_quota if account else 0)
    return AccountUse(
        transport=mailer.transport.name,
        per_second=None if math.isinf(rate) else rate,
        daily_quota=None if quota < 0 else quota,
        used=max(state.used_today(), account.sent_last_24_hours if account else 0),
        kept_share=policy.transactional_share,
        account=account,
        unknown=unknown,
        pause=pauses.current_pause(shop),
        last_second=sum(state.sent.values()),
    )


@reads(key_given)
def _rate_from(_: Key, item: Item) -> RateState:
    return state_from_item(item)


def may_resume(actor: Actor) -> bool:
    """Whether this person may end a pause: whoever sends, and whoever runs the system."""
    return actor.may(Permission.SEND_EMAIL) or actor.may(Permission.VIEW_SYSTEM)


def pause_sending(shop: Shop, actor: Actor, reason: str, until: datetime) -> None:
    """Keeps all mail back until then, or until somebody resumes sending. Nothing is lost: what is due waits.

    Raises: `PermissionDeniedError`.
    """
    if not may_resume(actor):
        raise PermissionDeniedError(f"Your role ({actor.role}) may not pause sending. Ask an admin if you need to.")
    pauses.pause(shop, reason, until)


def resume_sending(shop: Shop, actor: Actor) -> None:
    """Ends a pause. If the provider still takes nothing, the next email brings it back.

    Raises: `PermissionDeniedError`.
    """
    if not may_resume(actor):
        raise PermissionDeniedError(f"Your role ({actor.role}) may not resume sending. Ask an admin if you need to.")
    pauses.resume(shop)
