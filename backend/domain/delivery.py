"""The outcomes of a message after it was handed over, as the provider reports them: a set of facts, not one state.

Reports come more than once and in any order. Each outcome is noted once for a message, with its first moment, so that
the order of reports changes nothing. What people see is the outcome of the highest rank.
"""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """One fact about a message, from the least to the most important.

    SOFT_BOUNCED is for now (a full mailbox), BOUNCED for good. BOT_OPENED and BOT_CLICKED are what a program has likely
    done: Apple's privacy protection loads the images of every email, and scanners open each link.
    """

    DELAYED = "delayed"
    SOFT_BOUNCED = "soft bounced"
    DELIVERED = "delivered"
    BOT_OPENED = "bot opened"
    OPENED = "opened"
    BOT_CLICKED = "bot clicked"
    CLICKED = "clicked"
    UNSUBSCRIBED = "unsubscribed"
    REJECTED = "rejected"
    BOUNCED = "bounced"
    COMPLAINED = "complained"

    @property
    def rank(self) -> int:
        """A later open never covers a complaint."""
        return _RANKS[self]

    @property
    def counter(self) -> str:
        """The name under which messages with this outcome are counted, and of the attribute with its moment."""
        return self.value.replace(" ", "_")


FAILURES = frozenset({Outcome.DELAYED, Outcome.SOFT_BOUNCED, Outcome.REJECTED, Outcome.BOUNCED})
"""Outcomes that the receiving server, or the provider, gives a reason for."""
_RANKS = {outcome: rank for rank, outcome in enumerate(Outcome)}


class Mailbox(StrEnum):
    """Providers of mailboxes, by the domain of an address; their rules differ, so figures are kept for each."""

    GMAIL = "gmail"
    MICROSOFT = "microsoft"
    YAHOO = "yahoo"
    APPLE = "apple"
    GMX = "gmx"
    PROTON = "proton"
    OTHER = "other"


_DOMAINS = {
    Mailbox.GMAIL: ("gmail.com", "googlemail.com"),
    Mailbox.MICROSOFT: ("outlook.com", "hotmail.com", "live.com", "msn.com", "hotmail.co.uk", "outlook.de"),
    Mailbox.YAHOO: ("yahoo.com", "ymail.com", "rocketmail.com", "aol.com", "yahoo.co.uk", "yahoo.de"),
    Mailbox.APPLE: ("icloud.com", "me.com", "mac.com"),
    Mailbox.GMX: ("gmx.de", "gmx.net", "gmx.com", "gmx.at", "gmx.ch", "web.de"),
    Mailbox.PROTON: ("proton.me", "protonmail.com", "pm.me"),
}
_BY_DOMAIN = {domain: mailbox for mailbox, domains in _DOMAINS.items() for domain in domains}


def mailbox_of(address: str) -> Mailbox:
    """The provider of an address's mailbox, by its domain; a company's own domain counts as OTHER."""
    return _BY_DOMAIN.get(address.rpartition("@")[2].lower(), Mailbox.OTHER)
