"""Masks email addresses and tokens in what the program writes for people who run it: logs, error reports."""

from __future__ import annotations

import re

_PART = r"[^\s@<>\"'(),;:\[\]“”=\\]"
# A match begins where a word does and gives nothing back (++), or long texts without an address would cost minutes.
_EMAIL = re.compile(rf"(?<!{_PART}){_PART}++@{_PART}+\.[^\s@<>\"'(),;:\[\]“”=\\.]+")
_TOKEN = re.compile(
    r"(/mail/[a-z]+/|\bBearer +|[?&](?:Token|token|code|state|X-Amz-Signature|Signature)=)[^\s/?#&\"'<>]+"
)
"""Links of emails, credentials of requests, and what providers append to addresses that they send people or us to."""


def mask(text: str) -> str:
    """The text with every e-mail address and every token hidden."""
    text = _TOKEN.sub(r"\1[token]", text)
    return _EMAIL.sub("[address]", text) if "@" in text else text
