"""What other mail programs write into their suppression lists: reasons, dates, and the titles of columns.

Reasons follow the documentation of Amazon SES, SendGrid, Postmark, Mailgun, Mailchimp, Brevo, Klaviyo and SparkPost.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from dateutil import parser

from backend.domain.suppression import SuppressionReason
from backend.services.imports.dates import ZONES, DateOrder
from backend.services.imports.dialect import title_words

ADDRESS_TITLES = frozenset(
    {"e mail address", "email address", "e mail", "email", "address", "recipient", "mail", "to", "subscriber"}
    | {"e mail adresse", "adresse e mail", "correo electronico", "subscriber email", "recipient email", "contact"}
    | {"emailaddress", "email id", "contact email", "profile email"}
)
REASON_TITLES = (
    *("reason", "suppression reason", "block reason", "blocked reason", "bounce reason", "unsub reason", "cause"),
    *("type", "suppression type", "bounce type", "list", "event", "category", "classification", "grund", "raison"),
    *("motif", "motivo", "source", "origin", "description", "error", "message", "code", "status", "state"),
)
"""In the order in which they are tried."""
SINCE_TITLES = (
    *("since", "created", "created at", "date", "timestamp", "time", "date added", "added", "added at", "date created"),
    *("created date", "suppressed at", "suppression date", "last update time", "last updated time", "bounced at"),
    *("unsub time", "clean time", "unsubscribed at", "updated", "updated at", "last updated", "event date", "datum"),
    *("blocked at", "optout date", "opt out date", "inserted at"),
)
_TOLD_BY_COLUMN = {
    "clean time": SuppressionReason.HARD_BOUNCE,
    "unsub time": SuppressionReason.UNSUBSCRIBED,
    "unsubscribed at": SuppressionReason.UNSUBSCRIBED,
    "optout date": SuppressionReason.UNSUBSCRIBED,
    "opt out date": SuppressionReason.UNSUBSCRIBED,
    "bounced at": SuppressionReason.HARD_BOUNCE,
}
"""Mailchimp's exports have no reason, but a date column for each reason."""

_PERMANENT = re.compile(r"(?<![\d.])5(?:\d\d|\.\d{1,3}\.\d{1,3})(?![\d.])")
_TEMPORARY = re.compile(r"(?<![\d.])4(?:\d\d|\.\d{1,3}\.\d{1,3})(?![\d.])|\b(?:soft|transient|temporary)\b")
_GETS_MAIL = re.compile(r"subscribed|active|delivered|ok|valid|confirmed|opted in|opt in|accepted|clean|unblocked|none")
_KINDS: tuple[tuple[re.Pattern[str], SuppressionReason], ...] = (
    (re.compile(r"complain|\bspam|\babuse|\bjunk|feedback loop|\bfbl\b|beschwerde|plainte|queja"),
     SuppressionReason.COMPLAINT),
    (re.compile(r"\bunsub|\bopt(ed)? ?out|\boptout|abgemeldet|abmeldung|desinscri|desabonn|\bbaja\b"
                r"|(never|not|non) ?subscribed|unsubscri|do not (send|market)"), SuppressionReason.UNSUBSCRIBED),
    (re.compile(r"user suppressed|admin blocked|manual|\badmin|\bapi\b|compliance"), SuppressionReason.MANUAL),
    (re.compile(r"bounc|\binvalid|undeliver|not exist|unknown user|user unknown|no such|\bcleaned|\bdropped|\brejected"
                r"|\bhard\b|\bpermanent|not found|no mailbox|mailbox unavailable|account disabled|unroutable"
                r"|unzustellbar|rebond"), SuppressionReason.HARD_BOUNCE),
    (re.compile(r"block|blacklist|denylist|suppress|do not|gdpr|deleted|forgotten|gesperrt|manuell|manuel"),
     SuppressionReason.MANUAL),
)  # fmt: skip
_WITH_POINTS = re.compile(r"\d{1,2}\.\d{1,2}\.\d")
_EPOCH = re.compile(r"(\d{9,10}|\d{12,13})(?:\.\d{1,9})?")
_DEFAULTS = (datetime(2000, 1, 1), datetime(2001, 2, 2))  # noqa: DTZ001 - what a text leaves out has no zone either
_LONGEST_LABEL = 60
"""A longer text is a sentence of a mail server, in which "spam" is not a person's complaint."""


def reason_of_columns(titles: Iterable[str]) -> SuppressionReason | None:
    """The reason that all lines of a file have, where its columns show it."""
    return next((_TOLD_BY_COLUMN[title] for title in titles if title in _TOLD_BY_COLUMN), None)


@lru_cache(4096)
def reason_of(text: str) -> SuppressionReason | None:
    """The reason that these words mean; None for unknown words.

    A mail server's answer is recognised by its code (RFC 5321, RFC 3463): 5xx is a hard bounce. Temporary ones are
    *manual*: the mailbox exists, but the other program suppressed it.
    """
    written = text.casefold()
    if _PERMANENT.search(written):
        return SuppressionReason.HARD_BOUNCE
    words = title_words(text)
    if _TEMPORARY.search(written) or _TEMPORARY.search(words):
        return SuppressionReason.MANUAL
    kinds = _KINDS if len(words) <= _LONGEST_LABEL else _KINDS[3:]
    return next((reason for pattern, reason in kinds if pattern.search(words)), None)


def gets_mail(text: str) -> bool:
    """Whether these words say that the address is not suppressed at all, as in a list of all subscribers."""
    return _GETS_MAIL.fullmatch(title_words(text)) is not None


def moment_of(text: str, zone: ZoneInfo, dates: DateOrder = DateOrder.UNKNOWN) -> tuple[datetime, bool]:
    """A moment as any program writes it, in UTC, and whether its day and month could be meant the other way round.

    Seconds or milliseconds since 1970, ISO 8601, RFC 5322, and written dates; without an offset the time is the zone's.

    Raises: `ValueError`.
    """
    if match := _EPOCH.fullmatch(text):
        seconds = float(text) / (1000 if len(match[1]) > 10 else 1)
        return datetime.fromtimestamp(seconds, UTC), False
    try:
        return _in_utc(datetime.fromisoformat(text), zone), False
    except ValueError:
        month_first, day_first = _written(text, day_first=False), _written(text, day_first=not text[:4].isdecimal())
        if _WITH_POINTS.match(text):
            dates = DateOrder.DAY_FIRST
        if dates:
            return _in_utc(day_first if dates is DateOrder.DAY_FIRST else month_first, zone), False
        return _in_utc(max(month_first, day_first), zone), month_first != day_first


def _written(text: str, *, day_first: bool) -> datetime:
    try:
        found = [parser.parse(text, dayfirst=day_first, default=default, tzinfos=_offset_of) for default in _DEFAULTS]
    except (parser.ParserError, OverflowError, TypeError) as error:
        raise ValueError(text) from error
    if found[0] != found[1]:
        raise ValueError(text)  # day, month or year is missing
    return found[0]


def _offset_of(name: str | None, seconds: int | None) -> int | None:
    """Seconds east of UTC, also for the names of zones that mail programs write."""
    if name is None or seconds is not None:
        return seconds
    hours = ZONES.get(name.upper())
    return None if hours is None else hours * 3600


def _in_utc(moment: datetime, zone: ZoneInfo) -> datetime:
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except OverflowError as error:
        raise ValueError(moment.isoformat()) from error
