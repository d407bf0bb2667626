"""How many emails a worker claims together: as many as it gets out in about a second.

Claiming together makes one commit of many, which is what makes sending fast. But what is claimed and not yet recorded
is in doubt when the process dies. A second's worth is both: commits are few, and so are the doubts.
"""

from __future__ import annotations

from dataclasses import dataclass

SMALLEST = 8
LARGEST = 200
"""More makes sending no faster: a commit is then a small part of the time."""


@dataclass(slots=True)
class Pace:
    """Kept for a process. `size` is how many messages the next round takes up, and claims together at most."""

    size: int = 50

    def learn(self, sent: int, seconds: float, *, held_back: bool) -> None:
        """From a round that handed over `sent` emails; `held_back` says that the rate allowed no more.

        What the rate holds back was rendered in vain, so the next round takes up twice what went out.
        """
        wanted = 2 * (sent if held_back else self.size)
        if sent:
            wanted = min(wanted, int(sent / max(seconds, 0.001)))
        self.size = max(SMALLEST, min(wanted, LARGEST))
