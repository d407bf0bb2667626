"""The suppression list that the provider itself keeps for the account, and a stand-in for it on this machine.

SES puts addresses there that bounced for good or complained, and then takes mail to them without sending it (AWS,
"Using the Amazon SES account-level suppression list").
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from backend.domain.suppression import SuppressionReason
from backend.domain.time import Clock, from_text, to_text
from backend.errors import BackendError

LARGEST_PAGE = 1000
"""AWS: ListSuppressedDestinations gives so many at most."""
REASONS = {"BOUNCE": SuppressionReason.HARD_BOUNCE, "COMPLAINT": SuppressionReason.COMPLAINT}
"""SES's words. It knows no others."""
WORDS = {reason: word for word, reason in REASONS.items()}


class AccountListError(BackendError):
    """The account's list could not be read or changed."""


@dataclass(frozen=True, slots=True)
class AccountEntry:
    """An address on the account's list, why, and since when."""

    address: str
    reason: SuppressionReason
    at: datetime


@dataclass(frozen=True, slots=True)
class AccountPage:
    """Entries in the provider's order. `cursor` leads to the next ones; None means that there are none."""

    entries: list[AccountEntry]
    cursor: str | None


class AccountList(Protocol):
    """The account's own list. Methods raise `AccountListError`; each may be repeated."""

    def page(self, limit: int, cursor: str | None = None) -> AccountPage:
        """One page of 1,000 entries at most."""

    def add(self, address: str, reason: SuppressionReason) -> None:
        """Puts an address there, for a hard bounce or a complaint."""

    def remove(self, address: str) -> bool:
        """Takes an address away; False when it was not there."""


class FileAccountList:
    """An `AccountList` in a file, for the local outbox. Several processes may change it."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock

    def page(self, limit: int, cursor: str | None = None) -> AccountPage:
        entries = self._read()
        later = sorted(address for address in entries if address > (cursor or ""))[: limit + 1]
        found = [
            AccountEntry(address, REASONS[entries[address][0]], from_text(entries[address][1])) for address in later
        ]
        return AccountPage(found[:limit], found[limit - 1].address if len(found) > limit else None)

    def add(self, address: str, reason: SuppressionReason) -> None:
        with self._changing() as entries:
            entries[address] = (WORDS[reason], to_text(self._clock()))

    def remove(self, address: str) -> bool:
        with self._changing() as entries:
            return entries.pop(address, None) is not None

    def _read(self) -> dict[str, tuple[str, str]]:
        try:
            return {address: (word, at) for address, (word, at) in json.loads(self._path.read_text("utf-8")).items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise AccountListError("The local list of the account cannot be read.") from error

    @contextlib.contextmanager
    def _changing(self) -> Iterator[dict[str, tuple[str, str]]]:
        """The entries, which are written when the block ends; no other process changes them meanwhile."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.with_suffix(".lock").open("a") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                entries = self._read()
                yield entries
                fresh = self._path.with_suffix(".new")
                fresh.write_text(json.dumps(entries), "utf-8")
                os.replace(fresh, self._path)  # noqa: PTH105 - atomic
        except OSError as error:
            raise AccountListError("The local list of the account cannot be written.") from error
