"""What sending needs beside the shop: a transport, the shared rate window, links, the installation's limits, and the
pace: a worker claims as many emails together as it gets out in about a second."""

from __future__ import annotations

from dataclasses import dataclass, field

from backend.domain.eligibility import MarketingLimits
from backend.email.links import Links
from backend.email.rate import RateWindow
from backend.email.transports.protocol import Transport

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


@dataclass(frozen=True, slots=True)
class Mailer:
    """Made once by `backend.bootstrap`. `sender` is the address for shops that have set none of their own.

    `concurrency` is how many emails this process hands over at the same time, `pace` how many it claims together.
    Campaigns for `approval_from` recipients and more need a second person's approval.
    """

    transport: Transport
    window: RateWindow
    links: Links
    sender: str
    limits: MarketingLimits = field(default_factory=MarketingLimits)
    concurrency: int = 8
    pace: Pace = field(default_factory=Pace)
    approval_from: int = 1_000
