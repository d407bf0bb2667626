"""SES's mailbox simulator, and what SES would report about an email in the local outbox, in SES's own form.

So the same code takes in what the outbox and SES report.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import orjson

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


_Details = tuple[str, str, dict[str, Any]]


def simulated_events(
    outcome: Simulated | None, provider_id: str, to: str, sender: str, tags: Mapping[str, str], at: datetime
) -> bytes:
    """Events as lines of JSON, in the order in which they happen."""
    moment = at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    mail = {
        "timestamp": moment,
        "source": sender,
        "messageId": provider_id,
        "destination": [to],
        "headersTruncated": False,
        "tags": {"ses:configuration-set": ["local"], **{name: [value] for name, value in tags.items()}},
    }
    lines = [
        orjson.dumps({"eventType": kind, "mail": mail, part: {"timestamp": moment, **details} if details else {}})
        for kind, part, details in [("Send", "send", {}), *_after(outcome, to, provider_id)]
    ]
    return b"\n".join(lines) + b"\n"


def _after(outcome: Simulated | None, to: str, provider_id: str) -> list[_Details]:
    match outcome:
        case Simulated.BOUNCED:
            return [_bounce(to, provider_id, "Permanent", "General", "5.1.1", "550 5.1.1 user unknown")]
        case Simulated.SUPPRESSED:
            reason = "The address is on the suppression list of the account."
            return [_bounce(to, provider_id, "Permanent", "OnAccountSuppressionList", "5.1.1", reason)]
        case Simulated.COMPLAINED:
            complaint = {
                "complainedRecipients": [{"emailAddress": to}],
                "feedbackId": f"{provider_id}-complaint",
                "complaintSubType": None,
                "userAgent": "Simulated feedback loop",
                "complaintFeedbackType": "abuse",
            }
            return [_delivery(to), ("Complaint", "complaint", complaint)]
        case Simulated.OUT_OF_OFFICE:
            return [_delivery(to), _bounce(to, provider_id, "Transient", "General", "", "Out of the office.")]
        case _:
            return [_delivery(to)]


def _delivery(to: str) -> _Details:
    details = {"recipients": [to], "smtpResponse": "250 2.6.0 taken by the local outbox", "processingTimeMillis": 1}
    return "Delivery", "delivery", details


def _bounce(to: str, provider_id: str, kind: str, sub_type: str, status: str, words: str) -> _Details:
    recipient = {"emailAddress": to, "action": "failed", "status": status, "diagnosticCode": f"smtp; {words}"}
    details = {"bounceType": kind, "bounceSubType": sub_type, "bouncedRecipients": [recipient]}
    return "Bounce", "bounce", details | {"feedbackId": f"{provider_id}-bounce"}
