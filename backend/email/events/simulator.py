"""SES's mailbox simulator for the local outbox: addresses whose mail bounces, is complained about, or arrives.

The addresses and what they simulate are those of AWS's "Using the mailbox simulator" (SES developer guide). Labels
are possible: `bounce+anything@simulator.amazonses.com`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

DOMAIN = "simulator.amazonses.com"


class Simulated(StrEnum):
    """What happens to an email after the transport has taken it."""

    DELIVERED = "delivered"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    OUT_OF_OFFICE = "outofoffice"
    SUPPRESSED = "suppressed"
    """The address is on the provider's own suppression list, which it reports as a hard bounce."""


@dataclass(frozen=True, slots=True)
class SimulatedEvent:
    """Something that happened to an email in the outbox. `message_id` is the ledger's, `outbox_id` the outbox's."""

    outbox_id: str
    message_id: str
    address: str
    event: Simulated
    at: datetime


_BEHAVIOUR = {
    "success": Simulated.DELIVERED,
    "bounce": Simulated.BOUNCED,
    "complaint": Simulated.COMPLAINED,
    "ooto": Simulated.OUT_OF_OFFICE,
    "suppressionlist": Simulated.SUPPRESSED,
}


def simulated(address: str) -> Simulated | None:
    """What the simulator does with mail to the address; None for everybody else."""
    local, _, domain = address.rpartition("@")
    if domain.lower() != DOMAIN:
        return None
    return _BEHAVIOUR.get(local.partition("+")[0].lower())
