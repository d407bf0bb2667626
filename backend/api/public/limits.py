"""Limits requests per address, in this process; addresses are kept as digests, for a short time."""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from backend.domain.network import address_group
from backend.email.links import LinkProblem, Target

_REMEMBERED = 10_000


class RequestLimit:
    """`most` requests in any window of `seconds`, counted in two halves: exact enough, and small.

    `clock` gives seconds that never go back.
    """

    def __init__(self, most: int = 60, seconds: float = 60.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._half, self._clock = most, seconds / 2, clock
        self._salt = secrets.token_bytes(16)
        self._lock = threading.Lock()
        self._counts: OrderedDict[bytes, tuple[int, int, int]] = OrderedDict()

    def allows(self, subject: str) -> bool:
        """Counts a request of this subject (an address, a message) and says whether it may be answered."""
        key, now = self._digest(subject), int(self._clock() / self._half)
        with self._lock:
            count, before = self._counted(key, now)
            self._counts.pop(key, None)
            self._counts[key] = (now, count + 1, before)
            while len(self._counts) > _REMEMBERED:
                self._counts.popitem(last=False)
            return count + 1 + before <= self._most

    def is_spent(self, subject: str) -> bool:
        """Whether a further request would not be allowed; counts nothing."""
        with self._lock:
            return sum(self._counted(self._digest(subject), int(self._clock() / self._half))) >= self._most

    def _digest(self, subject: str) -> bytes:
        return hashlib.blake2b(subject.encode(errors="surrogatepass"), key=self._salt, digest_size=12).digest()

    def _counted(self, key: bytes, now: int) -> tuple[int, int]:
        """The requests of this half of the window, and of the one before."""
        half, count, before = self._counts.get(key, (now, 0, 0))
        if half == now:
            return count, before
        return 0, count if half == now - 1 else 0

    @property
    def retry_after(self) -> int:
        """Seconds after which it is worth asking again."""
        return int(2 * self._half)


class LinkLimit:
    """The limit for signed links: wrong ones count against the address that they come from, good ones never do.

    Mailbox providers post one-click unsubscribes of thousands of people from few addresses (RFC 8058). So a good link
    counts only against the recipient whom it names.
    """

    def __init__(self, wrong: RequestLimit | None = None, good: RequestLimit | None = None) -> None:
        self._wrong, self._good = wrong or RequestLimit(20), good or RequestLimit()

    def allows(self, target: Target | LinkProblem, address: str) -> bool:
        """Counts a request with this link, and says whether it may be answered."""
        if isinstance(target, LinkProblem):
            return self._wrong.allows(address_group(address))
        return self._good.allows(target.customer_id or target.message_id)

    @property
    def retry_after(self) -> int:
        """Seconds after which it is worth asking again."""
        return max(self._wrong.retry_after, self._good.retry_after)
