"""Hides e-mail addresses in whatever leaves the program for people who run it: logs, error reports."""

from __future__ import annotations

import re

_PART = r"[^\s@<>\"'(),;:\[\]“”=\\]"
# A match begins where a word does and gives nothing back (++), or long texts without an address would cost minutes.
_EMAIL = re.compile(rf"(?<!{_PART}){_PART}++@{_PART}+\.[^\s@<>\"'(),;:\[\]“”=\\.]+")


def mask(text: str) -> str:
    """The text with every e-mail address hidden."""
    return _EMAIL.sub("[address]", text) if "@" in text else text
