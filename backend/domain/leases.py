"""Leases: how work is one worker's alone for a while, and passes to another when that worker dies.

    free ──take──▶ held ──finish──▶ (the item needs no lease any more)
     ▲             │  ▲
     │             │  └── renew: the holder says that it is alive, also after its time when nobody came
     ├──release────┤
     │             └── its time is over ──▶ left behind ──take──▶ held by another; whoever had it has lost it
     │
     └── hand over: a worker that stops releases what it has, so that others need not wait for the time to pass

Leases are given by one machine's clock and read by another's. One that lasts longer than any that could be given now
has a holder whose clock is ahead; it is shortened, not taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

CLOCKS_DIFFER = timedelta(seconds=10)
"""How much clocks may differ without any effect."""


@dataclass(frozen=True, slots=True)
class Lease:
    """Whose an item is: `holder` until `until` (aware; None: nobody's).

    `holder` is "" also where holders have no names. `version` counts the changes of the item, where it does.
    """

    until: datetime | None = None
    holder: str = ""
    version: int = 0

    def is_free(self, now: datetime) -> bool:
        """Whether it may be taken: nobody has it, or its time is over."""
        return self.until is None or self.until <= now

    def taken(self, now: datetime, length: timedelta, holder: str = "") -> Lease:
        """The whole lease of a new holder."""
        return Lease(now + length, holder, self.version + 1)

    def renewed(self, now: datetime, length: timedelta) -> Lease:
        """A whole lease again, of the same holder."""
        return Lease(now + length, self.holder, self.version + 1)

    def released(self) -> Lease:
        """What the holder leaves for whoever comes next."""
        return Lease(version=self.version + 1)

    def shortened(self, now: datetime, length: timedelta) -> Lease | None:
        """The lease when it lasts longer than any that could be given now, bounded; None for one that does not.

        Its holder may be at work. So it is not taken over: it gets a whole lease from now, and a holder that lives
        renews it in that time. The version stays, by which the holder may be known.
        """
        if self.until is None or self.until <= now + length + CLOCKS_DIFFER:
            return None
        return Lease(now + length, self.holder, self.version)
