"""What every transport does."""

from __future__ import annotations

from typing import Protocol

from backend.domain.emails import Account, Answer, OutgoingEmail
from backend.errors import BackendError


class AccountUnknownError(BackendError):
    """The provider does not say what the account allows, so nothing may be sent."""


class Transport(Protocol):
    """Hands emails over, one at a time. All methods are safe to call from several threads."""

    @property
    def name(self) -> str:
        """A short word for logs and keys."""

    def send(self, email: OutgoingEmail) -> Answer:
        """Hands the email over once, without any repetition of its own.

        Whatever the provider says, or fails to say, is a return value. `Refused` and `Accepted` are certain;
        everything that is not certain is `Unanswered`.
        """

    def account(self) -> Account:
        """What the provider allows now, at most a minute old.

        Raises: `AccountUnknownError`.
        """
