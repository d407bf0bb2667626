"""Sessions of members as they are listed: the device, when it was last seen, and what members are emailed about."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

LONGEST_SESSION = timedelta(days=90)
"""The most that SESSION_DAYS may say."""
SEEN_EVERY = timedelta(hours=1)
"""How coarse `seen_at` is: it is written at most so often."""

_BROWSERS = (
    ("Edge", r"\bEdg(e|A|iOS)?/"),
    ("Opera", r"\bOPR/"),
    ("Samsung Internet", r"\bSamsungBrowser/"),
    ("Firefox", r"\b(Firefox|FxiOS)/"),
    ("Chrome", r"\b(Chrome|CriOS|HeadlessChrome)/"),
    ("Safari", r"\bSafari/"),
)
"""The first that matches counts: most browsers name others, too."""
_SYSTEMS = (
    ("Android", r"\bAndroid\b"),
    ("iPhone", r"\biPhone\b"),
    ("iPad", r"\biPad\b"),
    ("ChromeOS", r"\bCrOS\b"),
    ("Windows", r"\bWindows\b"),
    ("macOS", r"\b(Macintosh|Mac OS X)\b"),
    ("Linux", r"\bLinux\b"),
)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session as it is stored: which member's, on which device, and when it was last used.

    `id` follows from the beginning (`services.team.sessions.Session.id`).
    """

    username: str
    id: str
    began_at: datetime
    seen_at: datetime
    device: str = ""
    ended_at: datetime | None = None


class AccountEvent(StrEnum):
    """What a member gets an email about, so that somebody else's doing is noticed."""

    NEW_DEVICE = "new device"
    PASSWORD = "password"  # noqa: S105 - a word
    SECOND_FACTOR_ON = "second factor on"
    SECOND_FACTOR_OFF = "second factor off"
    RECOVERY_CODES = "recovery codes"


@dataclass(frozen=True, slots=True)
class AccountNotice:
    """An email to a member that is not asked for yet. `device` is that of the new sign-in."""

    id: str
    username: str
    event: AccountEvent
    at: datetime
    device: str = ""


def device_of(user_agent: str) -> str:
    """The device in words, such as "Firefox on Windows", from the header `User-Agent` (RFC 9110, section 10.1.5)."""
    browser, system = _first(_BROWSERS, user_agent), _first(_SYSTEMS, user_agent)
    return " on ".join(part for part in (browser or "Another browser", system) if part)


def _first(known: tuple[tuple[str, str], ...], user_agent: str) -> str:
    return next((name for name, pattern in known if re.search(pattern, user_agent)), "")
