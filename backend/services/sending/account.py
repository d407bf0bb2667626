"""What may be sent from the account at present: its limits, how far they are used, and pauses of all sending."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

from backend.domain.emails import Account
from backend.domain.team import Actor, Permission
from backend.domain.time import from_text, to_text
from backend.email.rate import RatePolicy
from backend.email.rate_state import SECOND, RateState, state_from_item
from backend.email.transports.protocol import AccountUnknownError
from backend.errors import PermissionDeniedError
from backend.records.conversion import key_given, reads
from backend.records.values import text
from backend.services.context import Shop
from backend.services.sending.mailer import Mailer
from backend.services.unreadable.items import read_one
from backend.store import schema
from backend.store.port import Delete, Item, Key, Put


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
        pause=current_pause(shop),
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
    pause(shop, reason, until)


def resume_sending(shop: Shop, actor: Actor) -> None:
    """Ends a pause. If the provider still takes nothing, the next email brings it back.

    Raises: `PermissionDeniedError`.
    """
    if not may_resume(actor):
        raise PermissionDeniedError(f"Your role ({actor.role}) may not resume sending. Ask an admin if you need to.")
    resume(shop)


# --- Pauses: the provider has said that it takes nothing from this account at present ----------------------------


PAUSE = schema.meta_key("mail-pause")


@dataclass(frozen=True, slots=True)
class Pause:
    """Why nothing is sent, and until when."""

    reason: str
    until: datetime


def current_pause(shop: Shop) -> Pause | None:
    """The pause that holds now, if any.

    One that cannot be read holds nothing up: if the provider still takes nothing, the next email brings it back.
    """
    pause = read_one(shop, PAUSE, _pause_from)
    return pause if pause is not None and pause.until > shop.clock() else None


@reads(key_given)
def _pause_from(_: Key, item: Item) -> Pause:
    return Pause(text(item, "reason"), from_text(text(item, "until")))


def is_paused(shop: Shop) -> bool:
    return current_pause(shop) is not None


def pause(shop: Shop, reason: str, until: datetime) -> None:
    """Stops sending in every process until then; a later pause replaces an earlier one."""
    shop.store.put(Put(PAUSE, {"reason": reason, "until": to_text(until)}))


def resume(shop: Shop) -> None:
    """Lets sending go on at once."""
    shop.store.delete(Delete(PAUSE))
