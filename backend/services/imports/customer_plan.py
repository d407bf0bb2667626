"""Plans the changes for imported customers: they are found by their id here, else by their address, else by the id
that another program gave them, else, without an address, by their phone.

A row adds to what is known: empty cells change nothing, and tags are never removed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from backend.domain.addresses import MOST_ADDRESSES, KnownAddress
from backend.domain.customers import (
    MOST_TAGS,
    ActivityKind,
    Consent,
    ConsentMethod,
    ConsentProof,
    ConsentSource,
    Customer,
    email_identity,
)
from backend.domain.ids import is_our_id, new_customer_id
from backend.domain.imports import Fault, ImportedCustomer, Outcome, Repair
from backend.domain.phones import region_of
from backend.domain.team import Actor
from backend.domain.text import fold
from backend.errors import InvalidInputError
from backend.records.customers import book_of, customer_from, email_key
from backend.records.values import text
from backend.services.concurrency.retries import StaleReadError
from backend.services.context import Shop
from backend.services.customers.addresses import addresses_put, new_address_id
from backend.services.customers.writes import creating_writes, editing_writes
from backend.services.imports.consents import activity_put, identity_put, newer_consent
from backend.services.imports.identities import identities_of
from backend.services.imports.steps import ImportStep, Read, print_before
from backend.services.outgoing.about import on_customer_changed, on_customer_created
from backend.services.triggers import writes as triggers
from backend.store import schema
from backend.store.port import AllOf, Equals, Exists, Item, Key, Put, Query, Update, Write, pages_of

_PROOF = ("consent_at", "consent_text", "consent_ip")
_LATER = (_PROOF, ("address", *_PROOF))
"""Fields that stored fingerprints of earlier versions of the program do not know, the latest version first."""
_FIELDS = ("name", "email", "country", "city", "phone", "tags", "consent")


@dataclass(frozen=True, slots=True)
class LiveCustomer:
    """What is known of a customer whom a connected shop reports, and of no row of a file.

    `updated` sorts by when the shop changed the customer, `consent_at` is when they answered about marketing.
    """

    updated: str
    is_new: bool
    source: str
    consent_at: datetime


@dataclass(frozen=True, slots=True)
class CustomerCandidate:
    """A customer of a file: the line of the row, its values, and their fingerprint."""

    line: int
    customer: ImportedCustomer
    print: str
    repairs: tuple[Repair, ...] = ()
    live: LiveCustomer | None = None

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
        imported = [candidate.customer for candidate in candidates]
        keys = [email_key(customer.email) for customer in imported if customer.email]
        keys += [schema.customer_key(customer.id) for customer in imported if customer.id]
        keys += [schema.addresses_key(customer.id) for customer in imported if customer.id and customer.address]
        keys += [schema.identity_key(each) for customer in imported for each in self._identities(customer)]
        items = read(list(dict.fromkeys(keys)))
        people = [text(item, "customer") for key, item in items.items() if key.sk in ("E", "I")]
        owners = [key(person) for person in people for key in (schema.customer_key, schema.addresses_key)]
        return items | read([key for key in dict.fromkeys(owners) if key not in items])

    def _step(self, candidate: CustomerCandidate, found: dict[Key, Item]) -> ImportStep:
        customer_id = self._find(candidate.customer, found)
        if customer_id is None:
            return self._create(candidate, found)
        item = found.get(schema.customer_key(customer_id))
        if item is None:
            raise InvalidInputError("The address belongs to a customer who is not here any more.")
        if "erased_at" in item:
            return ImportStep(Outcome.UNCHANGED)
        is_old = candidate.live is not None and text(item, "source_at", "") > candidate.live.updated
        if is_old or item.get("print") == candidate.print:
            return ImportStep(Outcome.UNCHANGED)
        if item.get("print") in [print_before(candidate.customer, later) for later in _LATER]:
            step = ImportStep(Outcome.UNCHANGED, [_marks_update(customer_from(customer_id, item), candidate)])
        else:
            step = self._edit(_as_known(candidate, customer_id, found), customer_from(customer_id, item))
        address = _address_puts(candidate.customer, customer_id, found)
        if address and step.outcome is Outcome.UNCHANGED:
            step = replace(step, outcome=Outcome.UPDATED)
        puts = self._identity_puts(candidate.customer, customer_id, found)
        return replace(step, writes=[*step.writes, *puts, *address])

    def _find(self, imported: ImportedCustomer, found: dict[Key, Item]) -> str | None:
        owner = found.get(email_key(imported.email)) if imported.email else None
        owner_id = None if owner is None else text(owner, "customer")
        if imported.id and _is_same_person(found.get(schema.customer_key(imported.id)), imported):
            if owner_id not in (None, imported.id):
                raise InvalidInputError(f"The address belongs to another customer here, whose id is {owner_id}.")
            return imported.id
        if owner_id is not None:
            return owner_id
        known = (found.get(schema.identity_key(identity)) for identity in self._identities(imported))
        return next((text(item, "customer") for item in known if item is not None), None)

    def _identities(self, imported: ImportedCustomer) -> tuple[str, ...]:
        """Other identities of the customer; the same phone does not make two addresses one person."""
        foreign = "" if is_our_id(imported.id) else imported.id
        phone = "" if imported.email else imported.phone
        return identities_of(foreign, phone, imported.refused_address, imported.country or self._region)

    def _identity_puts(self, imported: ImportedCustomer, customer_id: str, found: dict[Key, Item]) -> list[Write]:
        return [
            identity_put(identity, customer_id)
            for identity in self._identities(imported)
            if schema.identity_key(identity) not in found
        ]

    def _create(self, candidate: CustomerCandidate, found: dict[Key, Item]) -> ImportStep:
        imported, now, live = candidate.customer, self._shop.clock(), candidate.live
        has_id = is_our_id(imported.id) and schema.customer_key(imported.id) not in found
        identities = self._identities(imported)
        if not (imported.email or has_id or identities):
            if imported.id:
                raise InvalidInputError("The id is another customer's here, and there is no e-mail address or phone.")
            raise InvalidInputError(
                "There is no e-mail address, phone or id, so a second import would double the customer."
            )
        name = imported.name or imported.email or imported.phone or (imported.id and f"Customer {imported.id}")
        if not name:
            raise InvalidInputError("There is neither a name nor an e-mail address.")
        customer = Customer(
            id=imported.id if has_id else new_customer_id(),
            name=name,
            email=imported.email or None,
            created_at=now,
            country=imported.country,
            city=imported.city,
            phone=imported.phone,
            tags=imported.tags,
            consent=self._consent(candidate),
            source="import" if live is None else live.source,
            given_name=imported.given_name,
            family_name=imported.family_name,
        )
        profile, *others = creating_writes(customer)
        if not isinstance(profile, Put):
            raise TypeError(profile)
        profile = replace(profile, item=profile.item | _marks(candidate))
        said = "Imported" if live is None else f"Received from {live.source}"
        proof = _proof(candidate, customer.consent)
        activity = activity_put(customer.id, ActivityKind.CREATED, said, self._by, now, proof)
        puts = self._identity_puts(imported, customer.id, found)
        puts += _address_puts(imported, customer.id, found)
        if live is not None and live.is_new:
            puts += [*triggers.on_joined(self._shop, customer), *on_customer_created(self._shop, customer)]
        return ImportStep(Outcome.CREATED, [profile, *others, *puts, activity], creates_customer=True)

    def _edit(self, candidate: CustomerCandidate, before: Customer) -> ImportStep:
        after = self._merged(before, candidate)
        if after == before:
            return ImportStep(Outcome.UNCHANGED, [_marks_update(before, candidate)])
        after = replace(after, version=before.version + 1)
        renamed = (before.name, before.email, before.country) != (after.name, after.email, after.country)
        news: list[Write] = []
        if candidate.live is not None:
            news = [*triggers.on_edited(self._shop, before, after), *on_customer_changed(self._shop, before, after)]
        months = self._months(before.id) if renamed else ()
        writes = editing_writes(before, after, months, room_for=1 + len(news))
        changed = ", ".join(field for field in _FIELDS if getattr(before, field) != getattr(after, field))
        said = f"{'import' if candidate.live is None else candidate.live.source}: {changed}"
        proof = None if after.consent == before.consent else _proof(candidate, after.consent)
        activity = activity_put(before.id, ActivityKind.EDITED, said, self._by, self._shop.clock(), proof)
        return ImportStep(Outcome.UPDATED, [*_with_marks(writes, before, candidate), activity, *news])

    def _merged(self, before: Customer, candidate: CustomerCandidate) -> Customer:
        imported = candidate.customer
        tags = tuple(dict.fromkeys((*before.tags, *imported.tags)))
        if len(tags) > MOST_TAGS:
            raise InvalidInputError(f"With these tags the customer would have {len(tags)}; {MOST_TAGS} are possible.")
        after = replace(
            before,
            name=imported.name or before.name,
            given_name=imported.given_name if imported.name else before.given_name,
            family_name=imported.family_name if imported.name else before.family_name,
            email=before.email if _same_address(before, imported) else imported.email or before.email,
            country=imported.country or before.country,
            city=imported.city or before.city,
            phone=imported.phone or before.phone,
            tags=tags,
        )
        consent = newer_consent(after, self._consent(candidate), is_live=candidate.live is not None)
        said_already = consent and before.consent and consent.given == before.consent.given
        return after if consent is None or said_already else replace(after, consent=consent)

    def _consent(self, candidate: CustomerCandidate) -> Consent | None:
        """The answer; one without a date is as old as the import."""
        given, live = candidate.customer.consent, candidate.live
        at = (candidate.customer.consent_at or self._shop.clock()) if live is None else live.consent_at
        return None if given is None else Consent(given, at, ConsentSource.IMPORT)

    def _months(self, customer_id: str) -> list[str]:
        query = Query(schema.SHOP, schema.customer_partition(customer_id), begins_with=schema.MONTHS, limit=500)
        return [schema.month_of(row.key) for row in pages_of(self._shop.store, query)]


def _as_known(candidate: CustomerCandidate, customer_id: str, found: dict[Key, Item]) -> CustomerCandidate:
    """Without the address if it is that of somebody who was merged into the customer, and only leads to them."""
    item = found.get(email_key(candidate.customer.email)) if candidate.customer.email else None
    if item is None or "merged" not in item or text(item, "customer") != customer_id:
        return candidate
    return replace(candidate, customer=replace(candidate.customer, email=""))


def _proof(candidate: CustomerCandidate, consent: Consent | None) -> ConsentProof | None:
    if consent is None:
        return None
    customer, source = candidate.customer, "" if candidate.live is None else candidate.live.source
    text, ip = customer.consent_text, customer.consent_ip
    return ConsentProof(consent.given, consent.at, ConsentMethod.IMPORT, text, source, ip)


def _address_puts(imported: ImportedCustomer, customer_id: str, found: dict[Key, Item]) -> list[Write]:
    """Makes the address of the row the customer's default one; one that is known already is not added again."""
    if imported.address is None:
        return []
    key = schema.addresses_key(customer_id)
    book = book_of(key, found.get(key))
    if any(entry.address == imported.address for entry in book.entries) or len(book.entries) >= MOST_ADDRESSES:
        return []
    after = book.having(KnownAddress(new_address_id(), imported.address), default=True)
    moved = StaleReadError("Somebody changed this customer at the same moment.")
    return [replace(addresses_put(customer_id, replace(after, version=book.version + 1)), otherwise=moved)]


def _is_same_person(item: Item | None, imported: ImportedCustomer) -> bool:
    """Whether the row means the customer with this id: another program's id may look like one of ours."""
    if item is None:
        return False
    here = item.get("email")
    if isinstance(here, str) and imported.email and email_identity(here) == email_identity(imported.email):
        return True
    if not imported.name:
        return is_our_id(imported.id)
    return fold(imported.name) == fold(text(item, "name", ""))


def _same_address(before: Customer, imported: ImportedCustomer) -> bool:
    """Whether the file's address differs in upper and lower case alone."""
    return bool(before.email and imported.email) and email_identity(before.email or "") == email_identity(
        imported.email
    )


def identities(customer: ImportedCustomer) -> list[str]:
    """The identities that may occur in only one row of a file."""
    return [f"id {customer.id}"] * bool(customer.id) + [f"email {email_identity(customer.email)}"] * bool(
        customer.email
    )


def _marks(candidate: CustomerCandidate) -> Item:
    """What is kept with a customer about its source."""
    marks: Item = {"print": candidate.print}
    return marks if candidate.live is None else marks | {"source_at": candidate.live.updated}


def _with_marks(writes: Sequence[Write], before: Customer, candidate: CustomerCandidate) -> list[Write]:
    key, marks = schema.customer_key(before.id), _marks(candidate)
    return [
        replace(write, set={**write.set, **marks}) if isinstance(write, Update) and write.key == key else write
        for write in writes
    ]


def _marks_update(customer: Customer, candidate: CustomerCandidate) -> Update:
    return Update(
        schema.customer_key(customer.id),
        set=_marks(candidate),
        condition=AllOf((Exists(), Equals("version", customer.version))),
        otherwise=StaleReadError("Somebody changed this customer at the same moment."),
    )
