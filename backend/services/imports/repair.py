"""Repairs cells of an order and records that for the report, so that an invalid cell does not lose the order.

Valid cells, nearly all, are recognised quickly and stay unchanged.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from contextlib import suppress
from functools import lru_cache

from backend.domain.customers import LISTED_TAGS, MOST_TAGS
from backend.domain.imports import Repair
from backend.domain.phones import LONGEST as LONGEST_PHONE
from backend.domain.phones import plain_number
from backend.domain.text import NOTE_LENGTH, SHORT_LENGTH, clean_tag, repaired_line, repaired_text
from backend.errors import InvalidInputError
from backend.services.imports import fields

_REMEMBERED = 1 << 15
_LONGEST_TAG = 50
_NO_ADDRESS = frozenset(
    {"n/a", "na", "none", "null", "nil", "nan", "-", "--", "no email", "noemail", "no", "unknown", "x"}
)
_SHOWN = 60
_NAMED_ADDRESS = re.compile(r"[^<>@]*<([^<>\s]+@[^<>\s]+)>")
_MAILTO = re.compile(r"^mailto:|(?<=\w)\?.*$", re.IGNORECASE)
_SEVERAL = re.compile(r"\s*(?::::|[;,|/])\s*|\s+")


class Repairs:
    """Reads the texts of one order at a time. `found` are the repairs of the current order."""

    def __init__(self) -> None:
        self._name, self._line = "", 0
        self.found: list[Repair] = []

    def begin(self, name: str, line: int) -> None:
        self._name, self._line = name, line
        self.found = []

    def note(self, column: str, what: str, line: int = 0) -> None:
        """Records a repair of the order; `line` where it is not the order's first line."""
        repair = Repair(self._name, line or self._line, column, what)
        if repair not in self.found:  # a cell may be read twice: as the customer's, and as part of an address
            self.found.append(repair)

    def line(self, text: str, column: str, longest: int, line: int = 0) -> str:
        """One line of text."""
        text = self._there(fields.shown(text.strip()), column, line)
        if len(text) <= longest and text.isascii() and text.isprintable():
            return text
        repaired, what = _repaired_line(text, longest)
        if what:
            self.note(column, what, line)
        return repaired

    def text(self, text: str, column: str) -> str:
        """Several lines of text, such as a note."""
        text = self._there(text, column)
        if len(text) <= NOTE_LENGTH and text.isascii() and text.isprintable():
            return text
        before = unicodedata.normalize("NFC", text.strip()).replace("\r\n", "\n")
        repaired, what = _cut(repaired_text(text, sys.maxsize), before, NOTE_LENGTH)
        if what:
            self.note(column, what)
        return repaired

    def email(self, text: str, column: str) -> str | None:
        """The address, or None where there is none that can be written to: the order counts all the same."""
        bare = self._there(text.strip(), column)
        if not bare or bare.casefold() in _NO_ADDRESS:
            return None
        try:
            return fields.email_of(bare)
        except InvalidInputError:
            found, what = _address_within(bare)
            said = f"“{bare[:_SHOWN]}” is not a valid address; the customer has none."
            self.note(column, what if found else said)
            return found

    def phone(self, text: str, column: str) -> str:
        """The number, without a spreadsheet's changes; "" when the spreadsheet has lost digits."""
        first, *others = text.split(" ::: ")
        if others:
            self.note(column, f"There are {len(others) + 1} numbers; the first one counts.")
        bare = self.line(first, column, LONGEST_PHONE)
        number = plain_number(bare)
        if number is None:
            self.note(column, f"A spreadsheet has rounded this number to “{bare}”, so it was left out.")
        return number or ""

    def source_id(self, text: str, column: str) -> str:
        """The id that another program gave a customer; "" for one that means nobody, or that lost digits."""
        bare = self.line(text, column, SHORT_LENGTH)
        whole = plain_number(bare)
        if whole is None:
            self.note(column, f"A spreadsheet has rounded this id to “{bare}”, so nobody is known by it.")
        return "" if not whole or not whole.strip("0") or whole.casefold() in _NO_ADDRESS else whole

    def _there(self, text: str, column: str, line: int = 0) -> str:
        """The text, or "" where a spreadsheet has put an error in its place."""
        if text[:1] != "#" or not fields.is_lost(text):
            return text
        self.note(column, f"A spreadsheet has put “{text[:_SHOWN]}” here; the cell counts as empty.", line)
        return ""

    def tags(self, text: str, column: str) -> tuple[str, ...]:
        """As many of the tags as a customer can have, each once. The sign # before a tag is decoration."""
        tags, what = repaired_tags(self._there(text.strip(), column))
        for each in what:
            self.note(column, each)
        return tags

    def country(self, text: str, column: str) -> str:
        """The code of the country; "" for a name that no country has."""
        text = self._there(text.strip(), column)
        try:
            return fields.country_of(text)
        except InvalidInputError as error:
            self.note(column, f"{error.sentence} It was left out.")
            return ""


def _address_within(text: str) -> tuple[str | None, str]:
    """The address in a cell that holds more than it, and what was done; None where there is none to write to."""
    bare = "".join(each for each in fields.shown(text) if unicodedata.category(each) != "Cf")
    whole = _NAMED_ADDRESS.sub(r"\1", bare.strip()).strip(" ;,<>\"'")
    several = [each for each in _SEVERAL.split(whole) if "@" in each]
    for each in dict.fromkeys((whole, *several[:1])):
        with suppress(InvalidInputError):
            found = fields.email_of(_MAILTO.sub("", each))
            said = f"There are {len(several)} addresses; the first one counts." if len(several) > 1 else ""
            return found, said or "What was beside the address was left out."
    return None, ""


@lru_cache(_REMEMBERED)
def _repaired_line(text: str, longest: int) -> tuple[str, str]:
    """The text, and what was repaired in it; other forms of the same letters are no repair."""
    return _cut(repaired_line(text, sys.maxsize), unicodedata.normalize("NFC", text), longest)


def _cut(repaired: str, before: str, longest: int) -> tuple[str, str]:
    if len(repaired) > longest:
        return repaired[:longest].rstrip(), f"The text was cut after {longest:,} of its {len(repaired):,} characters."
    return repaired, "" if repaired == before else "Characters that are not allowed were removed or replaced."


@lru_cache(_REMEMBERED)
def repaired_tags(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The tags of a cell, and remarks about them."""
    found: dict[str, None] = {}
    what: dict[str, None] = {}
    for part in fields.tag_parts(text):
        bare = fields.shown(part.strip())
        if fields.is_lost(bare):
            what["A spreadsheet has put an error in the place of a tag."] = None
            continue
        bare = bare.lstrip("#").strip()
        repaired, remark = _repaired_line(bare.replace("#", " "), _LONGEST_TAG)
        if repaired:
            found[clean_tag(repaired)] = None
        if remark:
            what[remark] = None
    tags = tuple(found)
    if len(tags) > MOST_TAGS:
        what[f"A customer can have {MOST_TAGS} tags; the other {len(tags) - MOST_TAGS} were left out."] = None
    if len(tags) > LISTED_TAGS:
        said = f"There are {len(tags[:MOST_TAGS])} tags. Lists and counts by tag know the first {LISTED_TAGS}"
        what[f"{said}; segments know all."] = None
    return tags[:MOST_TAGS], tuple(what)
