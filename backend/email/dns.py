"""Looks names up in the DNS. A missing name and a server that does not answer are results, not errors."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import dns.exception
import dns.name
import dns.rdata
import dns.resolver
from dns.rdtypes.ANY.CNAME import CNAME
from dns.rdtypes.ANY.TXT import TXT

ALL_SECONDS = 5.0
"""How long all look-ups of one `DnsLookup` may take together; a person waits for them."""
ONE_SECONDS = 2.0
_LONGEST_CHAIN = 8


class RecordKind(StrEnum):
    """The kinds of records that decide about mail."""

    TXT = "TXT"
    CNAME = "CNAME"
    MX = "MX"


class Absence(StrEnum):
    """Why a look-up found nothing. The value is for people."""

    NO_NAME = "does not exist"
    NO_RECORD = "has no such record"
    FAILED = "could not be looked up: its name servers do not work"
    LATE = "could not be looked up in time"

    @property
    def is_certain(self) -> bool:
        """Whether the name certainly has no such record."""
        return self in (Absence.NO_NAME, Absence.NO_RECORD)


@dataclass(frozen=True, slots=True)
class Looked:
    """The values that were found, or why there are none.

    TXT values are whole: their pieces are joined (RFC 7208, 3.3). CNAME and MX values are names in small letters
    without a final dot, MX ones with the preference before ("10 mail.example.com").
    """

    values: tuple[str, ...] = ()
    absence: Absence | None = None


class Lookup(Protocol):
    """Looks names up. Several threads may do so at once."""

    def look_up(self, name: str, kind: RecordKind) -> Looked:
        """What the name has of this kind, after following aliases (except for CNAME itself)."""


class DnsLookup:
    """A `Lookup` by the name servers of this machine, or those of the resolver that is given, within a time."""

    def __init__(
        self,
        resolver: dns.resolver.Resolver | None = None,
        *,
        seconds: float = ALL_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._resolver = resolver
        self._monotonic = monotonic
        self._ends = monotonic() + seconds

    def look_up(self, name: str, kind: RecordKind) -> Looked:
        wanted = name
        for _ in range(_LONGEST_CHAIN):
            found = self._once(wanted, kind)
            if isinstance(found, Looked):
                return found
            wanted = found
        return Looked(absence=Absence.FAILED)

    def _once(self, name: str, kind: RecordKind) -> Looked | str:
        """What was found, or the name that this one is an alias of, where the server did not follow it."""
        left = self._ends - self._monotonic()
        if left <= 0:
            return Looked(absence=Absence.LATE)
        try:
            resolver = self._resolver or dns.resolver.get_default_resolver()
            answer = resolver.resolve(dns.name.from_text(name), kind.value, lifetime=min(left, ONE_SECONDS))
        except dns.resolver.NXDOMAIN:
            return Looked(absence=Absence.NO_NAME)
        except dns.resolver.NoAnswer as error:
            alias = error.kwargs["response"].resolve_chaining().canonical_name.to_text(omit_final_dot=True)
            followed = kind is not RecordKind.CNAME and alias.lower() != name.lower().rstrip(".")
            return str(alias) if followed else Looked(absence=Absence.NO_RECORD)
        except dns.resolver.LifetimeTimeout:
            return Looked(absence=Absence.LATE)
        except (dns.exception.DNSException, OSError, UnicodeError):
            return Looked(absence=Absence.FAILED)
        return Looked(tuple(sorted(_text_of(record) for record in answer)))


def _text_of(record: dns.rdata.Rdata) -> str:
    if isinstance(record, TXT):
        return b"".join(record.strings).decode("utf-8", "replace")
    text = record.target.to_text() if isinstance(record, CNAME) else record.to_text()
    return str(text).lower().rstrip(".")
