"""Statistics: what was sold and what was sent in a period, from kept counters."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from backend.api.v1.call import CallOf, First, Last, period
from backend.api.v1.models.figures import DayOut, SalesOut, SendsOut, TotalsOut
from backend.api.v1.route import needs, router_of
from backend.domain.api_keys import Scope
from backend.services.statistics.figures import totals_by_day, totals_of
from backend.services.statistics.sending import ChartStep, send_figures

router = router_of("Statistics")
_DAYS = 30


@router.get("/sales", **needs(Scope.STATISTICS_READ))
def read_sales(call: CallOf, first: First = None, last: Last = None) -> SalesOut:
    """Read the sales of the shop's days from first to last, both included."""
    found = totals_by_day(call.shop, *period(call, first, last, _DAYS))
    days = [DayOut.read(each.totals, day=each.day) for each in found]
    return SalesOut(currency=call.shop.currency, total=TotalsOut.read(totals_of(found)), days=days)


@router.get("/sends", **needs(Scope.STATISTICS_READ))
def read_sends(
    call: CallOf, first: First = None, last: Last = None, template: Annotated[str, Query(max_length=100)] = ""
) -> SendsOut:
    """Read how many emails were sent, delivered, bounced and so on, of all templates or of one."""
    figures = send_figures(call.shop, *period(call, first, last, _DAYS), ChartStep.DAY, template)
    return SendsOut(total=figures.totals, templates=figures.templates)
