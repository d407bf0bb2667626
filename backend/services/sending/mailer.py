"""What sending needs beside the shop: a transport, the shared rate window, links, and the installation's limits."""

from __future__ import annotations

from dataclasses import dataclass, field

from backend.domain.eligibility import MarketingLimits
from backend.email.links import Links
from backend.email.rate import RateWindow
from backend.email.transports.protocol import Transport
from backend.services.sending.pace import Pace


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
