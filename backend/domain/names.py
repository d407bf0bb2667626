"""Names of people: what is one, and what to call somebody in an email."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from nameparser import HumanName

_NO_NAMES = frozenset(
    {"n/a", "na", "none", "null", "nil", "nan", "unknown", "no name", "noname", "unbekannt"}
    | {"guest", "guest customer", "customer", "undefined", "anonymous", "first name", "name"}
    | {"dr", "mr", "mrs", "ms", "miss", "prof", "herr", "frau", "mme", "monsieur", "madame", "sr", "sra"}
)
_PLACEHOLDER = re.compile(
    r"\{\{.*\}\}|\{%.*%\}|%[A-Z_ ]+%|\*\|.*\|\*|\[[A-Z_ ]+\]|walk-in customer.*|customer #?\d+", re.IGNORECASE
)
"""What programs put where no name is known."""
_QUOTES = "\"“”„«»'\u2018\u2019 "
_ADDRESS = re.compile(r"\S@[^\s@]+\.\S|https?://|www\.", re.IGNORECASE)
_COMPANY = re.compile(
    r"(?:\b(?:gmbh|ltd|limited|inc|llc|llp|plc|corp|company|co|ag|kg|ohg|ug|e\.?k|e\.?v|bv|b\.v|nv|sarl|sas|s\.?l|s\.?a"
    r"|srl|spa|s\.p\.a|oy|ab|aps|a/s|pty|sp\. z o\.o|group|gruppe|holding|verlag|apotheke|studio)\.?$)"
    r"|^(?:praxis|restaurant|hotel|café|universität|university|firma|familie|schule|verein|company|team|shop|the)\b",
    re.IGNORECASE,
)
_FAMILY_FIRST = frozenset(
    "nguyễn trần lê phạm huỳnh hoàng vũ võ đặng bùi đỗ hồ ngô dương lý đinh đoàn trịnh nguyen tran pham huynh".split()  # noqa: SIM905
)
"""Family names that nine in ten Vietnamese have; the family name comes first."""
_LONGEST_INITIALS = 3
_GIVEN_TOO = frozenset({"al", "ben", "della", "mac", "santa", "san", "ter"})
"""Particles that are given names as well, such as Al and Ben."""
_PLAIN = re.compile(r"[^\W\d_][^\W\d_'-]+ [^\W\d_][^\W\d_'-]+")


def named(text: str) -> str:
    """The text if it is a name, else "": addresses, links, placeholders, "n/a" and the like are none."""
    name = _without_address(text.strip())
    if name[:1] in _QUOTES and name[-1:] in _QUOTES:
        name = name.strip(_QUOTES)
    if _PLACEHOLDER.fullmatch(name):
        return ""
    if not any(map(str.isalpha, name)) or name.casefold().rstrip(".") in _NO_NAMES or is_address(name):
        return ""
    return name


def _without_address(name: str) -> str:
    """ "Maria <maria@example.com>" is Maria. Looks once at each character, because names come from outside."""
    before, bracket, address = name.removesuffix(">").rpartition("<")
    is_pair = bracket and name.endswith(">") and "@" in address.strip("@") and len(address.split()) == 1
    return before.rstrip() if is_pair and any(map(str.isalnum, before)) else name


def is_address(text: str) -> bool:
    """Whether an email address or a URL was entered as the name."""
    return _ADDRESS.search(text) is not None


def greeting_of(name: str, given_name: str = "") -> str:
    """What to call somebody: the given name as it is, or the part of a single name that is one. All of it when unsure.

    If that is only an initial or a title, it is the whole name. A given name in capitals or
    small letters throughout gets its usual ones.
    """
    given = named(given_name)
    if given and "," not in given and _is_callable(given):
        return _in_usual_case(given)
    return _first_name_in(named(name) or given)


def _in_usual_case(given: str) -> str:
    """Short ones in capitals ("AJ") stay."""
    if given.islower() or (given.isupper() and len(given) > _LONGEST_INITIALS):
        return "".join(part.capitalize() for part in re.split(r"([ '-])", given))
    return given


@lru_cache(1 << 14)
def _first_name_in(name: str) -> str:
    if not name or _is_family_first(name) or _COMPANY.search(name):
        return name
    first, *others = name.split()
    if others and "," not in name and len(first) > _LONGEST_INITIALS and first.isupper() and not others[-1].isupper():
        return name if len(others) > 1 else _in_usual_case(others[0])  # "LOPEZ Maria": capitals mark the family name
    if first.casefold() in _particles() and "," not in name and first.casefold() not in _GIVEN_TOO:
        return name
    if _PLAIN.fullmatch(name) and first.casefold() not in _titles() and first.casefold() not in _particles():
        return _in_usual_case(first)  # true of most names, and faster than the checks below
    parsed = HumanName(name)
    whole = name if "," not in name else str(parsed)
    return _in_usual_case(parsed.first) if _is_callable(parsed.first) else whole.strip(" ,") or name


def _is_callable(given: str) -> bool:
    """Whether it is more than initials and titles."""
    words = [word for word in given.replace(".", ". ").split() if not word.endswith(".") and len(word) > 1]
    return bool(words) and not all(word.casefold() in _titles() for word in words)


@lru_cache(1)
def _titles() -> frozenset[str]:
    return frozenset(HumanName().C.titles)


@lru_cache(1)
def _particles() -> frozenset[str]:
    return frozenset(HumanName().C.prefixes)


def _is_family_first(name: str) -> bool:
    """Whether the family name comes first, as in China, Japan, Korea and Vietnam."""
    if any(unicodedata.name(letter, "").startswith(("CJK", "HANGUL", "HIRAGANA", "KATAKANA")) for letter in name):
        return True
    words = unicodedata.normalize("NFC", name).casefold().split()
    return len(words) > 1 and words[0] in _FAMILY_FIRST
