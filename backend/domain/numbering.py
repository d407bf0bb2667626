"""How orders are numbered: the shop's prefix and a running number."""

from __future__ import annotations

import re
from dataclasses import dataclass

from backend.errors import InvalidInputError

FIRST = 1001
"""The first number. Three digits and less look like a shop that opened yesterday."""
_PREFIX = re.compile(r"[A-Za-z0-9#/_-]{0,10}")


@dataclass(frozen=True, slots=True)
class Numbering:
    """The prefix, and how many numbers were taken so far. A number that was taken and not used leaves a gap."""

    prefix: str = "T"
    taken: int = 0

    @property
    def upcoming(self) -> str:
        """The next number, unless another process holds it already."""
        return self.number(self.taken)

    def number(self, place: int) -> str:
        """The number at this place, counted from 0, such as "T1001"."""
        return f"{self.prefix}{FIRST + place}"


def clean_prefix(text: str) -> str:
    """A prefix of ten characters at most; "" for none.

    Raises: `InvalidInputError`.
    """
    prefix = text.strip()
    if not _PREFIX.fullmatch(prefix):
        raise InvalidInputError(
            "A prefix has ten letters, digits or signs such as # and - at most, and no spaces.", "prefix"
        )
    return prefix
