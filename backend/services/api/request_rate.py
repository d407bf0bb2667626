"""How many requests an API key or an address may make: counted in the store, so that all processes share one limit.

A process takes permits in blocks, a twentieth of a window's, so that few requests cost a write. What is left of its
block when a window ends is lost. When the store does not answer, nothing is allowed.

Strangers can make up callers, each of which would cost a write. So a process may allow some requests of a window
`alone`, before it asks the store; then the limit is exceeded by so many for each process at most.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

from backend.services.context import Shop
from backend.store import schema
from backend.store.meter import access_pattern
from backend.store.port import EXPIRES, Plus, Update

_BLOCKS = 20
_KEPT_SECONDS = 60


@dataclass(frozen=True, slots=True)
class RatePolicy:
    """`most` requests in each window of so many seconds."""

    most: int = 1_000
    seconds: int = 10


@dataclass(frozen=True, slots=True)
class Taken:
    """Whether a request is allowed, how many more surely are in this window, and in how many seconds it ends."""

    allowed: bool
    left: int
    resets_in: int


@dataclass(slots=True)
class _Block:
    """What this process has of a window: `left` permits of its own, and `free` that nobody had taken."""

    window: int
    left: int
    free: int


class SharedRate:
    """The limit of this process's callers. Keep one for a process; all its threads may use it."""

    def __init__(self, policy: RatePolicy | None = None, *, alone: int = 0) -> None:
        self.policy, self._alone = policy or RatePolicy(), alone
        self._window = 0
        self._size = max(self.policy.most // _BLOCKS, 1)
        self._lock = threading.Lock()
        self._blocks: dict[str, _Block] = {}

    def take(self, shop: Shop, caller: str) -> Taken:
        """One permit for a request.

        Raises: `StoreBusyError`, `StoreUnreachableError`; then it is not known, and nothing may happen.
        """
        seconds = shop.clock().timestamp()
        window = int(seconds // self.policy.seconds)
        resets_in = self.policy.seconds - int(seconds % self.policy.seconds)
        with self._lock:
            if window != self._window:
                self._window, self._blocks = window, {}
            block = self._blocks.setdefault(caller, _Block(window, self._alone, self.policy.most))
            if not block.left and block.free:
                self._reserve(shop, caller, block)
            allowed = block.left > 0
            block.left -= allowed
            return Taken(allowed, block.left + block.free, resets_in)

    def _reserve(self, shop: Shop, caller: str, block: _Block) -> None:
        key = schema.api_window_key(caller, block.window)
        ends = (block.window + 1) * self.policy.seconds + _KEPT_SECONDS
        with access_pattern("api request rate"):
            # Not repeated when the answer is missing, so a lost one costs permits and gives none.
            item = shop.store.update(Update(key, set={EXPIRES: ends}, add={"n": Plus(self._size)}))
        taken = item.get("n")
        total = taken if isinstance(taken, int) else self.policy.most
        block.left = max(min(self._size, self.policy.most - (total - self._size)), 0)
        block.free = max(self.policy.most - total, 0)
