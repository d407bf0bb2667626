"""Leases are given by one machine's clock and read by another's."""

from __future__ import annotations

from datetime import datetime, timedelta

CLOCKS_DIFFER = timedelta(seconds=10)
"""By how much clocks may differ without anybody minding."""


def shortened(until: datetime, length: timedelta, now: datetime) -> datetime | None:
    """When a lease ends that lasts longer than any that could be given now; None for one that does not.

    Its holder has a clock that is ahead, and may be at work. So it is not taken over: it gets a whole lease from now,
    and a holder that lives renews it in that time.
    """
    whole = now + length
    return whole if until > whole + CLOCKS_DIFFER else None
