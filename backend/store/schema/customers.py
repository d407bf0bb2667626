"""Keys of customers: profile, months, activity, search words, lists, counts and leaderboards."""

from __future__ import annotations

from backend.store.port import Key
from backend.store.schema.tables import COUNT_SHARDS, CUSTOMER_LIST_SHARDS, LEADERBOARD_SHARDS, MAIL, SHOP, shard_of

FIRST_IDEOGRAPH = "\u2e80"
"""From this character on Unicode has the scripts of East Asia, whose family names are often one character."""


def customer_key(customer_id: str) -> Key:
    return Key(SHOP, f"C#{customer_id}", "A")


def customer_month_key(customer_id: str, month: str) -> Key:
    return Key(SHOP, f"C#{customer_id}", f"M#{month}")


def addresses_key(customer_id: str) -> Key:
    """The postal addresses of a customer."""
    return Key(SHOP, f"C#{customer_id}", "P")


def activity_key(customer_id: str, at: str, entry_id: str) -> Key:
    return Key(SHOP, f"C#{customer_id}", f"V#{at}#{entry_id}")


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
    return Key(SHOP, f"T#{tag}", f"{created}#{customer_id}")


def country_key(country: str, created: str, customer_id: str) -> Key:
    return Key(SHOP, f"N#{country}", f"{created}#{customer_id}")


def archived_key(created: str, customer_id: str) -> Key:
    """The place of an archived customer in the list of them."""
    return Key(SHOP, "L#archived", f"{created}#{customer_id}")


def count_key(kind: str, value: str, customer_id: str) -> Key:
    """The counter of one tag or country to which this customer adds (`kind` is "tag" or "country")."""
    return Key(SHOP, f"COUNTS#{kind}", f"{value}#{shard_of(customer_id, COUNT_SHARDS)}")


def customer_line(customer_id: str) -> str:
    """The partition of the list of newest customers that has this customer."""
    return f"CUSTOMERS#{shard_of(customer_id, CUSTOMER_LIST_SHARDS)}"


def board_of(period: str, customer_id: str) -> str:
    """The leaderboard partition of a customer; `period` is "ALL" or a month such as "2026-11"."""
    return f"{period}#{shard_of(customer_id, LEADERBOARD_SHARDS)}"


def preferences_key(customer_id: str) -> Key:
    return Key(MAIL, f"P#{customer_id}", "P")
