"""What planning an import hands to writing it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias, TypeVar

import orjson

from backend.domain.imports import Fault, Outcome, Repair
from backend.store.port import Item, Key, Write

Read: TypeAlias = Callable[[Sequence[Key]], dict[Key, Item]]
"""Reads those of the items that are there."""


@dataclass(frozen=True, slots=True)
class ImportStep:
    """What one order or customer of a file comes to: one transaction, empty when nothing changes."""

    outcome: Outcome
    writes: list[Write] = field(default_factory=list)
    creates_customer: bool = False


class Candidate(Protocol):
    """An order or a customer of a file."""

    @property
    def name(self) -> str:
        """How a person finds it in the file."""

    @property
    def line(self) -> int:
        """The physical line on which it begins."""

    @property
    def repairs(self) -> Sequence[Repair]:
        """What was put right when it was read."""


AnyCandidate = TypeVar("AnyCandidate", bound=Candidate)
PlannedCandidate = TypeVar("PlannedCandidate", bound=Candidate, contravariant=True)


class Planner(Protocol[PlannedCandidate]):
    """Decides what becomes of candidates. It may remember what it planned, until it is told to forget."""

    def plan(self, candidates: Sequence[PlannedCandidate], read: Read) -> list[ImportStep | Fault]:
        """A step or fault for each candidate, in order, as if each was written before the next is planned."""

    def forget(self) -> None:
        """What was planned may not have been written: from now on only what is read counts."""


def print_of(imported: Any) -> str:
    """A fingerprint of what a file says. The same again is "unchanged", whatever was changed here since."""
    return hashlib.blake2b(orjson.dumps(imported), digest_size=8).hexdigest()
