"""The local outbox: a transport that keeps emails in a Maildir instead of sending them. The default; works offline.

It takes what SES would take and refuses what SES would refuse for its form, and the addresses of SES's mailbox
simulator behave as there: with `events`, what SES would report is written into a queue of files. `outbox_reader` reads
the folder for people.
"""

from __future__ import annotations

import math
from pathlib import Path

from loguru import logger

from backend.disk_space import FILES_FULL, is_full
from backend.domain.emails import Accepted, Account, Answer, OutgoingEmail, Refused
from backend.domain.time import Clock, utc_now
from backend.email.events.simulated import simulated, simulated_events
from backend.email.events.spool import EventSpool
from backend.email.transports.addresses import UnsendableError, parse_mailbox
from backend.email.transports.headers import tags_of
from backend.email.transports.maildir import Maildir
from backend.email.transports.mime import build_mime

OWN_HEADERS = "X-Tillpost-"
FREE = Account(per_second=math.inf, daily_quota=-1, sent_last_24_hours=0, sandbox=False, sending_enabled=True)
"""A folder has no limits."""


class OutboxTransport:
    """A `Transport` that keeps emails in a folder."""

    name = "local"

    def __init__(self, folder: Path, *, clock: Clock = utc_now, events: EventSpool | None = None) -> None:
        self._maildir = Maildir(folder)
        self._clock = clock
        self._events = events

    def send(self, email: OutgoingEmail) -> Answer:
        """Takes the email. The provider's id is the id in the outbox."""
        now = self._clock()
        if self._events is not None and not self._events.has_room():
            return Refused(FILES_FULL, retryable=True, account_wide=True)  # what became of it could not be reported
        try:
            to = parse_mailbox(email.to, "The address").address
            event = simulated(to)
            mark = event.value if event else ""
            tags = tags_of(email)
            own = {f"{OWN_HEADERS}{name.capitalize()}": value for name, value in tags.items()}
            own |= {f"{OWN_HEADERS}Simulated": mark} if mark else {}
            message = build_mime(email, at=now, extra=own, eight_bit=True)
            taken = self._maildir.deliver(message, at=now, mark=mark)
        except UnsendableError as error:
            return Refused(error.sentence, retryable=False)
        except OSError as error:
            # A full disk, or no right to write. The move into place is the last step, so nothing was taken.
            why = FILES_FULL if is_full(error) else f"The outbox cannot be written: {error.strerror}."
            return Refused(why, retryable=True, account_wide=True)
        if self._events is not None:
            self._report(self._events, simulated_events(event, taken, to, email.sender, tags, now))
        return Accepted(taken)

    @staticmethod
    def _report(events: EventSpool, lines: bytes) -> None:
        """The email is taken by now, so a report that cannot be written does not change the answer."""
        try:
            events.write(lines)
        except OSError as error:
            logger.warning("An event of the outbox cannot be written: {}", error.strerror)

    def account(self) -> Account:
        return FREE
