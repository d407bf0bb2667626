"""Decides what becomes of imported customers: they are found by their id here, else by their address, else by the id
that another program gave them, else, without an address, by their phone.

What a row says is added to what is known: empty cells change nothing and tags are never taken away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from backend.domain.customers import MOST_TAGS, ActivityKind, Consent, ConsentSource, Customer, email_identity
from backend.domain.ids import is_our_id, new_customer_id
from backend.domain.imports import Fault, ImportedCustomer, Outcome, Repair
from backend.domain.phones import region_of
from backend.domain.team import Actor
from backend.domain.text import fold
from backend.errors import InvalidInputError
from backend.records.customers import customer_from, email_key
from backend.records.values import text
from backend.services.concurrency.retries import StaleReadError
from backend.services.context import Shop
from backend.services.customers.writes import creating_writes, editing_writes
from backend.services.imports.consents import activity_put, identity_put, newer_consent
from backend.services.imports.identities import identities_of
from backend.services.imports.steps import ImportStep, Read
from backend.store import schema
from backend.store.port import AllOf, Equals, Exists, Item, Key, Put, Query, Update, Write, pages_of

_FIELDS = ("name", "email", "country", "city", "phone", "tags", "consent")


@dataclass(frozen=True, slots=True)
class CustomerCandidate:
    """A customer of a file: where the row stands, what it says, and the fingerprint of that."""

    line: int
    customer: ImportedCustomer
    print: str
    repairs: tuple[Repair, ...] = ()

    @property
    def name(self) -> str:
        return self.customer.email or self.customer.id or self.customer.name


class CustomerPlanner:
    """Plans imported customers for one shop, on behalf of one person."""

    def __init__(self, shop: Shop, actor: Actor) -> None:
        self._shop = shop
        self._by = actor.username
        self._region = region_of(shop.zone, shop.locale)

    def plan(self, candidates: Sequence[CustomerCandidate], read: Read) -> list[ImportStep | Fault]:
        """Implements `steps.Planner`. No two candidates are the same customer."""
        found = self._read(candidates, read)
        steps: list[ImportStep | Fault] = []
        for candidate in candidates:
            try:
                steps.append(self._step(candidate, found))
            except InvalidInputError as error:
                steps.append(Fault(candidate.name, candidate.line, "", error.sentence))
        return steps

    def forget(self) -> None:
        """Implements `steps.Planner`; nothing is remembered."""

    def _read(self, candidates: Sequence[CustomerCandidate], read: Read) -> dict[Key, Item]:
        told = [candidate.customer for candidate in candidates]
        keys = [email_key(customer.email) for customer in told if customer.email]
        keys += [schema.customer_key(customer.id) for customer in told if customer.id]
        keys += [schema.identity_key(each) for customer in told for each in self._identities(customer)]
        items = read(list(dict.fromkeys(keys)))
        owners = [schema.customer_key(text(item, "customer")) for key, item in items.items() if key.sk in ("E", "I")]
        return items | read([key for key in owners if key not in items])

    def _step(self, candidate: CustomerCandidate, found: dict[Key, Item]) -> ImportStep:
        customer_id = self._find(candidate.customer, found)
        if customer_id is None:
            return self._create(candidate, found)
        item = found.get(schema.customer_key(customer_id))
        if item is None:
            raise InvalidInputError("The address belongs to a customer who is not here any more.")
        if item.get("print") == candidate.print:
            return ImportStep(Outcome.UNCHANGED)
        step = self._edit(candidate, customer_from(customer_id, item))
        return replace(step, writes=[*step.writes, *self._identity_puts(candidate.customer, customer_id, found)])

    def _find(self, told: ImportedCustomer, found: dict[Key, Item]) -> str | None:
        owner = found.get(email_key(told.email)) if told.email else None
        owner_id = None if owner is None else text(owner, "customer")
        if told.id and _is_same_person(found.get(schema.customer_key(told.id)), told):
            if owner_id not in (None, told.id):
                raise InvalidInputError(f"The address belongs to another customer here, whose id is {owner_id}.")
            return told.id
        if owner_id is not None:
            return owner_id
        known = (found.get(schema.identity_key(identity)) for identity in self._identities(told))
        return next((text(item, "customer") for item in known if item is not None), None)

    def _identities(self, told: ImportedCustomer) -> tuple[str, ...]:
        """By what else the customer is known; a phone alone does not make two addresses one person."""
        foreign = "" if is_our_id(told.id) else told.id
        phone = "" if told.email else told.phone
        return identities_of(foreign, phone, told.refused_address, told.country or self._region)

    def _identity_puts(self, told: ImportedCustomer, customer_id: str, found: dict[Key, Item]) -> list[Write]:
        return [
            identity_put(identity, customer_id)
            for identity in self._identities(told)
            if schema.identity_key(identity) not in found
        ]

    def _create(self, candidate: CustomerCandidate, found: dict[Key, Item]) -> ImportStep:
        told, now = candidate.customer, self._shop.clock()
        has_id = is_our_id(told.id) and schema.customer_key(told.id) not in found
        identities = self._identities(told)
        if not (told.email or has_id or identities):
            if told.id:
                raise InvalidInputError("The id is another customer's here, and there is no e-mail address or phone.")
            raise InvalidInputError(
                "There is no e-mail address, phone or id, so a second import would double the customer."
            )
        name = told.name or told.email or told.phone or (told.id and f"Customer {told.id}")
        if not name:
            raise InvalidInputError("There is neither a name nor an e-mail address.")
        customer = Customer(
            id=told.id if has_id else new_customer_id(),
            name=name,
            email=told.email or None,
            created_at=now,
            country=told.country,
            city=told.city,
            phone=told.phone,
            tags=told.tags,
            consent=self._consent(told),
            source="import",
            given_name=told.given_name,
            family_name=told.family_name,
        )
        profile, *others = creating_writes(customer)
        if not isinstance(profile, Put):
            raise TypeError(profile)
        profile = replace(profile, item=profile.item | {"print": candidate.print})
        activity = activity_put(customer.id, ActivityKind.CREATED, "Imported", self._by, now)
        puts = self._identity_puts(told, customer.id, found)
        return ImportStep(Outcome.CREATED, [profile, *others, *puts, activity], creates_customer=True)

    def _edit(self, candidate: CustomerCandidate, before: Customer) -> ImportStep:
        after = self._merged(before, candidate.customer)
        if after == before:
            return ImportStep(Outcome.UNCHANGED, [_print_update(before, candidate.print)])
        after = replace(after, version=before.version + 1)
        renamed = (before.name, before.email, before.country) != (after.name, after.email, after.country)
        writes = editing_writes(before, after, self._months(before.id) if renamed else ())
        changed = ", ".join(field for field in _FIELDS if getattr(before, field) != getattr(after, field))
        activity = activity_put(before.id, ActivityKind.EDITED, f"import: {changed}", self._by, self._shop.clock())
        return ImportStep(Outcome.UPDATED, [*_with_print(writes, before, candidate.print), activity])

    def _merged(self, before: Customer, told: ImportedCustomer) -> Customer:
        tags = tuple(dict.fromkeys((*before.tags, *told.tags)))
        if len(tags) > MOST_TAGS:
            raise InvalidInputError(f"With these tags the customer would have {len(tags)}; {MOST_TAGS} are possible.")
        after = replace(
            before,
            name=told.name or before.name,
            given_name=told.given_name if told.name else before.given_name,
            family_name=told.family_name if told.name else before.family_name,
            email=before.email if _same_address(before, told) else told.email or before.email,
            country=told.country or before.country,
            city=told.city or before.city,
            phone=told.phone or before.phone,
            tags=tags,
        )
        consent = newer_consent(after, self._consent(told))
        said_already = consent and before.consent and consent.given == before.consent.given
        return after if consent is None or said_already else replace(after, consent=consent)

    def _consent(self, told: ImportedCustomer) -> Consent | None:
        """An answer without a date: it is as old as the import."""
        return None if told.consent is None else Consent(told.consent, self._shop.clock(), ConsentSource.IMPORT)

    def _months(self, customer_id: str) -> list[str]:
        query = Query(schema.SHOP, f"C#{customer_id}", begins_with="M#", limit=500)
        return [row.key.sk.removeprefix("M#") for row in pages_of(self._shop.store, query)]


def _is_same_person(item: Item | None, told: ImportedCustomer) -> bool:
    """Whether the customer with this id here is whom the row means: another program's id may look like one of ours."""
    if item is None:
        return False
    here = item.get("email")
    if isinstance(here, str) and told.email and email_identity(here) == email_identity(told.email):
        return True
    if not told.name:
        return is_our_id(told.id)
    return fold(told.name) == fold(text(item, "name", ""))


def _same_address(before: Customer, told: ImportedCustomer) -> bool:
    """Whether the file's address differs in upper and lower case alone."""
    return bool(before.email and told.email) and email_identity(before.email or "") == email_identity(told.email)


def identities(customer: ImportedCustomer) -> list[str]:
    """What may stand in one row of a file only."""
    return [f"id {customer.id}"] * bool(customer.id) + [f"email {email_identity(customer.email)}"] * bool(
        customer.email
    )


def _with_print(writes: Sequence[Write], before: Customer, mark: str) -> list[Write]:
    key = schema.customer_key(before.id)
    return [
        replace(write, set={**write.set, "print": mark}) if isinstance(write, Update) and write.key == key else write
        for write in writes
    ]


def _print_update(customer: Customer, mark: str) -> Update:
    return Update(
        schema.customer_key(customer.id),
        set={"print": mark},
        condition=AllOf((Exists(), Equals("version", customer.version))),
        otherwise=StaleReadError("Somebody changed this customer at the same moment."),
    )
