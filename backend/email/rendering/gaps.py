"""Emails to people whose name is not known: "Hello {{ customer.first_name }}," reads "Hello," for them.

Templates need no choice for that. The missing name is rendered as a mark, and taken out with the space and the comma
that belong to it. In conditions it is false, and equals "".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_MARK = "\ue0ff"
"""A private character (Unicode, "Private Use Area"), which no text of a shop has a reason to hold."""
_GAP = re.compile(rf"(?:,\s*|\s+)?{_MARK}")
_AT_START = re.compile(rf"(^|>|\n)([ \t]*){_MARK}[,:!]?\s*(\w?)")
_PEOPLE = ("customer", "member")


class _NoName(str):
    """The mark of a name that is not known."""

    __slots__ = ()

    def __new__(cls) -> _NoName:
        return super().__new__(cls, _MARK)

    def __bool__(self) -> bool:
        return False

    def __eq__(self, other: object) -> bool:
        return other == ""

    def __ne__(self, other: object) -> bool:
        return other != ""

    def __hash__(self) -> int:
        return hash("")


def with_marks(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """The data of an email, in which first names that are not known are marked; the same data when all are known."""
    missing = [person for person in _PEOPLE if person in data and data[person].get("first_name") == ""]
    if not missing:
        return data
    return {**data, **{person: {**data[person], "first_name": _NoName()} for person in missing}}


def closed(text: str) -> str:
    """The text without marks, and without the space or comma before them; at the beginning of a line, after them."""
    if _MARK not in text:
        return text
    return _GAP.sub("", _AT_START.sub(lambda match: match[1] + match[2] + match[3].upper(), text))
