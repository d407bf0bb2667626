"""Keys of merges of customers: the head, what came from whom, and what leads from the kept customer to the other."""

from __future__ import annotations

from backend.store.port import Key
from backend.store.schema.customers import customer_partition, identity_key
from backend.store.schema.tables import MAIL

MERGES = "MERGES"
MERGED = "M#"
"""Sort keys, in the mail's partition of a customer, of those who were merged into them."""


def merge_key(gone: str) -> Key:
    """The merge by which a customer became part of another."""
    return Key(MAIL, MERGES, gone)


def moved_key(gone: str, step: str, first: str) -> Key:
    """What a step of the merge has moved."""
    return Key(MAIL, f"MERGE#{gone}", f"{step}#{first}")


def merged_key(kept: str, gone: str) -> Key:
    """Where the messages of a customer are who was merged into this one."""
    return Key(MAIL, customer_partition(kept), f"{MERGED}{gone}")


def merged_id(key: Key) -> str:
    return key.sk.removeprefix(MERGED)


def former_key(gone: str) -> Key:
    """Who has become of a customer who was merged into another."""
    return identity_key(f"merged#{gone}")


def account_of(key: Key) -> str:
    """The id at a shop by which the key leads to a customer, or ""."""
    return key.pk.removeprefix("I#id#") if key.pk.startswith("I#id#") else ""


def leads_to_customer(key: Key) -> bool:
    """Whether its item says in an attribute to which customer it leads."""
    return key.pk.startswith(("I#", "E#", "R#"))
