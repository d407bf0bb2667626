"""The local outbox: a transport that keeps emails in a Maildir instead of sending them. The default; works offline.

It takes what SES would take and refuses what SES would refuse for its form, and the addresses of SES's mailbox
simulator behave as there. `outbox_reader` reads the folder for people.
"""

from __future__ import annotations

import math
from pathlib import Path

from backend.domain.emails import Accepted, Account, Answer, OutgoingEmail, Refused
from backend.domain.time import Clock, utc_now
from backend.email.transports.addresses import UnsendableError, parse_mailbox
from backend.email.transports.headers import tags_of
from backend.email.transports.maildir import Maildir
from backend.email.transports.mime import build_mime
from backend.email.transports.simulator import simulated

OWN_HEADERS = "X-Tillpost-"
FREE = Account(per_second=math.inf, daily_quota=-1, sent_last_24_hours=0, sandbox=False, sending_enabled=True)
"""A folder has no limits."""


class OutboxTransport:
    """A `Transport` that keeps emails in a folder."""

    name = "local"

    def __init__(self, folder: Path, *, clock: Clock = utc_now) -> None:
        self._maildir = Maildir(folder)
        self._clock = clock

    def send(self, email: OutgoingEmail) -> Answer:
        """Takes the email. The provider's id is the id in the outbox."""
        now = self._clock()
        try:
            event = simulated(parse_mailbox(email.to, "The address").address)
            mark = event.value if event else ""
            own = {f"{OWN_HEADERS}{name.capitalize()}": value for name, value in tags_of(email).items()}
            own |= {f"{OWN_HEADERS}Simulated": mark} if mark else {}
            message = build_mime(email, at=now, extra=own, eight_bit=True)
            return Accepted(self._maildir.deliver(message, at=now, mark=mark))
        except UnsendableError as error:
            return Refused(error.sentence, retryable=False)
        except OSError as error:
            # A full disk, or no right to write. The move into place is the last step, so nothing was taken.
            return Refused(f"The outbox cannot be written: {error.strerror}.", retryable=True, account_wide=True)

    def account(self) -> Account:
        return FREE
