"""What a staging installation may send: only to people on its list, with a subject that says where it comes from.

It stands between everything that sends and the transport, so that no page, campaign, automation or API call passes it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from backend.domain.emails import Account, Answer, OutgoingEmail, Refused
from backend.email.events.simulated import DOMAIN
from backend.email.transports.addresses import UnsendableError, parse_mailbox
from backend.email.transports.protocol import Transport

MARK = "[Staging] "
NOT_LISTED = "This is a staging installation, and the address is not in STAGING_RECIPIENTS."


class StagingTransport:
    """A `Transport` that refuses whoever is not on the list. An empty list permits SES's simulator alone."""

    def __init__(self, inner: Transport, allowed: Iterable[str]) -> None:
        """`allowed` are addresses, and domains that begin with "@"."""
        self._inner = inner
        self._allowed = frozenset(each.casefold() for each in allowed) | {f"@{DOMAIN}"}

    @property
    def name(self) -> str:
        return self._inner.name

    def send(self, email: OutgoingEmail) -> Answer:
        if not self._permits(email.to):
            return Refused(NOT_LISTED, retryable=False)
        subject = email.subject if email.subject.startswith(MARK) else MARK + email.subject
        return self._inner.send(replace(email, subject=subject))

    def account(self) -> Account:
        return self._inner.account()

    def _permits(self, to: str) -> bool:
        try:
            address = parse_mailbox(to, "The address").address.casefold()
        except UnsendableError:
            return False
        return address in self._allowed or f"@{address.rpartition('@')[2]}" in self._allowed
