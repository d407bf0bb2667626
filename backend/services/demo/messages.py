"""Loads what the demo shop has emailed about orders, and makes and writes messages for its campaigns.

Everything is written as it ended, so at no moment is there anything that a worker could send. Loading it again adds
nothing, and each message comes together with the counters that follow from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from backend.demo.behaviour import DemoCustomer
from backend.demo.mailing import OrderEmail, gone_at, order_emails, outcomes_of
from backend.domain.automations import Automation, Trigger, is_automation, variant_of
from backend.domain.customers import Customer
from backend.domain.delivery import Outcome
from backend.domain.emails import TemplateVersion
from backend.domain.messages import Message, MessageStatus, SkipReason
from backend.domain.shop import ShopFacts
from backend.domain.suppression import Cause, SuppressionReason
from backend.domain.team import AUTOMATION
from backend.email.links import Links
from backend.email.rendering.context import Data, build_context
from backend.email.rendering.mjml_scan import Layout
from backend.errors import AlreadyExistsError
from backend.records.messages import key_of, message_item
from backend.records.send_stats import campaign_counters_of, counters_of
from backend.services.automations.defaults import demo_automations
from backend.services.context import Shop
from backend.services.events.writes import suppression_key_for
from backend.services.sending import ledger
from backend.services.sending.composition import links_for, packed, rendered
from backend.services.sending.shared_content import keep_facts
from backend.services.shop_settings import get_shop_facts
from backend.services.suppression.entries import adding_writes
from backend.services.templates import catalogue
from backend.services.templates.catalogue import keep_edition
from backend.store import schema
from backend.store.port import Absent, Plus, Put, Update, Write

PROVIDER = "demo-"
"""How the provider's ids of the demo's messages begin: they never went anywhere, and are recognised by it."""
SOURCE = "demo"
AT_ONCE = 200
_SUPPRESSING = {Outcome.BOUNCED: SuppressionReason.HARD_BOUNCE, Outcome.COMPLAINED: SuppressionReason.COMPLAINT}


class DemoMessageExistsError(AlreadyExistsError):
    """This message of the demo is there already."""


@dataclass(frozen=True, slots=True)
class Edition:
    """A template as it is kept for messages."""

    version: TemplateVersion
    layout: Layout
    digest: str


@dataclass(frozen=True, slots=True)
class DemoMail:
    """What all messages of the demo share. `now` is the moment as of which it is made."""

    shop: Shop
    links: Links
    now: datetime
    facts: ShopFacts
    facts_digest: str
    automations: Mapping[str, Automation]

    @classmethod
    def begin(cls, shop: Shop, links: Links, now: datetime) -> DemoMail:
        facts = get_shop_facts(shop)
        automations = {each.steps[0].template: each for each in demo_automations(now)}
        return cls(shop, links, now, facts, keep_facts(shop, facts), automations)

    def edition(self, version: TemplateVersion) -> Edition:
        return Edition(version, catalogue.layout(self.shop), keep_edition(self.shop, version))

    def message(self, customer: Customer, edition: Edition, key: str, at: datetime, by: str) -> Message:
        """A message that was asked for at that moment, and sent a second later."""
        version = edition.version
        return Message(
            recipient=customer.id,
            key=key,
            template=version.facts.name,
            version=version.number,
            kind=version.facts.kind,
            status=MessageStatus.SENT,
            to=customer.email or "",
            name=customer.name,
            requested_at=at,
            requested_by=by,
            due_at=at,
            customer_id=customer.id,
            attempts=1,
            provider_id=f"{PROVIDER}{customer.id}-{key}",
            sent_at=at + timedelta(seconds=1),
            facts=self.facts_digest,
            edition=edition.digest,
            hour=ledger.hour_of(self.shop, at),
        )

    def finished(self, message: Message, edition: Edition, data: Data, shared: Mapping[str, str]) -> Message:
        """The message with all that its exact email is made from. `shared` is what its campaign keeps for all."""
        own = {name: value for name, value in data.items() if name not in shared}
        message = replace(message, data=packed(own))
        email = rendered(edition.layout, edition.version, message, self.facts, shared)
        return replace(message, digest=email.digest)


def load_order_emails(mail: DemoMail, chunk: Sequence[DemoCustomer], campaigns_at: Sequence[datetime]) -> int:
    """Writes what went out about the orders of these customers; returns how many. Who turned out to be gone with one of
    the campaigns is skipped from then on.
    """
    current: dict[str, Edition] = {}
    messages = []
    for made in chunk:
        for email in order_emails(made, mail.now):
            if email.template not in current:
                current[email.template] = mail.edition(catalogue.current_version(mail.shop, email.template))
            messages.append(_order_message(mail, made.customer, email, current[email.template], campaigns_at))
    write_messages(mail.shop, messages)
    return len(messages)


def _order_message(
    mail: DemoMail, customer: Customer, email: OrderEmail, edition: Edition, campaigns_at: Sequence[datetime]
) -> Message:
    automation, order = mail.automations[email.template], email.order
    trigger = Trigger(customer.id, automation.id, automation.kind, order.id, email.at, email.at, order.id)
    message = mail.message(customer, edition, trigger.message_key, email.at, AUTOMATION.username)
    message = replace(message, order_id=order.id, campaign=automation.id, variant=variant_of(0))
    gone = gone_at(customer)
    if gone is not None and email.at > campaigns_at[gone]:
        message = ledger.skipped(replace(message, sent_at=None, attempts=0), SkipReason.SUPPRESSED)
    else:
        liked = 0.12 if email.marketing else 0.0
        message = replace(message, outcomes=outcomes_of(message.id, email.at, mail.now, liked=liked))
    data = build_context(
        edition.version.facts,
        mail.facts,
        customer=customer,
        order=order,
        links=links_for(mail.links, customer, message.id, edition.version),
        fields=automation.steps[0].fields,
    )
    return mail.finished(message, edition, data, {})


def write_messages(
    shop: Shop, messages: Sequence[Message], clicks: Mapping[str, Sequence[Update]] | None = None
) -> None:
    """Writes messages with all that follows from them. `clicks` are, by message id, those of its campaign's links."""
    for first in range(0, len(messages), AT_ONCE):
        some = messages[first : first + AT_ONCE]
        outcomes = shop.store.transact_each([[*_writes(each), *(clicks or {}).get(each.id, ())] for each in some])
        for outcome in outcomes:
            if outcome is not None and not isinstance(outcome, DemoMessageExistsError):
                raise outcome
    for message in messages:
        _suppress(shop, message)


def counter_updates(message: Message, times: int) -> Iterator[Update]:
    """What a message adds to its hour, its campaign and its automation (`times` 1), or takes away from them (-1)."""

    def added(counts: Mapping[str, int]) -> dict[str, Plus]:
        return {name: Plus(times * count) for name, count in counts.items() if count}

    key = schema.hours_key(message.hour, message.template, message.id)
    yield Update(key, set={"kind": message.kind.value}, add=added(counters_of(message)))
    if of_campaign := added(campaign_counters_of(message)):
        yield Update(schema.campaign_stat_key(message.campaign, message.id), add=of_campaign)
    if is_automation(message.campaign):
        answered = added({"answered": 1, "requested": 1, f"requested~{message.variant}": 1})
        yield Update(schema.automation_stat_key(message.campaign, message.customer_id), add=answered)


def _writes(message: Message) -> Iterator[Write]:
    there = DemoMessageExistsError("This message is there already.")
    yield Put(key_of(message), message_item(message, message.hour), Absent(), there)
    yield from counter_updates(message, 1)


def _suppress(shop: Shop, message: Message) -> None:
    """Puts the address on the list, where a report would have done it."""
    for outcome, reason in _SUPPRESSING.items():
        at = message.outcomes.get(outcome)
        if at is not None:
            held = shop.store.get(suppression_key_for(message))
            _, writes = adding_writes(_back_at(shop, at), message.to, Cause(reason, at, SOURCE), held)
            if writes:
                shop.store.transact(list(writes))


def _back_at(shop: Shop, moment: datetime) -> Shop:
    return replace(shop, clock=lambda: moment)
