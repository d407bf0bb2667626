"""Renders the emails of many recipients to see which cannot be made. Emails that come out equal are made once.

What an email depends on is read from its template (`rendering.uses`). Links are those of one recipient: they differ in
nothing but whom they name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field

from backend.domain.campaign_figures import MOST_LISTED, Broken
from backend.domain.campaigns import Campaign, Wave, variant_of, wave_of
from backend.domain.customers import Customer
from backend.domain.emails import TemplateVersion
from backend.domain.messages import Message, MessageStatus
from backend.domain.shop import ShopFacts
from backend.email.rendering.context import Data, build_context, customer_view
from backend.email.rendering.mjml_scan import Layout
from backend.email.rendering.renderer import Compiled, compile_template, render_compiled
from backend.email.rendering.uses import fields_used
from backend.errors import BackendError, InvalidInputError, TemplateError
from backend.services.campaigns.content import CampaignEmail, emails_of
from backend.services.context import Shop
from backend.services.sending.composition import links_for, outgoing
from backend.services.sending.mailer import Mailer
from backend.services.sending.recipients import read_customers, reasons_of
from backend.services.shop_settings import get_shop_facts
from backend.services.templates import catalogue

_MOST_REMEMBERED = 20_000


@dataclass(slots=True)
class Tally:
    """What was found so far."""

    checked: int = 0
    recipients: int = 0
    holdout: int = 0
    excluded: Counter[str] = field(default_factory=Counter)
    broken: int = 0
    broken_fields: Counter[str] = field(default_factory=Counter)
    empty_fields: Counter[str] = field(default_factory=Counter)
    listed: list[Broken] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Problem:
    field: str
    sentence: str


@dataclass(slots=True)
class _Email:
    """The email of a variant. `known` remembers what became of equal ones."""

    version: TemplateVersion
    fields: Mapping[str, str]
    compiled: Compiled
    uses: tuple[str, ...] | None
    known: dict[Hashable, _Problem | None] = field(default_factory=dict)
    links: Mapping[str, str] | None = None


class Checker:
    """Checks one campaign. The template and the shop's facts are as they were when it was made."""

    def __init__(self, shop: Shop, mailer: Mailer, campaign: Campaign) -> None:
        """Raises: `TemplateError`, `NotFoundError`."""
        self.tally = Tally()
        self._shop, self._mailer, self._campaign = shop, mailer, campaign
        self._facts: ShopFacts = get_shop_facts(shop)
        layout = catalogue.layout(shop)
        self._emails = {variant: _compiled(layout, email) for variant, email in emails_of(shop, campaign).items()}
        self._topic = next(iter(self._emails.values())).version.facts.topic

    def check(self, customer_ids: Sequence[str]) -> None:
        """Looks at these customers of the segment, and adds to the tally."""
        customers = read_customers(self._shop, customer_ids)
        reasons = reasons_of(self._shop, self._mailer, self._campaign, list(customers.values()), self._topic)
        for customer_id in customer_ids:
            self.tally.checked += 1
            wave = wave_of(self._campaign, customer_id)
            against = reasons.get(customer_id)
            if against is None:
                self.tally.excluded["customer_gone"] += 1
            elif against:
                self.tally.excluded[against[0].name.lower()] += 1
            elif wave is None:
                self.tally.holdout += 1
            else:
                self._render(customers[customer_id], wave)

    def _render(self, customer: Customer, wave: Wave) -> None:
        self.tally.recipients += 1
        emails = self._possible(customer, wave)
        view = customer_view(customer, self._facts.locale)
        for name in {name for email in emails for name in email.uses or ()}:
            if not view.get(name, True):
                self.tally.empty_fields[f"customer.{name}"] += 1
        problems = (self._problem(email, customer, view) for email in emails)
        problem = next((each for each in problems if each is not None), None)
        if problem is None:
            return
        self.tally.broken += 1
        self.tally.broken_fields[problem.field] += 1
        if len(self.tally.listed) < MOST_LISTED:
            self.tally.listed.append(Broken(customer.id, customer.name, problem.field, problem.sentence))

    def _possible(self, customer: Customer, wave: Wave) -> list[_Email]:
        """Those that the customer may get: in the last wave any, because nobody knows the better one yet."""
        if wave is Wave.REST:
            return list(self._emails.values())
        return [self._emails[variant_of(self._campaign, wave, customer.id)]]

    def _problem(self, email: _Email, customer: Customer, view: Data) -> _Problem | None:
        if email.uses is None:
            return self._rendered(email, customer)
        like = tuple(_hashable(view.get(name)) for name in email.uses)
        if like not in email.known:
            if len(email.known) >= _MOST_REMEMBERED:
                email.known.clear()
            email.known[like] = self._rendered(email, customer)
        return email.known[like]

    def _rendered(self, email: _Email, customer: Customer) -> _Problem | None:
        message = self._message(email, customer)
        version = email.version
        if email.links is None:
            email.links = links_for(self._mailer.links, customer, message.id, version)
        links = email.links
        try:
            data = build_context(version.facts, self._facts, customer=customer, links=links, fields=email.fields)
            made = render_compiled(email.compiled, data)
            outgoing(message, made, self._facts, self._mailer.sender, links.get("unsubscribe_url", ""))
        except BackendError as error:
            return _Problem(_field_of(error), error.sentence)
        return None

    def _message(self, email: _Email, customer: Customer) -> Message:
        now = self._shop.clock()
        return Message(
            recipient=customer.id,
            key=self._campaign.key,
            template=email.version.facts.name,
            version=email.version.number,
            kind=self._campaign.kind,
            status=MessageStatus.WAITING,
            to=customer.email or "",
            name=customer.name,
            requested_at=now,
            requested_by=self._campaign.created_by,
            due_at=now,
            customer_id=customer.id,
        )


def _compiled(layout: Layout, email: CampaignEmail) -> _Email:
    version = email.version
    compiled = compile_template(layout, version.facts.name, version.facts.kind, version.source)
    used = fields_used(compiled)
    return _Email(version, email.fields, compiled, None if used is None else tuple(sorted(used)))


def _field_of(error: BackendError) -> str:
    """What to name to whoever wants to fix it."""
    if isinstance(error, TemplateError):
        return error.variable or error.part or "template"
    return (error.field if isinstance(error, InvalidInputError) else "") or "email"


def _hashable(value: object) -> Hashable:
    return tuple(value) if isinstance(value, list) else value if isinstance(value, Hashable) else repr(value)
