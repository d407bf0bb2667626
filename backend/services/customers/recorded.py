"""What a recorded change keeps of a customer's profile.

An answer about marketing email is not among it: it is the customer's, and only a new answer replaces it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from backend.domain.changes import ChangeEntry, Fields, difference
from backend.domain.customers import Customer
from backend.domain.team import Actor, Permission
from backend.records.customers import profile_attributes
from backend.services.changes.recording import Recording, single
from backend.services.context import Shop
from backend.store.port import Write

KIND = "customer"
_FIELDS = ("name", "given_name", "family_name", "email", "country", "city", "phone", "tags", "archived")
Also = Callable[[Customer, Customer], Sequence[Write]]
"""What is written with a change of a customer, who was the first and becomes the second."""


def fields_of(customer: Customer) -> Fields:
    """The fields that a change may touch, as the item holds them."""
    attributes = profile_attributes(customer)
    return {name: attributes[name] for name in _FIELDS}


def alone(shop: Shop, actor: Actor, summary: str, *, audited: bool = False) -> Also:
    """Records the change of one customer as a change of its own."""
    needs = Permission.EDIT_CUSTOMERS
    return lambda before, after: single(shop, actor, summary, needs, _entry(before, after), audited=audited)


def one_of(recording: Recording) -> Also:
    """Records the change of a customer as a part of a larger change."""
    return lambda before, after: [recording.entry_put(_entry(before, after))]


def _entry(before: Customer, after: Customer) -> ChangeEntry:
    old, new = difference(fields_of(before), fields_of(after))
    return ChangeEntry("", KIND, before.id, name=name_of(before), before=old, after=new, people=(before.id,))


def name_of(customer: Customer) -> str:
    """What people call a customer."""
    return customer.real_name or customer.email or customer.id
