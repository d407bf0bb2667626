"""What an import may change about marketing consent: it never overrides an answer that staff or the customer gave."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from backend.domain.customers import (
    Activity,
    ActivityKind,
    Consent,
    ConsentMethod,
    ConsentProof,
    ConsentSource,
    Customer,
)
from backend.domain.ids import new_entry_id
from backend.domain.imports import ImportedOrder
from backend.records.customers import activity_item, activity_key, profile_attributes
from backend.services.concurrency.retries import StaleReadError
from backend.store import schema
from backend.store.port import Absent, AllOf, Equals, Exists, Key, Put, Update, Write


def consent_of(order: ImportedOrder) -> Consent | None:
    """The answer in an order; None without an email address."""
    if order.consent is None or order.email is None:
        return None
    return Consent(order.consent, order.placed_at, ConsentSource.IMPORT)


def proof_of(consent: Consent | None) -> ConsentProof | None:
    """How an order proves the answer that it brought."""
    return None if consent is None else ConsentProof(consent.given, consent.at, ConsentMethod.CHECKOUT)


def newer_consent(customer: Customer, given: Consent | None, *, is_live: bool = False) -> Consent | None:
    """The answer of a file if it replaces the customer's: it is newer, and the customer's came from an import too.

    A newer refusal that a connected shop reports (`is_live`) replaces every answer.
    """
    known = customer.consent
    if given is None or customer.email is None or known == given:
        return None
    if is_live and not given.given and known is not None and known.at < given.at:
        return given
    if known is not None and (known.source is not ConsentSource.IMPORT or known.at > given.at):
        return None
    return given


def with_consent(writes: Sequence[Write], before: Customer, after: Customer, by: str, now: datetime) -> list[Write]:
    """The writes, and in the same transaction the customer's new answer (with a line of activity if it differs)."""
    answer = Update(
        schema.customer_key(after.id),
        set={"consent": profile_attributes(after)["consent"], "version": after.version},
        condition=AllOf((Exists(), Equals("version", before.version))),
        otherwise=StaleReadError("Somebody changed this customer at the same moment."),
    )
    merged = combined(writes, [answer])
    given = after.consent is not None and after.consent.given
    if before.consent is not None and before.consent.given == given:
        return merged
    said = "Agreed to marketing (import)" if given else "Refused marketing (import)"
    return [*merged, activity_put(after.id, ActivityKind.CONSENT, said, by, now, proof_of(after.consent))]


def combined(*parts: Sequence[Write]) -> list[Write]:
    """The writes of one transaction, in which updates of the same item are one update with all conditions."""
    writes: dict[Key, Write] = {}
    for write in (write for part in parts for write in part):
        first = writes.get(write.key)
        writes[write.key] = _both(first, write) if isinstance(first, Update) and isinstance(write, Update) else write
    return list(writes.values())


def _both(one: Update, other: Update) -> Update:
    conditions = tuple(each.condition for each in (one, other) if each.condition is not None)
    return Update(
        one.key,
        set={**one.set, **other.set},
        add={**one.add, **other.add},
        remove=[*one.remove, *other.remove],
        condition=AllOf(conditions) if conditions else None,
        otherwise=one.otherwise or other.otherwise,
    )


def identity_put(identity: str, customer_id: str) -> Put:
    """Stores another identity of a customer; it stays with the first who has it."""
    moved = StaleReadError("Somebody is importing the same customers.")
    return Put(schema.identity_key(identity), {"customer": customer_id}, Absent(), moved)


def activity_put(
    customer_id: str, kind: ActivityKind, said: str, by: str, now: datetime, proof: ConsentProof | None = None
) -> Put:
    activity = Activity(new_entry_id(), now, by, kind, said, proof)
    return Put(activity_key(customer_id, activity), activity_item(activity))
