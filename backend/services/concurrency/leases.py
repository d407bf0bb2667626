"""Takes, renews, releases and shortens leases of items in the store. `backend.domain.leases` has the diagram.

Every write is on condition of what its worker knows of the lease: a taker of the lease as it was read, a holder of
holding it still. So of several takers one gets it, and nobody ends or overwrites work that has passed to another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from backend.domain.leases import Lease
from backend.domain.time import from_text, to_text
from backend.errors import ConflictError
from backend.records.conversion import reads
from backend.records.values import number, optional_text, text
from backend.store.port import AllOf, Condition, Equals, Item, Key, Missing, Plus, Update, Value

_NO_VALUES: Mapping[str, Value] = {}
_NO_SUMS: Mapping[str, Plus] = {}


class LeaseLostError(ConflictError):
    """Another worker holds the lease now, or was faster."""


@dataclass(frozen=True, slots=True)
class Leases:
    """How one kind of item has its lease: for how long, and in which attributes ("": not stored).

    A holder is known by the version of the item, else by its name, else by the end of the lease that it wrote last; in
    the last case it loses a lease that is shortened. `lost` is the sentence of the error.
    """

    length: timedelta
    lost: str
    until: str = "lease_until"
    holder: str = ""
    version: str = ""

    @reads(lambda _, key, item: key)
    def of(self, key: Key, item: Item) -> Lease:
        """The lease of an item, or of a row of an index as far as that has it.

        Raises: `UnreadableItemError`.
        """
        until = optional_text(item, self.until)
        holder = text(item, self.holder, "") if self.holder else ""
        version = number(item, self.version, 0) if self.version else 0
        return Lease(from_text(until) if until else None, holder, version)

    def as_seen(self, seen: Lease) -> Condition:
        """For who takes: nobody has touched the lease since it was read."""
        return Equals(self.version, seen.version) if self.version else self._until_is(seen)

    def is_held(self, mine: Lease) -> Condition:
        """For who holds: it is still the one that holds."""
        by_name = self.holder and not self.version
        return Equals(self.holder, mine.holder) if by_name else self.as_seen(mine)

    def error(self) -> LeaseLostError:
        """What a write is given for the case that its condition does not hold."""
        return LeaseLostError(self.lost)

    def take(
        self,
        key: Key,
        seen: Lease,
        now: datetime,
        holder: str = "",
        *,
        where: Condition | None = None,
        set: Mapping[str, Value] = _NO_VALUES,
        add: Mapping[str, Plus] = _NO_SUMS,
    ) -> Update:
        """The write that takes a lease that was seen free. Error attached: `LeaseLostError`.

        `where` says that there is work still: without a version, an item that is finished has no lease, as before.
        """
        condition = self.as_seen(seen) if where is None else AllOf((where, self.as_seen(seen)))
        return self._write(key, condition, seen.taken(now, self.length, holder), set, add)

    def renew(self, key: Key, mine: Lease, now: datetime, *, set: Mapping[str, Value] = _NO_VALUES) -> Update:
        """The write by which a holder says that it is alive, and what it has done. Error attached: `LeaseLostError`."""
        return self._write(key, self.is_held(mine), mine.renewed(now, self.length), set)

    def release(
        self,
        key: Key,
        mine: Lease,
        *,
        set: Mapping[str, Value] = _NO_VALUES,
        add: Mapping[str, Plus] = _NO_SUMS,
        remove: Sequence[str] = (),
    ) -> Update:
        """The write by which a holder hands over or finishes: which, is said by what it changes besides.

        Error attached: `LeaseLostError`.
        """
        return self._write(key, self.is_held(mine), mine.released(), set, add, remove)

    def shorten(self, key: Key, seen: Lease, now: datetime, *, set: Mapping[str, Value] = _NO_VALUES) -> Update | None:
        """The write that bounds the lease of a holder whose clock is ahead; None when it is no longer than it may be.

        Error attached: `LeaseLostError`, when it has been renewed or has ended.
        """
        after = seen.shortened(now, self.length)
        if after is None or after.until is None:
            return None
        changed = {self.until: to_text(after.until), **set}
        return Update(key, set=changed, condition=self._until_is(seen), otherwise=self.error())

    def _until_is(self, lease: Lease) -> Condition:
        return Missing(self.until) if lease.until is None else Equals(self.until, to_text(lease.until))

    def _write(
        self,
        key: Key,
        condition: Condition,
        after: Lease,
        set: Mapping[str, Value],
        add: Mapping[str, Plus] = _NO_SUMS,
        remove: Sequence[str] = (),
    ) -> Update:
        values: Item = {self.until: to_text(after.until) if after.until else ""}
        if self.holder:
            values[self.holder] = after.holder
        if self.version:
            values[self.version] = after.version
        kept = {name: value for name, value in values.items() if value != ""}
        gone = [name for name in values if name not in kept]
        return Update(
            key, set={**kept, **set}, add=add, remove=[*gone, *remove], condition=condition, otherwise=self.error()
        )
