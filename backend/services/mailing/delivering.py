"""Gets waiting messages out: look, decide, render, reserve, claim, send, record. Any number of processes may do it.

Everything that can be known before the claim is done before it, so that between claim and record stands nothing but
the transport. A process that dies there leaves messages whose lease runs out: they become unknown, and are not resent.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from loguru import logger

from backend.domain.customers import Customer
from backend.domain.eligibility import quiet_until, reasons_against
from backend.domain.emails import Accepted, Answer, Kind, OutgoingEmail, Refused
from backend.domain.messages import Message, MessageStatus, SkipReason
from backend.domain.time import to_text
from backend.email.rate import Granted, QuotaReached, Wait
from backend.errors import BackendError
from backend.records.customers import customer_from
from backend.records.messages import message_from
from backend.services import ledger, templates
from backend.services.context import Shop
from backend.services.mailing import pausing
from backend.services.mailing.composing import outgoing
from backend.services.mailing.emails import email_of
from backend.services.mailing.facts_store import read_facts
from backend.services.mailing.mailer import Mailer
from backend.services.mailing.situations import situations_of
from backend.services.mailing.threads import by_threads
from backend.store import schema
from backend.store.port import Query

MOST_ATTEMPTS = 6
LONGEST_DETAIL = 300
"""Of the provider's words that are kept: an item of the ledger stays below a kilobyte."""
_FIRST_RETRY = timedelta(seconds=30)
_LONGEST_RETRY = timedelta(hours=1)
ACCOUNT_PAUSE = timedelta(minutes=5)
_MOST_TOLD = 20
"""Emails that went out together, up to which each has a line in the log; of a campaign the ledger alone tells."""
_TOO_LATE = Refused("The place in the sending rate was used up before the email could go out.", retryable=True)
"""Not handed over: tokens are good for seconds, and a slow transport may use them up."""


@dataclass(slots=True)
class Worked:
    """What one round did.

    `wait` is how long the rate window asks to wait before the next, in seconds; `more` says that messages are left.
    `handed_over` emails took the transport and the ledger `seconds`.
    """

    settled: dict[MessageStatus, int] = field(default_factory=dict)
    wait: float = 0.0
    more: bool = False
    handed_over: int = 0
    seconds: float = 0.0

    def count(self, messages: Iterable[Message]) -> None:
        for message in messages:
            self.settled[message.status] = self.settled.get(message.status, 0) + 1

    def add(self, other: Worked) -> None:
        """Takes in what another part of the round did."""
        for status, number in other.settled.items():
            self.settled[status] = self.settled.get(status, 0) + number
        self.wait = max(self.wait, other.wait)
        self.more = self.more or other.more
        self.handed_over += other.handed_over
        self.seconds += other.seconds

    @property
    def total(self) -> int:
        return sum(self.settled.values())


@dataclass(frozen=True, slots=True)
class _Ready:
    """A message together with the email that will go out for it."""

    message: Message
    email: OutgoingEmail
    digest: str


def deliver_due(shop: Shop, mailer: Mailer) -> Worked:
    """One round over messages that are due, about as many as go out in a second.

    Raises: `StoreBusyError`, `StoreUnreachableError`, `AccountUnknownError`; nothing is sent then.
    """
    worked = Worked()
    due, worked.more = due_messages(shop, mailer.pace.size)
    expired = [message for message in due if message.lease_until is not None]
    ledger.expire(shop, expired)
    worked.count(replace(message, status=MessageStatus.UNKNOWN) for message in expired)
    ready = _prepared(shop, mailer, [message for message in due if message.lease_until is None], worked)
    if not pausing.is_paused(shop):
        for kind in (Kind.TRANSACTIONAL, Kind.MARKETING):
            _send(shop, mailer, [each for each in ready if each.message.kind is kind], kind, worked)
    mailer.pace.learn(worked.handed_over, worked.seconds, held_back=worked.wait > 0)
    return worked


def deliver_one(shop: Shop, mailer: Mailer, message: Message) -> Message:
    """Sends one requested message now, if it is due; returns it as it stands afterwards."""
    worked = Worked()
    ready = _prepared(shop, mailer, [message] if message.status is MessageStatus.WAITING else [], worked)
    if not pausing.is_paused(shop):
        _send(shop, mailer, ready, message.kind, worked)
    return ledger.get_message(shop, message.id)


def due_messages(shop: Shop, limit: int) -> tuple[list[Message], bool]:
    """Waiting messages whose time has come, and claimed ones whose lease has run out; and whether there are more."""
    now = to_text(shop.clock())
    shards = list(range(schema.WORK_SHARDS))
    random.shuffle(shards)  # so that workers do not all begin with the same messages
    size = -(-limit // len(shards))
    pages = [
        shop.store.query(Query(schema.MAIL, f"WORK#{shard}", index="work", between=("0", now + "~"), limit=size))
        for shard in shards
    ]
    found = shop.store.get_many([row.key for page in pages for row in page.rows])
    messages = (message_from(key, item) for key, item in found.items())
    return [message for message in messages if _is_due(message, shop.clock())], any(page.cursor for page in pages)


def _is_due(message: Message, now: datetime) -> bool:
    """As the ledger has it; the list may lag behind."""
    is_free = message.lease_until is None or message.lease_until <= now
    return message.status is MessageStatus.WAITING and message.due_at <= now and is_free


def _prepared(shop: Shop, mailer: Mailer, messages: Sequence[Message], worked: Worked) -> list[_Ready]:
    """What can go out now. The others are settled or put off, with the reason."""
    outcomes: list[Message] = []
    ready: list[_Ready] = []
    for message in _allowed(shop, mailer, messages, outcomes):
        try:
            ready.append(_composed(shop, mailer, message))
        except BackendError as error:
            outcomes.append(replace(message, status=MessageStatus.FAILED, reason=error.sentence))
    if outcomes:
        ledger.record(shop, outcomes)
        worked.count(outcomes)
    return ready


def _allowed(shop: Shop, mailer: Mailer, messages: Sequence[Message], outcomes: list[Message]) -> list[Message]:
    """Those who may get their email at this moment: suppression and consent may have changed since the request."""
    customers = _customers(shop, messages)
    now, allowed = shop.clock(), []
    for kind in Kind:
        mine = [message for message in messages if message.kind is kind]
        known = [customers[m.customer_id] for m in mine if m.customer_id in customers]
        situations = situations_of(shop, known, kind, mailer.limits) if known else {}
        quiet = quiet_until(kind, mailer.limits, now, shop.zone)
        for message in mine:
            if message.customer_id and message.customer_id not in customers:
                outcomes.append(ledger.skipped(message, SkipReason.CUSTOMER_GONE))
                continue
            situation = situations.get(message.customer_id)
            topic = templates.topic_of(shop, message.template)
            against = reasons_against(kind, topic, situation, mailer.limits, now) if situation else []
            if against:
                outcomes.append(ledger.skipped(message, against[0]))
            elif quiet is not None and not message.test:
                outcomes.append(replace(message, due_at=quiet, reason="Waits for the end of the quiet hours"))
            else:
                allowed.append(_addressed(message, customers))
    return allowed


def _customers(shop: Shop, messages: Sequence[Message]) -> dict[str, Customer]:
    keys = [schema.customer_key(message.customer_id) for message in messages if message.customer_id]
    found = shop.store.get_many(keys)
    return {key.pk.removeprefix("C#"): customer_from(key.pk.removeprefix("C#"), item) for key, item in found.items()}


def _addressed(message: Message, customers: dict[str, Customer]) -> Message:
    """With the address that the customer has now: somebody who corrected it wants the email there."""
    customer = customers.get(message.customer_id)
    address = customer.email if customer else None
    return replace(message, to=address) if address and address != message.to else message


def _composed(shop: Shop, mailer: Mailer, message: Message) -> _Ready:
    email = email_of(shop, message)
    return _Ready(message, outgoing(message, email, read_facts(shop, message.facts), mailer.sender), email.digest)


def _send(shop: Shop, mailer: Mailer, ready: Sequence[_Ready], kind: Kind, worked: Worked) -> None:
    rest = list(ready)
    while rest:
        granted = mailer.window.reserve(min(len(rest), mailer.pace.size), kind)
        if isinstance(granted, Wait):
            worked.wait = max(worked.wait, granted.seconds)
            return
        if isinstance(granted, QuotaReached):
            _put_off(shop, [each.message for each in rest], granted.until, worked)
            return
        now, rest = rest[: granted.count], rest[granted.count :]
        began = time.perf_counter()
        try:
            going_on = _send_batch(shop, mailer, now, granted, worked)
        finally:
            granted.close()
        worked.handed_over += len(now)
        worked.seconds += time.perf_counter() - began
        if not going_on:
            return


def _send_batch(shop: Shop, mailer: Mailer, batch: Sequence[_Ready], granted: Granted, worked: Worked) -> bool:
    """Claims, sends and records; False when the account takes nothing any more."""
    claimed = {message.id: message for message in ledger.claim(shop, [each.message for each in batch])}
    mine = [each for each in batch if each.message.id in claimed]
    answers = hand_over(mailer, granted, [each.email for each in mine])
    outcomes = [
        outcome_of(shop, claimed[each.message.id], each.digest, answer)
        for each, answer in zip(mine, answers, strict=True)
    ]
    ledger.record(shop, outcomes)
    worked.count(outcomes)
    if len(outcomes) <= _MOST_TOLD:
        _tell(outcomes)
    stopped = next((a for a in answers if isinstance(a, Refused) and a.account_wide), None)
    if stopped is not None:
        pausing.pause(shop, stopped.reason, shop.clock() + ACCOUNT_PAUSE)
    return stopped is None


def _tell(outcomes: Sequence[Message]) -> None:
    """Joins our ids with the provider's in the log."""
    for message in outcomes:
        known_as = f", known to the provider as {message.provider_id}" if message.provider_id else ""
        logger.info("Message {} is {}{}", message.id, message.status.value, known_as)


def hand_over(mailer: Mailer, granted: Granted, emails: Sequence[OutgoingEmail]) -> list[Answer]:
    """Gives each email to the transport, while the tokens last; the answers are in the same order."""

    def send(email: OutgoingEmail) -> Answer:
        return mailer.transport.send(email) if granted.spend() else _TOO_LATE

    if len(emails) == 1 or mailer.concurrency == 1:
        return [send(email) for email in emails]
    return by_threads(send, emails, min(mailer.concurrency, len(emails)))


def outcome_of(shop: Shop, message: Message, digest: str, answer: Answer) -> Message:
    """The message as the transport's answer leaves it."""
    now = shop.clock()
    if isinstance(answer, Accepted):
        sent = MessageStatus.SENT
        return replace(message, status=sent, provider_id=answer.provider_id, sent_at=now, digest=digest, detail="")
    if isinstance(answer, Refused):
        return _refused(replace(message, digest=digest), answer, now)
    return replace(
        message,
        status=MessageStatus.UNKNOWN,
        reason=answer.reason,
        digest=digest,
        detail=answer.detail[:LONGEST_DETAIL],
    )


def _refused(message: Message, answer: Refused, now: datetime) -> Message:
    if answer is _TOO_LATE:
        return replace(message, due_at=now)
    message = replace(message, detail=answer.detail[:LONGEST_DETAIL])
    if answer.account_wide:
        return replace(message, due_at=now + ACCOUNT_PAUSE, reason=answer.reason)
    if not answer.retryable:
        return replace(message, status=MessageStatus.FAILED, reason=answer.reason)
    if message.attempts >= MOST_ATTEMPTS:
        reason = f"Given up after {message.attempts} attempts. {answer.reason}"
        return replace(message, status=MessageStatus.FAILED, reason=reason)
    return replace(message, due_at=now + retry_delay(message.attempts), reason=answer.reason)


def retry_delay(attempts: int) -> timedelta:
    """How long to wait after so many attempts: 30 seconds, four times as long each time, an hour at most, jittered."""
    longest: timedelta = min(_FIRST_RETRY * 4.0 ** min(attempts - 1, 10), _LONGEST_RETRY)
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 - spreads retries, hides nothing


def _put_off(shop: Shop, messages: Sequence[Message], until: datetime, worked: Worked) -> None:
    later = [replace(message, due_at=until, reason="Waits for the daily quota") for message in messages]
    ledger.record(shop, later)
    worked.count(later)
