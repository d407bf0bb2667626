"""Amounts of a file, and how the file writes them: with a decimal point or a decimal comma."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from backend.domain.money import parse_amount

_REMEMBERED = 1 << 15
_POINT = re.compile(r"\d\.\d{1,2}\D*$|,\d{3}\.\d")
_COMMA = re.compile(r"\d,\d{1,2}\D*$|\.\d{3},\d")


class DecimalSigns:
    """Learns from amounts whether the file writes decimals with a comma."""

    def __init__(self, delimiter: str) -> None:
        self._comma = self._point = False
        self._semicolon = delimiter == ";"

    def see(self, amount: str) -> None:
        if not self._point and "." in amount and _POINT.search(amount):
            self._point = True
        if not self._comma and "," in amount and _COMMA.search(amount):
            self._comma = True

    @property
    def decimal_comma(self) -> bool | None:
        """Whether a comma or point before three digits is a decimal sign or separates thousands; None is unknown."""
        if self._comma != self._point:
            return self._comma
        return True if self._semicolon else None


class Amounts:
    """Reads the amounts of one file. Results are remembered, in bounds."""

    def __init__(self, currency: str, decimal_comma: bool | None) -> None:
        def amount(text: str, label: str) -> int:
            return parse_amount(text, currency, label, decimal_comma=decimal_comma)

        self.read: Callable[[str, str], int] = lru_cache(_REMEMBERED)(amount)
