"""The types between planning an import and writing it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Protocol, TypeAlias, TypeVar

import orjson

from backend.domain.imports import Fault, Outcome, Repair
from backend.store.port import Item, Key, Write

Read: TypeAlias = Callable[[Sequence[Key]], dict[Key, Item]]
"""Reads those of the items that exist."""


@dataclass(frozen=True, slots=True)
class ImportStep:
    """The writes for one order or customer of a file: one transaction, empty when nothing changes."""

    outcome: Outcome
    writes: list[Write] = field(default_factory=list)
    creates_customer: bool = False
    is_new: bool = False  # starts automations
    missed_since: datetime | None = None  # it should have arrived by itself


class Candidate(Protocol):
    """An order or a customer of a file."""

    @property
    def name(self) -> str:
        """How a person finds it in the file."""

    @property
    def line(self) -> int:
        """Its first physical line."""

    @property
    def repairs(self) -> Sequence[Repair]:
        """What was repaired when it was read."""


AnyCandidate = TypeVar("AnyCandidate", bound=Candidate)
PlannedCandidate = TypeVar("PlannedCandidate", bound=Candidate, contravariant=True)


class Planner(Protocol[PlannedCandidate]):
    """Plans the writes for candidates. It may cache what it planned, until `forget`."""

    def plan(self, candidates: Sequence[PlannedCandidate], read: Read) -> list[ImportStep | Fault]:
        """A step or fault for each candidate, in order, as if each was written before the next is planned."""

    def forget(self) -> None:
        """Clears the cache, because planned writes may have failed."""


def print_of(imported: Any) -> str:
    """A fingerprint of the values of a file. The same fingerprint is "unchanged", even after changes made here."""
    return hashlib.blake2b(orjson.dumps(imported), digest_size=8).hexdigest()


def print_before(imported: Any, added: Sequence[str]) -> str:
    """The fingerprint that an earlier version of the program made, which did not know the fields `added`."""
    return print_of({each.name: getattr(imported, each.name) for each in fields(imported) if each.name not in added})
