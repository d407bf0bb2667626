"""Creating and editing customers: the profile, the unique address, search words and counters change together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from backend.domain.customers import (
    MOST_TAGS,
    Activity,
    ActivityKind,
    Consent,
    ConsentMethod,
    ConsentProof,
    ConsentSource,
    Customer,
    clean_country,
    clean_email,
    clean_ip,
)
from backend.domain.ids import new_customer_id, new_entry_id
from backend.domain.names import named
from backend.domain.team import THE_CUSTOMER, Actor, Permission
from backend.domain.text import SHORT_LENGTH, clean_line, clean_tag, clean_text
from backend.errors import ConflictError, EmailTakenError, InvalidInputError, NotFoundError
from backend.records.customers import activity_from, activity_item, activity_key, customer_from
from backend.records.values import text
from backend.services.concurrency.retries import until_settled
from backend.services.context import Shop
from backend.services.customers.recorded import Also, alone
from backend.services.customers.writes import EmailReservedError, creating_writes, editing_writes
from backend.services.outgoing.about import on_customer_changed, on_customer_created
from backend.services.triggers import writes as triggers
from backend.services.unreadable.items import readable_rows
from backend.store import schema
from backend.store.port import Put, Query, pages_of

_MOST_READ = 100_000
_CLOCKS_DIFFER = timedelta(minutes=5)


class CustomerChangedError(ConflictError):
    """Somebody else changed the customer first."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What a person may enter about a customer. An empty `name` is made of its two parts.

    Without the parts, those that are known stay while the name does.
    """

    name: str
    email: str = ""
    country: str = ""
    city: str = ""
    phone: str = ""
    tags: tuple[str, ...] = ()
    given_name: str = ""
    family_name: str = ""


def clean_profile(profile: Profile) -> Profile:
    """The profile in the form in which it is stored.

    Raises: `InvalidInputError` naming the field.
    """
    tags = tuple(dict.fromkeys(clean_tag(tag) for tag in profile.tags))
    if len(tags) > MOST_TAGS:
        raise InvalidInputError(f"A customer can have {MOST_TAGS} tags at most.", "tags")
    given = clean_line(profile.given_name, "Given name", longest=SHORT_LENGTH)
    family = clean_line(profile.family_name, "Family name", longest=SHORT_LENGTH)
    name = profile.name if profile.name.strip() else f"{given} {family}"
    return Profile(
        name=clean_line(name, "Name", required=not profile.email.strip()),
        email=clean_email(profile.email) if profile.email.strip() else "",
        country=clean_country(profile.country),
        city=clean_line(profile.city, "City", longest=SHORT_LENGTH),
        phone=clean_line(profile.phone, "Phone", longest=50),
        tags=tags,
        given_name=given,
        family_name=family,
    )


def create_customer(
    shop: Shop, actor: Actor, profile: Profile, *, consent: bool | None = None, new_id: str = ""
) -> Customer:
    """Adds a customer. `consent` None means that nobody was asked about marketing. `new_id` must be free.

    Raises: `PermissionDeniedError`, `InvalidInputError`, `EmailTakenError` (names the customer).
    """
    actor.require(Permission.EDIT_CUSTOMERS)
    clean, now = clean_profile(profile), shop.clock()
    if consent and not clean.email:
        raise _no_address_to_consent_for()
    customer = Customer(
        id=new_id or new_customer_id(),
        name=clean.name,
        email=clean.email or None,
        created_at=now,
        country=clean.country,
        city=clean.city,
        phone=clean.phone,
        tags=clean.tags,
        consent=None if consent is None else Consent(consent, now, ConsentSource.STAFF, actor.username),
        source="staff",
        given_name=clean.given_name,
        family_name=clean.family_name,
    )
    proof = None if consent is None else ConsentProof(consent, now, ConsentMethod.STAFF)
    activity = _activity(shop, actor, ActivityKind.CREATED, proof=proof)
    news = [*triggers.on_joined(shop, customer), *on_customer_created(shop, customer)]
    writes = [*creating_writes(customer), _put(customer.id, activity), *news]
    _refusing_taken(shop, lambda: shop.store.transact(writes))
    return customer


def get_customer(shop: Shop, customer_id: str) -> Customer:
    """One customer: for somebody who was merged into another, that other one.

    Raises: `NotFoundError`.
    """
    item = shop.store.get(schema.customer_key(customer_id)) if customer_id else None
    if item is not None and "merged_into" not in item:
        return customer_from(customer_id, item)
    former = shop.store.get(schema.former_key(customer_id)) if customer_id else None
    if former is None:
        raise NotFoundError("This customer does not exist.")
    return get_customer(shop, text(former, "customer"))


def find_by_email(shop: Shop, address: str) -> Customer | None:
    """The customer of an address, whatever its case; None for an unknown or malformed one."""
    owner = owner_of(shop, address)
    return get_customer(shop, owner) if owner else None


def owner_of(shop: Shop, address: str) -> str:
    """The id of the customer of an address, or ""."""
    try:
        key = schema.email_key(clean_email(address).casefold())
    except InvalidInputError:
        return ""
    item = shop.store.get(key)
    return text(item, "customer") if item else ""


def edit_customer(shop: Shop, actor: Actor, customer_id: str, seen_version: int, profile: Profile) -> Customer:
    """Replaces the profile.

    Raises: `PermissionDeniedError`, `InvalidInputError`, `NotFoundError`, `ConflictError` (changed meanwhile),
    `EmailTakenError`.
    """
    clean = clean_profile(profile)

    def changed(customer: Customer) -> Customer:
        parts = (clean.given_name, clean.family_name)
        if not any(parts) and clean.name == customer.name:  # else the two parts belong to the old name
            parts = (customer.given_name, customer.family_name)
        return replace(
            customer,
            given_name=parts[0],
            family_name=parts[1],
            name=clean.name,
            email=clean.email or None,
            country=clean.country,
            city=clean.city,
            phone=clean.phone,
            tags=clean.tags,
        )

    also = alone(shop, actor, "edited a customer")
    return change_customer(shop, actor, customer_id, seen_version, changed, ActivityKind.EDITED, also=also)


def set_tags(shop: Shop, actor: Actor, customer_id: str, seen_version: int, tags: Sequence[str]) -> Customer:
    """Replaces the tags. Raises as `edit_customer`."""
    clean = tuple(dict.fromkeys(clean_tag(tag) for tag in tags))
    if len(clean) > MOST_TAGS:
        raise InvalidInputError(f"A customer can have {MOST_TAGS} tags at most.", "tags")
    also = alone(shop, actor, "changed a customer's tags")
    return change_customer(
        shop, actor, customer_id, seen_version, lambda c: replace(c, tags=clean), ActivityKind.TAGGED, also=also
    )


def set_consent(shop: Shop, actor: Actor, customer_id: str, seen_version: int, given: bool) -> Customer:
    """Records the customer's answer about marketing email, with its time and source. Raises as `edit_customer`."""
    proof = ConsentProof(given, shop.clock(), ConsentMethod.STAFF)
    consent = Consent(given, proof.at, ConsentSource.STAFF, actor.username)

    def changed(customer: Customer) -> Customer:
        if given and not customer.email:
            raise _no_address_to_consent_for()
        return replace(customer, consent=consent)

    kind = ActivityKind.CONSENT
    return change_customer(shop, actor, customer_id, seen_version, changed, kind, proof.sentence, proof=proof)


def record_consent(shop: Shop, actor: Actor, customer_id: str, proof: ConsentProof) -> Customer:
    """Records what the customer has answered to another program, with how it knows.

    Raises: as `record_own_answer`; `PermissionDeniedError`; `InvalidInputError`, also for a moment in the future.
    """
    actor.require(Permission.EDIT_CUSTOMERS)
    if proof.at > shop.clock() + _CLOCKS_DIFFER:
        raise InvalidInputError("The answer cannot be from the future.", "at")
    clean = replace(
        proof,
        text=clean_text(proof.text, "Text", required=True),
        origin=clean_line(proof.origin, "Origin"),
        ip=clean_ip(proof.ip),
    )
    return record_own_answer(shop, customer_id, clean)


def record_own_answer(
    shop: Shop,
    customer_id: str,
    proof: ConsentProof,
    *,
    only_if: Callable[[Customer], bool] = lambda customer: True,
) -> Customer:
    """Records what the customer has answered themselves. The same answer again, or an older one, changes nothing.

    The proof is kept in the activity. The answer is stored despite concurrent changes, unless the current customer
    fails `only_if`: then nothing changes. Returns the current customer.

    Raises: `NotFoundError`, `InvalidInputError` (agreement without an address).
    """
    given, consent = proof.given, Consent(proof.given, proof.at, ConsentSource.CUSTOMER)

    def changed(customer: Customer) -> Customer:
        if customer.erased_at or not only_if(customer):
            return customer
        if given and not customer.email:
            raise _no_address_to_consent_for()
        last = customer.consent
        same = last is not None and (last.given, last.source) == (given, ConsentSource.CUSTOMER)
        is_old = last is not None and last.at > proof.at
        return customer if same or is_old else replace(customer, consent=consent)

    kind = ActivityKind.CONSENT
    return change_customer(shop, THE_CUSTOMER, customer_id, None, changed, kind, proof.sentence, proof=proof)


def consent_history(shop: Shop, customer_id: str) -> list[Activity]:
    """The customer's answers about marketing, newest first. Those from before proofs were kept have a text alone."""
    found = activity_of(shop, customer_id, _MOST_READ)
    return [each for each in found if each.proof is not None or each.kind is ActivityKind.CONSENT]


def _no_address_to_consent_for() -> InvalidInputError:
    return InvalidInputError("A customer without an email address cannot consent to email.", "consent")


def archive_customer(shop: Shop, actor: Actor, customer_id: str, seen_version: int) -> Customer:
    """Removes a customer from lists and mailings; orders and figures stay. Raises as `edit_customer`."""
    return _set_archived(shop, actor, customer_id, seen_version, archived=True)


def restore_customer(shop: Shop, actor: Actor, customer_id: str, seen_version: int) -> Customer:
    """Undoes archiving. Raises as `edit_customer`."""
    return _set_archived(shop, actor, customer_id, seen_version, archived=False)


def _set_archived(shop: Shop, actor: Actor, customer_id: str, seen_version: int, *, archived: bool) -> Customer:
    kind = ActivityKind.ARCHIVED if archived else ActivityKind.RESTORED
    also = alone(shop, actor, f"{kind} a customer", audited=True)
    return change_customer(
        shop, actor, customer_id, seen_version, lambda c: replace(c, archived=archived), kind, also=also
    )


def add_note(shop: Shop, actor: Actor, customer_id: str, note: str) -> Activity:
    """Writes a note about a customer.

    Raises: `PermissionDeniedError`, `InvalidInputError`, `NotFoundError`.
    """
    actor.require(Permission.EDIT_CUSTOMERS)
    check_not_erased(get_customer(shop, customer_id))
    activity = _activity(shop, actor, ActivityKind.NOTE, clean_text(note, "Note", required=True))
    shop.store.put(_put(customer_id, activity))
    return activity


def check_not_erased(customer: Customer) -> None:
    """Raises: `ConflictError`: nothing is added to somebody who was erased."""
    if customer.erased_at:
        raise ConflictError("This customer was erased. Add a new customer instead.")


def activity_of(shop: Shop, customer_id: str, limit: int = 50) -> list[Activity]:
    """Notes and changes of a customer, newest first."""
    query = Query(
        schema.SHOP, schema.customer_partition(customer_id), begins_with=schema.ACTIVITY, descending=True, limit=limit
    )
    return [*readable_rows(shop, shop.store.query(query).rows, activity_from)]


def change_customer(
    shop: Shop,
    actor: Actor,
    customer_id: str,
    seen_version: int | None,
    changed: Callable[[Customer], Customer],
    kind: ActivityKind,
    said: str = "",
    *,
    proof: ConsentProof | None = None,
    also: Also = lambda before, after: (),
) -> Customer:
    """Changes a customer with everything that hangs on it; `said` is what the activity says, `proof` what it keeps.

    `seen_version` None changes any version; `also` is written with it. Raises as `edit_customer`.
    """
    actor.require(Permission.EDIT_CUSTOMERS)

    def attempt() -> Customer:
        before = get_customer(shop, customer_id)
        if seen_version is not None and before.version != seen_version:
            raise CustomerChangedError("Someone else has changed this customer.")
        after = changed(before)
        if after == before:
            return before
        check_not_erased(before)
        after = replace(after, version=before.version + 1)
        activity = _activity(shop, actor, kind, said or _difference(before, after), proof)
        others = [
            _put(customer_id, activity),
            *triggers.on_edited(shop, before, after),
            *on_customer_changed(shop, before, after),
            *also(before, after),
        ]
        writes = [*editing_writes(before, after, months_with_orders(shop, customer_id), room_for=len(others)), *others]
        _refusing_taken(shop, lambda: shop.store.transact(writes))
        return after

    return until_settled(attempt)


def months_with_orders(shop: Shop, customer_id: str) -> list[str]:
    query = Query(schema.SHOP, schema.customer_partition(customer_id), begins_with=schema.MONTHS, limit=500)
    return [schema.month_of(row.key) for row in pages_of(shop.store, query)]


def _difference(before: Customer, after: Customer) -> str:
    """Which fields changed; never their values, which may be personal data that was to be removed."""
    fields = ("name", "email", "country", "city", "phone", "tags")
    return ", ".join(field for field in fields if getattr(before, field) != getattr(after, field))


def _activity(
    shop: Shop, actor: Actor, kind: ActivityKind, said: str = "", proof: ConsentProof | None = None
) -> Activity:
    return Activity(new_entry_id(), shop.clock(), actor.username, kind, said, proof)


def activity_put(shop: Shop, actor: Actor, customer_id: str, kind: ActivityKind, said: str) -> Put:
    """The write of a line of activity, for a transaction that changes something else of a customer."""
    return _put(customer_id, _activity(shop, actor, kind, said))


def _put(customer_id: str, activity: Activity) -> Put:
    return Put(activity_key(customer_id, activity), activity_item(activity))


def _refusing_taken(shop: Shop, write: Callable[[], None]) -> None:
    try:
        write()
    except EmailReservedError as error:
        item = shop.store.get(schema.email_key(error.address.casefold()))
        if item is None:
            raise ConflictError("Someone else changed this address at the same time. Try again.") from error
        owner = text(item, "customer")
        name = named(get_customer(shop, owner).name) or "another customer"
        raise EmailTakenError(f"This email address belongs to {name} already.", owner) from error
