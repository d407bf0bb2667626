"""Segments and statistics as the API gives them."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel

from backend.api.v1.models.common import Moment, Shown


class SegmentOut(Shown):
    """A segment. `rule` says in words who belongs to it; ready ones come with the program."""

    id: str
    name: str
    rule: str
    text: str
    ready: bool
    version: int


class CountOut(BaseModel):
    """How many customers belong, as of the snapshot that was asked."""

    count: int
    as_of: Moment | None


class TotalsOut(Shown):
    """Sums over the orders that were placed in a period. Revenue is net of refunds."""

    orders: int
    revenue: int
    refunded: int
    cancelled: int
    new_customers: int


class DayOut(TotalsOut):
    """The same of one of the shop's days."""

    day: date


class SalesOut(BaseModel):
    """The sales of a period, and of each of its days that had any."""

    currency: str
    total: TotalsOut
    days: list[DayOut]


class SendsOut(BaseModel):
    """What was sent in a period: all of it, and by template. Names are those of the counters: sent, bounced, …"""

    total: dict[str, int]
    templates: dict[str, dict[str, int]]
