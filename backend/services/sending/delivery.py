"""Gets waiting messages out: look, decide, render, reserve, claim, send, record. Any number of processes may do it.

Everything that can be known before the claim is done before it, so that between claim and record comes nothing but
the transport. A process that dies there leaves messages whose lease runs out: they become unknown, and are not resent.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from loguru import logger

from backend.domain.customers import Customer
from backend.domain.eligibility import quiet_until, reasons_against
from backend.domain.emails import Kind, Refused
from backend.domain.messages import Message, MessageStatus, SkipReason
from backend.domain.time import to_text
from backend.errors import BackendError, UnreadableItemError
from backend.records.customers import customer_at
from backend.records.messages import message_from
from backend.services.context import Shop
from backend.services.sending import account, ledger
from backend.services.sending.composition import email_of, outgoing
from backend.services.sending.dispatch import Flight, Ready, Turn, dispatch, in_flight
from backend.services.sending.eligibility import reasons_of_addresses, situations_of
from backend.services.sending.mailer import Mailer
from backend.services.sending.shared_content import read_facts
from backend.services.sending.submissions import ACCOUNT_PAUSE, Worked
from backend.services.templates import catalogue
from backend.services.unreadable.items import readable, readable_due, set_aside
from backend.store import schema
from backend.store.port import Key, Query

ROUND_SECONDS = 1.0
"""How long one kind of mail may keep a worker from looking for the other."""
_UNREADABLE = "Waits for a record to be repaired that cannot be read"
_UNREADABLE_WAIT = timedelta(hours=1)
_MOST_LOGGED = 20
"""Up to so many emails that are recorded together have a line each in the log; campaigns are in the ledger alone."""


def deliver_due(
    shop: Shop, mailer: Mailer, flight: Flight | None = None, stop: threading.Event | None = None
) -> Worked:
    """One round over messages that are due, about as many as go out in a second.

    With a worker's `flight` it takes a second at most, and what waits for an answer then stays in the flight. Without
    one it waits for all answers, and not for tokens.

    Raises: `StoreBusyError`, `StoreUnreachableError`, `AccountUnknownError`; nothing is sent then.
    """
    worked = Worked()
    due, worked.more = due_messages(shop, mailer.pace.size)
    expired = [message for message in due if message.lease_until is not None]
    worked.count(ledger.expire(shop, expired))
    ready = _prepared(shop, mailer, [message for message in due if message.lease_until is None], worked)
    turn = Turn(mailer.pace.size, time.monotonic() + ROUND_SECONDS, stop or threading.Event())
    held_back = _send(shop, mailer, ready, worked, turn, flight)
    mailer.pace.learn(worked.handed_over, worked.seconds, held_back=held_back)
    return worked


def deliver_one(shop: Shop, mailer: Mailer, message: Message) -> Message:
    """Sends one requested message now, if it is due; returns it as it is afterwards."""
    worked = Worked()
    ready = _prepared(shop, mailer, [message] if message.status is MessageStatus.WAITING else [], worked)
    _send(shop, mailer, ready, worked, Turn(1, 0.0, threading.Event()))
    return ledger.get_message(shop, message.id)


def due_messages(shop: Shop, limit: int) -> tuple[list[Message], bool]:
    """Waiting messages whose time has come, and claimed ones whose lease has run out; and whether there are more."""
    now = to_text(shop.clock())
    lines = schema.work_lines()
    random.shuffle(lines)  # so that workers do not all begin with the same messages
    size = -(-limit // len(lines))
    queries = [Query(schema.MAIL, line, index="work", between=("0", now + "~"), limit=size) for line in lines]
    messages, more = readable_due(shop, queries, message_from)
    return [message for message in messages if _is_due(message, shop.clock())], more


def _is_due(message: Message, now: datetime) -> bool:
    """As the ledger has it; the list may lag behind."""
    is_free = message.lease.is_free(now)
    return message.status is MessageStatus.WAITING and message.due_at <= now and is_free


def _prepared(shop: Shop, mailer: Mailer, messages: Sequence[Message], worked: Worked) -> list[Ready]:
    """What can go out now. The others are settled or put off, with the reason."""
    outcomes: list[Message] = []
    ready: list[Ready] = []
    for message in _allowed(shop, mailer, messages, outcomes):
        try:
            ready.append(_composed(shop, mailer, message))
        except UnreadableItemError as error:
            set_aside(shop, Key(*error.key), error.reason)
            outcomes.append(_until_repaired(shop, message))
        except BackendError as error:
            outcomes.append(replace(message, status=MessageStatus.FAILED, reason=error.sentence))
    if outcomes:
        ledger.record(shop, outcomes)
        worked.count(outcomes)
    return ready


def _allowed(shop: Shop, mailer: Mailer, messages: Sequence[Message], outcomes: list[Message]) -> list[Message]:
    """Those who may get their email at this moment: suppression and consent may have changed since the request."""
    customers, unreadable = _customers(shop, messages)
    now, allowed = shop.clock(), []
    for kind in Kind:
        mine = [message for message in messages if message.kind is kind]
        known = [customers[m.customer_id] for m in mine if m.customer_id in customers]
        situations = situations_of(shop, known, kind, mailer.limits) if known else {}
        others = reasons_of_addresses(shop, [m.to for m in mine if not m.customer_id], kind)
        quiet = quiet_until(kind, mailer.limits, now, shop.zone)
        for message in mine:
            if message.customer_id in unreadable:
                outcomes.append(_until_repaired(shop, message))
                continue
            if message.customer_id and message.customer_id not in customers:
                outcomes.append(ledger.skipped(message, SkipReason.CUSTOMER_GONE))
                continue
            situation = situations.get(message.customer_id)
            topic = catalogue.topic_of(shop, message.template)
            if situation is not None:
                against = reasons_against(kind, topic, situation, mailer.limits, now, message.key)
            else:
                against = list(others[message.to])
            if against:
                outcomes.append(ledger.skipped(message, against[0]))
            elif quiet is not None and not message.test:
                outcomes.append(replace(message, due_at=quiet, reason="Waits for the end of the quiet hours"))
            else:
                allowed.append(_addressed(message, customers))
    return allowed


def _until_repaired(shop: Shop, message: Message) -> Message:
    return replace(message, due_at=shop.clock() + _UNREADABLE_WAIT, reason=_UNREADABLE)


def _customers(shop: Shop, messages: Sequence[Message]) -> tuple[dict[str, Customer], set[str]]:
    """The customers who are there, by id; and the ids of those whose record cannot be read."""
    keys = [schema.customer_key(message.customer_id) for message in messages if message.customer_id]
    found = shop.store.get_many(keys)
    customers = {customer.id: customer for customer in readable(shop, found.items(), customer_at)}
    return customers, {schema.customer_id_of(key) for key in found} - set(customers)


def _addressed(message: Message, customers: dict[str, Customer]) -> Message:
    """With the address that the customer has now: somebody who corrected it wants the email there."""
    customer = customers.get(message.customer_id)
    address = customer.email if customer else None
    return replace(message, to=address) if address and address != message.to else message


def _composed(shop: Shop, mailer: Mailer, message: Message) -> Ready:
    email = email_of(shop, message)
    return Ready(message, outgoing(message, email, read_facts(shop, message.facts), mailer.sender), email.digest)


def _send(
    shop: Shop, mailer: Mailer, ready: Sequence[Ready], worked: Worked, turn: Turn, flight: Flight | None = None
) -> bool:
    """Gets them out, transactional mail first; whether the rate or slow answers held them back."""
    books, held_back = _Ledger(), False
    if not ready or account.is_paused(shop):
        return False
    with in_flight(shop, mailer, worked, flight) as mine:
        for kind in (Kind.TRANSACTIONAL, Kind.MARKETING):
            each = [one for one in ready if one.message.kind is kind]
            done = dispatch(shop, mailer, mine, books, each, kind, turn, worked, waits=flight is not None)
            if done.quota_until is not None:
                _put_off(shop, [one.message for one in done.left], done.quota_until, worked)
            held_back = held_back or done.held_back
    return held_back


class _Ledger:
    """`Books` of single messages."""

    def __init__(self) -> None:
        self.refused: Refused | None = None

    def claim(self, shop: Shop, batch: Sequence[Ready], free: Sequence[Message]) -> dict[str, Message]:
        return {message.id: message for message in ledger.claim(shop, free)}

    def record(self, shop: Shop, outcomes: Sequence[tuple[Ready, Message]], worked: Worked) -> None:
        messages = [message for _, message in outcomes]
        ledger.record(shop, messages)
        worked.count(messages)
        if len(messages) <= _MOST_LOGGED:
            _log(messages)
        if self.refused is not None:
            account.pause(shop, self.refused.reason, shop.clock() + ACCOUNT_PAUSE)


def _log(outcomes: Sequence[Message]) -> None:
    """Joins our ids with the provider's in the log."""
    for message in outcomes:
        known_as = f", known to the provider as {message.provider_id}" if message.provider_id else ""
        logger.info("Message {} is {}{}", message.id, message.status.value, known_as)


def _put_off(shop: Shop, messages: Sequence[Message], until: datetime, worked: Worked) -> None:
    later = [replace(message, due_at=until, reason="Waits for the daily quota") for message in messages]
    ledger.record(shop, later)
    worked.count(later)
