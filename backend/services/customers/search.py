"""Finds customers by a whole email address, or by the beginnings of words of the name and the address."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

from backend.domain.customers import clean_email
from backend.domain.text import words_in
from backend.errors import InvalidInputError
from backend.records.customers import email_key
from backend.records.values import text
from backend.services.context import Shop
from backend.store import schema
from backend.store.port import Query, pages_of

_LONGEST_SEARCH = 1_000
_MOST_LOOK_UPS = 4


@dataclass(frozen=True, slots=True)
class Matches:
    """Customers who may match. `words` are those that still have to be compared.

    `too_many`: there are more customers than these.
    """

    ids: list[str]
    words: list[str]
    too_many: bool = False


def matches_of(shop: Shop, search: str, most: int) -> Matches:
    """Up to `most` customers for a search.

    The longest word is looked up first, and another one where too many customers have it. So more words or the whole
    address find a customer even when many others share each word.

    Raises: `InvalidInputError` for a search of single letters only.
    """
    search = search[:_LONGEST_SEARCH]
    owner = _owner_of_address(shop, search)
    if owner:
        return Matches([owner], [])
    kept, perhaps = _words_to_look_up(search)
    found: Matches | None = None
    for word in [*kept, *perhaps][:_MOST_LOOK_UPS]:
        matches = _under(shop, word, most, [each for each in words_in(search) if each != word])
        if not matches.too_many and (matches.ids or word in kept):
            return matches
        found = found or matches
    return found or Matches([], [])


def _owner_of_address(shop: Shop, search: str) -> str | None:
    """The customer with this address, in any case."""
    if "@" not in search:
        return None
    try:
        item = shop.store.get(email_key(clean_email(search)))
    except InvalidInputError:
        return None
    return text(item, "customer") if item else None


def _words_to_look_up(search: str) -> tuple[list[str], list[str]]:
    """Words of the search, longest first: those that are indexed, and those that may be the last label of an address,
    which is not indexed.

    Raises: `InvalidInputError` when there is none.
    """
    kept: list[str] = []
    perhaps: list[str] = []
    for token in search.split():
        local, at, domain = token.partition("@")
        if at and _enough(words_in(local)):
            kept += words_in(local)
            continue
        front, dot, label = (domain if at else token).rpartition(".")
        kept += words_in(front if dot else label)
        perhaps += words_in(label) if dot and not at else []
    if not _enough([*kept, *perhaps]):
        raise InvalidInputError("Type at least two letters of a name or an email address.", "search")
    return _enough(kept), [word for word in _enough(perhaps) if word not in kept]


def _enough(words: list[str]) -> list[str]:
    """Words that not everybody has, longest first."""
    long_enough = dict.fromkeys(word for word in words if len(word) > 1 or word >= schema.FIRST_IDEOGRAPH)
    return sorted(long_enough, key=len, reverse=True)


def _under(shop: Shop, word: str, most: int, others: list[str]) -> Matches:
    """Customers who have a word with this beginning."""
    query = Query(schema.SHOP, schema.alias_partition(word), begins_with=word, limit=most + 1)
    rows = list(islice(pages_of(shop.store, query), most + 1))
    ids = list(dict.fromkeys(schema.id_in(row.key.sk) for row in rows[:most]))
    return Matches(ids, others, len(rows) > most)
