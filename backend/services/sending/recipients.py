"""Decides who of a campaign's recipients gets the email now, and makes it: all that comes before a claim."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from backend.domain.campaigns import Campaign, Wave, ledger_key, variant_of
from backend.domain.customers import Customer
from backend.domain.delivery import Outcome
from backend.domain.eligibility import reasons_against
from backend.domain.emails import TemplateVersion
from backend.domain.messages import Message, MessageStatus, SkipReason
from backend.domain.segment_text import rule_from_text
from backend.domain.shop import ShopFacts
from backend.email.rendering.context import build_context
from backend.email.rendering.mjml_scan import Layout
from backend.email.rendering.renderer import compile_template, render_compiled
from backend.errors import BackendError
from backend.records.customers import customer_at
from backend.records.messages import message_from
from backend.services.context import Shop
from backend.services.segments import audience
from backend.services.sending.composition import links_for, outgoing, packed
from backend.services.sending.dispatch import Ready
from backend.services.sending.eligibility import situations_of
from backend.services.sending.ledger import hour_of
from backend.services.sending.mailer import Mailer
from backend.services.sending.shared_content import Content, read_content, read_facts
from backend.services.templates.catalogue import read_edition
from backend.services.unreadable.items import readable
from backend.store import schema

_OPENS = {Outcome.OPENED, Outcome.BOT_OPENED, Outcome.CLICKED, Outcome.BOT_CLICKED}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place of a chunk whose turn it is. `message` is there when it waits for another attempt."""

    place: int
    customer_id: str
    message: Message | None = None


@dataclass(slots=True)
class Prepared:
    """What was decided, by place. `broken` are messages that have failed, because they cannot be rendered."""

    ready: list[Ready] = field(default_factory=list)
    skipped: dict[int, SkipReason] = field(default_factory=dict)
    broken: dict[int, Message] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Email:
    """The template of a variant."""

    edition: str
    layout: Layout
    version: TemplateVersion


def prepare(shop: Shop, mailer: Mailer, campaign: Campaign, wave: Wave, candidates: Sequence[Candidate]) -> Prepared:
    """Decides for each candidate, by what the store says at this moment.

    Raises: `NotFoundError` when what the campaign sends is gone, `StoreBusyError`, `StoreUnreachableError`.
    """
    prepared = Prepared()
    content = read_content(shop, campaign.id)
    facts = read_facts(shop, content.facts)
    emails = {variant: _email(shop, digest) for variant, digest in content.editions.items()}
    customers, unreadable = _read_customers(shop, [each.customer_id for each in candidates])
    against = reasons_of(shop, mailer, campaign, list(customers.values()), _topic(emails))
    for each in candidates:
        customer = customers.get(each.customer_id)
        if customer is None:
            is_there = each.customer_id in unreadable
            prepared.skipped[each.place] = SkipReason.UNREADABLE if is_there else SkipReason.CUSTOMER_GONE
        elif reasons := against[customer.id]:
            prepared.skipped[each.place] = reasons[0]
        else:
            variant = variant_of(campaign, wave, customer.id)
            _compose(shop, mailer, campaign, each, customer, content, facts, variant, emails[variant], prepared)
    return prepared


def read_customers(shop: Shop, customer_ids: Sequence[str]) -> dict[str, Customer]:
    """Those of the customers who are there, by id."""
    return _read_customers(shop, customer_ids)[0]


def _read_customers(shop: Shop, customer_ids: Sequence[str]) -> tuple[dict[str, Customer], set[str]]:
    """The customers, and the ids of those whose record cannot be read."""
    found = shop.store.get_many([schema.customer_key(each) for each in customer_ids])
    customers = {customer.id: customer for customer in readable(shop, found.items(), customer_at)}
    return customers, {schema.customer_id_of(key) for key in found} - set(customers)


def reasons_of(
    shop: Shop, mailer: Mailer, campaign: Campaign, customers: Sequence[Customer], topic: str
) -> dict[str, list[SkipReason]]:
    """What speaks against sending the campaign to each of the customers now, by id."""
    if not customers:
        return {}
    now = shop.clock()
    situations = situations_of(shop, customers, campaign.kind, mailer.limits)
    belongs = audience.still_matches(shop, rule_from_text(campaign.rule), customers)
    again = _reasons_against_again(shop, campaign.draft.again, list(situations)) if campaign.draft.again else {}
    found: dict[str, list[SkipReason]] = {}
    for customer in customers:
        reasons = reasons_against(campaign.kind, topic, situations[customer.id], mailer.limits, now, campaign.key)
        if not belongs.get(customer.id, False):
            reasons.append(SkipReason.LEFT_SEGMENT)
        reasons += again.get(customer.id, [])
        found[customer.id] = reasons
    return found


def _reasons_against_again(shop: Shop, first: str, customer_ids: Sequence[str]) -> dict[str, list[SkipReason]]:
    """Who gets no second email after the campaign `first`, by customer id.

    Where a program opened it, nobody knows whether the customer did; it counts as opened.
    """
    found = shop.store.get_many([schema.message_key(each, ledger_key(first)) for each in customer_ids])
    sent = {
        each.recipient: each
        for each in readable(shop, found.items(), message_from)
        if each.status is MessageStatus.SENT
    }
    reasons: dict[str, list[SkipReason]] = {}
    for each in customer_ids:
        if each not in sent:
            reasons[each] = [SkipReason.NOT_SENT_BEFORE]
        elif _OPENS & set(sent[each].outcomes):
            reasons[each] = [SkipReason.OPENED_BEFORE]
    return reasons


def _email(shop: Shop, digest: str) -> _Email:
    layout, version = read_edition(shop, digest)
    return _Email(digest, layout, version)


def _topic(emails: Mapping[str, _Email]) -> str:
    """What recipients can switch off: that of the campaign's template; its variants are about the same."""
    return next(iter(emails.values())).version.facts.topic


def _compose(
    shop: Shop,
    mailer: Mailer,
    campaign: Campaign,
    candidate: Candidate,
    customer: Customer,
    content: Content,
    facts: ShopFacts,
    variant: str,
    email: _Email,
    prepared: Prepared,
) -> None:
    message = _message(shop, campaign, customer, content, variant, email)
    if candidate.message is not None:
        before = candidate.message
        message = replace(
            message, requested_at=before.requested_at, hour=before.hour, attempts=before.attempts, reason=""
        )
    version = email.version
    try:
        links = links_for(mailer.links, customer, message.id, version)
        data = build_context(version.facts, facts, customer=customer, links=links, fields=content.fields[variant])
        compiled = compile_template(email.layout, version.facts.name, version.facts.kind, version.source)
        made = render_compiled(compiled, data)
        message = replace(message, data=packed({name: data[name] for name in ("customer", "links")}))
        sent = outgoing(message, made, facts, mailer.sender, links.get("unsubscribe_url", ""))
    except BackendError as error:
        prepared.broken[candidate.place] = replace(message, status=MessageStatus.FAILED, reason=error.sentence)
        return
    prepared.ready.append(Ready(message, sent, made.digest, candidate.place))


def _message(
    shop: Shop, campaign: Campaign, customer: Customer, content: Content, variant: str, email: _Email
) -> Message:
    now = shop.clock()
    return Message(
        recipient=customer.id,
        key=campaign.key,
        template=email.version.facts.name,
        version=email.version.number,
        kind=campaign.kind,
        status=MessageStatus.WAITING,
        to=customer.email or "",
        name=customer.name,
        requested_at=now,
        requested_by=campaign.created_by,
        due_at=now,
        customer_id=customer.id,
        facts=content.facts,
        edition=email.edition,
        hour=hour_of(shop, now),
        campaign=campaign.id,
        variant=variant,
    )
