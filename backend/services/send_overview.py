"""What somebody has to know around sending: before a click, after it, and of all sending together."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from backend.domain.customers import Customer
from backend.domain.eligibility import quiet_until, reasons_against
from backend.domain.emails import Account, TemplateFacts
from backend.domain.messages import Message, MessageStatus, SkipReason
from backend.domain.team import Actor, Permission
from backend.email.rate import RatePolicy
from backend.email.rate_state import SECOND, state_from_item
from backend.email.transports.protocol import AccountUnknownError
from backend.errors import InvalidInputError, PermissionDeniedError
from backend.services.context import Shop
from backend.services.ledger import Requested
from backend.services.mailing import pausing
from backend.services.mailing.mailer import Mailer
from backend.services.mailing.pausing import Pause
from backend.services.mailing.requesting import SendRequest, last_sent, request_message
from backend.services.mailing.situations import situations_of
from backend.services.message_log import MessageSummary
from backend.services.send_stats import HourStats, stats_by_hour, summed
from backend.store import schema

COUNTED = (MessageStatus.SENT, MessageStatus.FAILED, MessageStatus.UNKNOWN, MessageStatus.SKIPPED)
"""The statuses that the statistics count, in the order in which people read them."""


# --- one email ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Prospect:
    """What would become of an email that is asked for now.

    `against` are the reasons for which it would be skipped; `waits_until` is the end of the quiet hours, if it would
    wait for that; `last` is the message by which the same email went, or may have gone, to the same customer.
    """

    against: list[SkipReason]
    waits_until: datetime | None
    last: Message | None


def prospect_of(
    shop: Shop, mailer: Mailer, customer: Customer, template: TemplateFacts, order_id: str = ""
) -> Prospect:
    """Looks ahead; the worker decides again when the email is to go out."""
    situation = situations_of(shop, [customer], template.kind, mailer.limits)[customer.id]
    now = shop.clock()
    return Prospect(
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


class Step(StrEnum):
    """Into what the time of a chart is divided. The value is for people."""

    HOUR = "hour"
    DAY = "day"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class SendFigures:
    """The counters of a range of days.

    `totals` are by name of the counter; the others by status or template, and then by step, written as
    "2026-11-26T13", "2026-11-26" or "2026-11". `by_template` counts what was sent. `steps` are all of the range.
    """

    totals: dict[str, int]
    steps: list[str]
    by_status: dict[str, dict[str, int]]
    by_template: dict[str, dict[str, int]]


def steps_for(first: date, last: date) -> list[Step]:
    """The divisions that suit a range, the most natural first."""
    days = (last - first).days + 1
    if days <= 2:
        return [Step.HOUR]
    if days <= 7:
        return [Step.DAY, Step.HOUR]
    return [Step.DAY] if days <= 62 else [Step.MONTH, Step.DAY]


def send_figures(shop: Shop, first: date, last: date, step: Step, template: str = "") -> SendFigures:
    """Volumes over time, of one template or of all. Costs a query a day.

    Raises: `InvalidInputError` when the range is upside down or too long.
    """
    stats = [each for each in stats_by_hour(shop, first, last) if template in ("", each.template)]
    by_status: dict[str, dict[str, int]] = {status.value: {} for status in COUNTED}
    by_template: dict[str, dict[str, int]] = {}
    for each in stats:
        place = _place(each, step)
        for status in by_status:
            _add(by_status[status], place, each.counts.get(status, 0))
        _add(by_template.setdefault(each.template, {}), place, each.counts.get(MessageStatus.SENT.value, 0))
    return SendFigures(summed(each.counts for each in stats), _steps(first, last, step), by_status, by_template)


def _add(counts: dict[str, int], place: str, number: int) -> None:
    counts[place] = counts.get(place, 0) + number


def _place(stats: HourStats, step: Step) -> str:
    return stats.hour[: {Step.HOUR: 13, Step.DAY: 10, Step.MONTH: 7}[step]]


def _steps(first: date, last: date, step: Step) -> list[str]:
    days = [date.fromordinal(number).isoformat() for number in range(first.toordinal(), last.toordinal() + 1)]
    if step is Step.HOUR:
        return [f"{day}T{hour:02}" for day in days for hour in range(24)]
    return days if step is Step.DAY else list(dict.fromkeys(day[:7] for day in days))


def reasons_of(messages: Sequence[MessageSummary]) -> list[tuple[str, int]]:
    """How often each reason occurs among these messages, most frequent first."""
    return Counter(message.reason or "No reason was given" for message in messages).most_common()


@dataclass(frozen=True, slots=True)
class AccountUse:
    """What may be sent, and what was. A rate or quota of None is no limit; `unknown` says why nothing is known.

    `used` counts recipients of the last 24 hours: what we know of, or what the provider has counted if that is more.
    """

    transport: str
    per_second: float | None
    daily_quota: int | None
    used: int
    kept_share: float
    account: Account | None
    unknown: str
    pause: Pause | None


def account_use(shop: Shop, mailer: Mailer, policy: RatePolicy) -> AccountUse:
    """The limits in force and how far they are used. `policy` is what the settings say."""
    account, unknown = None, ""
    try:
        account = mailer.transport.account()
    except AccountUnknownError as error:
        unknown = error.sentence
    state = state_from_item(shop.store.get(schema.rate_key(mailer.transport.name)))
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
        pause=pausing.current_pause(shop),
    )


def may_resume(actor: Actor) -> bool:
    """Whether this person may end a pause: whoever sends, and whoever runs the system."""
    return actor.may(Permission.SEND_EMAIL) or actor.may(Permission.VIEW_SYSTEM)


def resume_sending(shop: Shop, actor: Actor) -> None:
    """Ends a pause. If the provider still takes nothing, the next email brings it back.

    Raises: `PermissionDeniedError`.
    """
    if not may_resume(actor):
        raise PermissionDeniedError(f"Your role ({actor.role}) may not resume sending. Ask an admin if you need to.")
    pausing.resume(shop)
