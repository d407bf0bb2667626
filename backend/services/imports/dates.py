"""Dates of a file as programs and spreadsheets write them. The file itself shows whether day or month comes first.

One date such as 31/12/2025 settles the whole column, and so does one that would otherwise lie in the future. Where
nothing settles it, a person is asked: a guess would move every order to another day.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from zoneinfo import ZoneInfo

from backend.domain.text import fold
from backend.domain.time import check_placed_at
from backend.errors import InvalidInputError

ZONES = {"UTC": 0, "GMT": 0, "Z": 0, "BST": 1, "CET": 1, "CEST": 2, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5} | {
    "MST": -7,
    "MDT": -6,
    "PST": -8,
    "PDT": -7,
}
"""Hours east of UTC, by the names of zones that programs write."""
_AT = r"(?:[T ]|,\s*)\s*(?:at |um |à |a las )?"
_TIME = rf"(?:{_AT}(\d{{1,2}})[:.](\d\d)(?:[:.](\d\d)(?:[.,]\d{{1,9}})?)?\s*([AP])?\.?(?:M\.?)?)?"
_OFFSET = rf"\s*(Z|UTC|GMT|{'|'.join(ZONES)}|[+-]\d\d(?::?\d\d)?)?"
_ISO = re.compile(rf"(\d{{4}})-(\d\d)-(\d\d){_TIME}{_OFFSET}", re.IGNORECASE)
_YEAR_FIRST = re.compile(rf"(\d{{4}})[/.-](\d{{1,2}})[/.-](\d{{1,2}}){_TIME}{_OFFSET}", re.IGNORECASE)
_YEAR_LAST = re.compile(rf"(\d{{1,2}})([/.-])\s?(\d{{1,2}})[/.-]\s?(\d{{4}}|\d\d){_TIME}{_OFFSET}", re.IGNORECASE)
_WORD = r"[^\W\d_]{3,}"
_NAMED = re.compile(
    rf"(?:{_WORD},?\s+)?(?:(\d{{1,2}})(?:st|nd|rd|th)?[ .-]+(?:de )?({_WORD})|({_WORD})\.? (\d{{1,2}})(?:st|nd|rd|th)?)"
    rf"(?: de |[,. -]+)(\d{{4}}|\d\d){_TIME}{_OFFSET}",
    re.IGNORECASE,
)
_COMPACT = re.compile(r"(20\d\d)(\d\d)(\d\d)(?:T?(\d\d)(\d\d)(\d\d)?Z?)?")
_EPOCH = re.compile(r"(1\d{9})(\d{3})?(?:\.\d+)?")
_SERIAL = re.compile(r"([3-7]\d{4})(?:[.,](\d{1,12}))?")
_MONTHS = (
    *("jan jän gen ene", "feb fev", "mar mär", "apr avr abr", "may mai mag mei", "jun juin giu", "jul juil lug"),
    *("aug aou ago", "sep set", "oct okt ott out", "nov", "dec dez dic"),
)
"""How names of months begin in English, German, French, Spanish, Italian, Portuguese and Dutch, without accents."""
_MONTHS_A_YEAR = 12
_SERIAL_START = datetime(1899, 12, 30)  # noqa: DTZ001 - a day of the shop, of which the zone follows
_UTC = frozenset({"Z", "UTC", "GMT", "+0000", "+00:00"})


class DateOrder(StrEnum):
    """Whether day or month comes first in a date such as 02/03/2026."""

    UNKNOWN = ""
    DAY_FIRST = "day-first"
    MONTH_FIRST = "month-first"


def date_order_of(text: str) -> DateOrder:
    """The order that was asked for. Raises: `InvalidInputError` for another word."""
    try:
        return DateOrder(text)
    except ValueError as error:
        raise InvalidInputError("Dates are day-first or month-first.", "dates") from error


class DateEvidence:
    """Learns from the dates of a file whether day or month comes first."""

    def __init__(self, zone: ZoneInfo, now: datetime) -> None:
        self._zone, self._latest = zone, now + timedelta(days=1)
        self._day_first = self._month_first = self._settled = False
        self._ambiguous = ""

    def see(self, text: str) -> None:
        """Learns from one date; ISO 8601 shows nothing."""
        if text[4:5] == "-":
            self._settled = True
            return
        if (match := _YEAR_LAST.fullmatch(text.strip())) is None or match[2] == ".":
            return
        first, second, year = int(match[1]), int(match[3]), _year(match[4], self._latest)
        if first == second:
            return
        day_first = second <= _MONTHS_A_YEAR and not self._is_future(year, second, first)
        month_first = first <= _MONTHS_A_YEAR and not self._is_future(year, first, second)
        self._day_first |= day_first and not month_first
        self._month_first |= month_first and not day_first
        if day_first and month_first:
            self._ambiguous = self._ambiguous or text.strip()[:40]

    def order_if_shown(self) -> DateOrder:
        """What the file shows; unknown when it shows nothing."""
        if self._day_first != self._month_first:
            return DateOrder.DAY_FIRST if self._day_first else DateOrder.MONTH_FIRST
        return DateOrder.UNKNOWN

    def order(self) -> DateOrder:
        """As `order_if_shown`.

        Raises: `InvalidInputError` when its dates can be read in two ways, and nothing settles it. Where others are
        written with the year first, such a date costs its own order alone.
        """
        shown = self.order_if_shown()
        if self._ambiguous and not shown and not self._settled:
            raise _two_ways(self._ambiguous)
        return shown

    def _is_future(self, year: int, month: int, day: int) -> bool:
        latest = self._latest.astimezone(self._zone)
        return (year, month, day) > (latest.year, latest.month, latest.day)


def _two_ways(text: str) -> InvalidInputError:
    return InvalidInputError(
        f"“{text}” can be read with the day first or with the month first, and the file does not show which. Say how "
        "its dates are written: choose it on the page, or use --dates day-first or --dates month-first.",
        "dates",
    )


class Moments:
    """Reads the moments of one file."""

    def __init__(self, zone: ZoneInfo, now: datetime, order: DateOrder) -> None:
        self._zone, self._now, self._order = zone, now, order

    def read(self, text: str, label: str) -> datetime:
        """The moment; without an offset it is the shop's time.

        Raises: `InvalidInputError` when it is missing, no date, in the future or before 1990.
        """
        bare = text.strip()
        if not bare:
            raise InvalidInputError(f"{label} is missing.")
        try:
            moment = _as_exported(bare) or self._moment(bare)
        except (ValueError, OverflowError) as error:
            raise InvalidInputError(f"{label} is no day of the calendar: “{bare[:40]}”.") from error
        if moment is None:
            raise InvalidInputError(f"{label} is not a date such as 2026-11-26 14:32:00 +0100: “{bare[:40]}”.")
        return check_placed_at(moment, self._now, label)

    def _moment(self, text: str) -> datetime | None:
        if match := _ISO.fullmatch(text) or _YEAR_FIRST.fullmatch(text):
            year, month, day, *time = match.groups()
            return self._at(int(year), int(month), int(day), time)
        if match := _YEAR_LAST.fullmatch(text):
            first, sign, second, year, *time = match.groups()
            month, day = self._month_and_day(int(first), int(second), sign, text)
            return self._at(_year(year, self._now), month, day, time)
        if match := _NAMED.fullmatch(text):
            day, name, other_name, other_day, year, *time = match.groups()
            month = _month_of(name or other_name)
            return self._at(_year(year, self._now), month, int(day or other_day), time)
        if match := _EPOCH.fullmatch(text):
            return datetime.fromtimestamp(int(match[1]), UTC)
        if match := _COMPACT.fullmatch(text):
            year, month, day, *time = match.groups()
            return self._at(int(year), int(month), int(day), [*time, "", "Z" if text.endswith("Z") else ""])
        if match := _SERIAL.fullmatch(text):
            local = _SERIAL_START + timedelta(days=float(f"{match[1]}.{match[2] or 0}"))
            return (local + timedelta(milliseconds=500)).replace(microsecond=0, tzinfo=self._zone).astimezone(UTC)
        return None

    def _month_and_day(self, first: int, second: int, sign: str, text: str) -> tuple[int, int]:
        """A date with points has the day first; one that can be read in one way alone is read in that way."""
        if (
            self._order is DateOrder.UNKNOWN
            and sign != "."
            and first != second
            and max(first, second) <= _MONTHS_A_YEAR
        ):
            raise _two_ways(text[:40])
        month_first = self._order is DateOrder.MONTH_FIRST and sign != "."
        if (month_first and first <= _MONTHS_A_YEAR) or second > _MONTHS_A_YEAR:
            return first, second
        return second, first

    def _at(self, year: int, month: int, day: int, time: list[str | None]) -> datetime:
        hour, minute, second = (int(part or 0) for part in time[:3])
        half, offset = (time[3] or "").upper(), (time[4] or "").upper()
        if half:
            hour = hour % 12 + (12 if half == "P" else 0)
        moment = datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - the zone follows
        if not offset:
            return moment.replace(tzinfo=self._zone).astimezone(UTC)
        if offset in _UTC:
            return moment.replace(tzinfo=UTC)
        if offset in ZONES:
            return (moment - timedelta(hours=ZONES[offset])).replace(tzinfo=UTC)
        distance = timedelta(hours=int(offset[1:3]), minutes=int(offset[3:].strip(":") or 0))
        return moment.replace(tzinfo=timezone(-distance if offset[0] == "-" else distance)).astimezone(UTC)


def _month_of(name: str) -> int:
    """Raises: `ValueError` for a word that is no month."""
    start = fold(name)
    found = (number for number, words in enumerate(_MONTHS, 1) if any(start.startswith(fold(w)) for w in words.split()))
    month = next(found, None)
    if month is None:
        raise ValueError(name)
    return month


def _as_exported(text: str) -> datetime | None:
    """A moment exactly as Shopify writes it, "2026-11-26 14:32:00 +0100", as nearly all are."""
    if len(text) != len("2026-11-26 14:32:00 +0100") or text[19] != " ":
        return None
    try:
        return datetime.fromisoformat(text[:19] + text[20:]).astimezone(UTC)
    except ValueError:
        return None


def _year(text: str, now: datetime) -> int:
    """The year; one of two digits is the last that is not after the next year."""
    if len(text) == len("2026"):
        return int(text)
    year = now.year // 100 * 100 + int(text)
    return year if year <= now.year + 1 else year - 100
