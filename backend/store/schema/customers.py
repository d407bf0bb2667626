"""Keys of customers: profile, months, activity, search words, lists, counts and leaderboards."""

from __future__ import annotations

from enum import StrEnum

from backend.store.port import Key
from backend.store.schema.tables import COUNT_SHARDS, CUSTOMER_LIST_SHARDS, LEADERBOARD_SHARDS, MAIL, SHOP, shard_of

FIRST_IDEOGRAPH = "\u2e80"
"""From this character on Unicode has the scripts of East Asia, whose family names are often one character."""


CUSTOMERS = "C#"
ERASURES = "ERASURES"
"""Partitions of customers begin with it, in both tables."""
PROFILE = "A"
MONTHS = "M#"
ACTIVITY = "V#"
ORDERS = "O#"
ARCHIVED_CUSTOMERS = "L#archived"


class PointerKind(StrEnum):
    """The beginning of the partition of small items that lead to a customer or an order."""

    WORD = "S#"
    TAG = "T#"
    COUNTRY = "N#"
    ARCHIVED = "L#"
    EMAIL = "E#"
    REFERENCE = "R#"


def customer_partition(customer_id: str) -> str:
    return f"{CUSTOMERS}{customer_id}"


def customer_key(customer_id: str) -> Key:
    return Key(SHOP, customer_partition(customer_id), PROFILE)


def customer_id_of(key: Key) -> str:
    """The customer in whose partition the key is."""
    return key.pk.removeprefix(CUSTOMERS)


def customer_month_key(customer_id: str, month: str) -> Key:
    return Key(SHOP, customer_partition(customer_id), f"{MONTHS}{month}")


def is_month(key: Key) -> bool:
    return key.table == SHOP and key.sk.startswith(MONTHS)


def month_of(key: Key) -> str:
    """The month ("2026-11") in the key of a customer's month."""
    return key.sk.removeprefix(MONTHS)


def addresses_key(customer_id: str) -> Key:
    """The postal addresses of a customer."""
    return Key(SHOP, f"C#{customer_id}", "P")


def activity_key(customer_id: str, at: str, entry_id: str) -> Key:
    return Key(SHOP, customer_partition(customer_id), f"{ACTIVITY}{at}#{entry_id}")


def email_key(address: str) -> Key:
    return Key(SHOP, f"E#{address}", "E")


def identity_key(identity: str) -> Key:
    """Who has a phone number, an id at the source, or an address that cannot be written to: "phone#+4930123456"."""
    return Key(SHOP, f"I#{identity}", "I")


def alias_key(word: str, customer_id: str) -> Key:
    return Key(SHOP, alias_partition(word), f"{word}#{customer_id}")


def alias_partition(word: str) -> str:
    """The partition of the words with this beginning: by two letters, by one where a letter is a syllable or a word."""
    return f"S#{word[:1] if word >= FIRST_IDEOGRAPH else word[:2]}"


def tag_key(tag: str, created: str, customer_id: str) -> Key:
    return Key(SHOP, tag_partition(tag), f"{created}#{customer_id}")


def tag_partition(tag: str) -> str:
    return f"T#{tag}"


def country_key(country: str, created: str, customer_id: str) -> Key:
    return Key(SHOP, country_partition(country), f"{created}#{customer_id}")


def country_partition(country: str) -> str:
    return f"N#{country}"


def archived_key(created: str, customer_id: str) -> Key:
    """The place of an archived customer in the list of them."""
    return Key(SHOP, ARCHIVED_CUSTOMERS, f"{created}#{customer_id}")


def count_key(kind: str, value: str, customer_id: str) -> Key:
    """The counter of one tag or country to which this customer adds (`kind` is "tag" or "country")."""
    return Key(SHOP, counts_partition(kind), f"{value}#{shard_of(customer_id, COUNT_SHARDS)}")


def counts_partition(kind: str) -> str:
    """The counters of all tags, or of all countries."""
    return f"COUNTS#{kind}"


def counted_in(key: Key) -> tuple[str, str, str]:
    """Kind, value and shard in the key of a counter; empty texts for another item."""
    head, _, kind = key.pk.partition("#")
    value, _, shard = key.sk.rpartition("#")
    return (kind, value, shard) if head == "COUNTS" else ("", "", "")


def customer_line(customer_id: str) -> str:
    """The partition of the list of newest customers that has this customer."""
    return f"CUSTOMERS#{shard_of(customer_id, CUSTOMER_LIST_SHARDS)}"


def customer_lines() -> list[str]:
    """The partitions of the list of newest customers."""
    return [f"CUSTOMERS#{shard}" for shard in range(CUSTOMER_LIST_SHARDS)]


def board_of(period: str, customer_id: str) -> str:
    """The leaderboard partition of a customer; `period` is "ALL" or a month such as "2026-11"."""
    return f"{period}#{shard_of(customer_id, LEADERBOARD_SHARDS)}"


def boards_of(period: str) -> list[str]:
    """The partitions of the leaderboard of a period."""
    return [f"{period}#{shard}" for shard in range(LEADERBOARD_SHARDS)]


def erasure_key(customer_id: str) -> Key:
    """The entry of an erased customer in the ledger of erasures."""
    return Key(MAIL, ERASURES, customer_id)


def preferences_key(customer_id: str) -> Key:
    return Key(MAIL, f"P#{customer_id}", "P")


def pointer_kind(key: Key) -> PointerKind | None:
    """What kind of pointer the key is of; None for another item."""
    beginning = key.pk[:2]
    return next((kind for kind in PointerKind if kind.value == beginning), None)
