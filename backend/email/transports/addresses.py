"""Addresses as mail carries them: one mailbox, in ASCII, with an encoded name if there is one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.header import Header
from email.utils import formataddr, quote
from functools import lru_cache

from email_validator import EmailNotValidError, validate_email

from backend.errors import BackendError

_NAMED = re.compile(r'^(?P<name>(?:"(?:[^"\\]|\\.)*"|[^"<])*)<(?P<address>[^\r\n]+)>$')
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_LONGEST = 1000
_LONGEST_WORD = 64
"""RFC 2047 allows 75 characters; shorter ones leave room for the name of the field before them."""


class UnsendableError(BackendError):
    """An email cannot be written in the form that mail has. Raised before anything is handed over."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A name (may be "") and an ASCII address, whose domain is in punycode where it has to be."""

    name: str
    address: str

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]

    def header(self) -> str:
        """The mailbox in ASCII on one line: RFC 5322, and RFC 2047 for other letters in the name."""
        if needs_encoding(self.name):
            return f"{encoded_words(self.name)} <{self.address}>"
        return formataddr((self.name, self.address))


@lru_cache(maxsize=1024)  # the sender is parsed three times for each email, and is the same for all of a campaign
def parse_mailbox(text: str, label: str) -> Mailbox:
    """The one mailbox in a text such as `maria@example.com` or `My shop <news@shop.example>`.

    A name need not be quoted. SES does not carry SMTPUTF8 (its developer guide, "Email formats"), so the part before
    the "@" must be ASCII.

    Raises: `UnsendableError`.
    """
    if len(text) > _LONGEST:
        raise UnsendableError(f"{label} is too long.")
    refuse_control(text, label)
    named = _NAMED.match(text.strip())
    name, address = (named["name"], named["address"]) if named else ("", text.strip())
    try:
        found = validate_email(address, check_deliverability=False, test_environment=True, allow_quoted_local=True)
    except EmailNotValidError as error:
        raise UnsendableError(f"{label} is not an email address.") from error
    if found.ascii_email is None:
        raise UnsendableError(f"{label} has letters before the “@” that mail servers in general do not take.")
    return Mailbox(_unquoted(name.strip()), found.ascii_email)


def named_address(name: str, address: str) -> str:
    """A name and an address as one text that `parse_mailbox` reads back; "" is no name.

    The name is not encoded yet: the transport does so, once (RFC 2047, section 5).
    """
    return f'"{quote(name)}" <{address}>' if name else address


def refuse_control(text: str, label: str) -> None:
    """Raises: `UnsendableError` for line breaks and other control characters, which could forge headers."""
    if _CONTROL.search(text):
        raise UnsendableError(f"{label} holds a line break or another control character.")


def encoded_words(text: str) -> str:
    """The text in RFC 2047's encoding, its words separated by single spaces."""
    return Header(text, "utf-8").encode(linesep="", maxlinelen=_LONGEST_WORD)


def needs_encoding(text: str) -> bool:
    """Whether a header cannot say the text as it is: other letters, or what looks like an encoded word."""
    return not text.isascii() or "=?" in text


def _unquoted(name: str) -> str:
    """The name without its quotes, if it is quoted as a whole."""
    return re.sub(r"\\(.)", r"\1", name[1:-1]) if len(name) > 1 and name[0] == name[-1] == '"' else name
