"""Runs what is to be measured, one after the other, in one process on one machine."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from backend.errors import BackendError
from benchmarks import (
    campaigns,
    capacity,
    events,
    http_intake,
    importing,
    intake,
    lists,
    machine,
    mail_rate,
    mail_sending,
    pages,
    segments,
    send_month,
    top,
)
from benchmarks.big_shop import BigShop, big_shop
from benchmarks.pages import PagesNotMeasuredError
from benchmarks.plans import PLANS, BenchPlan, Group, Size
from benchmarks.results import BenchReport, Measurement

Say = Callable[[str], None]


def run_bench(folder: Path, size: Size, only: Sequence[Group], say: Say) -> BenchReport:
    """Measures and returns the result. Shops are kept in the folder and used again; the rest is removed.

    Raises: `BackendError` of the store.
    """
    folder.mkdir(parents=True, exist_ok=True)
    facts = machine.facts(folder)
    # As the server does: what is loaded stays, and is not looked over at each collection.
    gc.collect()
    gc.freeze()
    measurements: list[Measurement] = []
    skipped: list[str] = []
    for group in only or tuple(Group):
        say(f"Measuring: {group} …")
        for found in _measured(group, folder, PLANS[size], say):
            if isinstance(found, Measurement):
                measurements.append(found)
            else:
                skipped.append(found)
    return BenchReport(facts, size.value, measurements, skipped)


def _measured(group: Group, folder: Path, plan: BenchPlan, say: Say) -> Iterator[Measurement | str]:
    match group:
        case Group.TOP:
            yield from top.measure([big_shop(folder, customers, say) for customers in plan.shops])
        case Group.INTAKE:
            yield from intake.measure(folder, plan.intake)
        case Group.HTTP:
            yield from http_intake.measure(folder, plan.intake)
        case Group.IMPORT:
            yield from importing.measure(folder, plan.imported)
        case Group.LISTS:
            yield from lists.measure(_largest(folder, plan, say))
        case Group.CAPACITY:
            yield from capacity.measure()
        case Group.SENDING:
            yield from mail_sending.measure(folder, plan.emails)
        case Group.RATE:
            yield from mail_rate.measure(folder, plan.rates, int(plan.rate_seconds))
        case Group.EVENTS:
            yield from events.measure(folder, plan.events)
        case Group.SEGMENTS:
            yield from segments.measure(folder, _largest(folder, plan, say))
        case Group.CAMPAIGN:
            yield from campaigns.measure(folder, plan.recipients, plan.rate_seconds)
        case Group.STATS:
            yield from send_month.measure(folder, plan.month, plan.page_runs, pages=plan.browser)
        case Group.PAGES:
            yield from _pages(folder, plan, say)


def _pages(folder: Path, plan: BenchPlan, say: Say) -> Iterator[Measurement | str]:
    big = _largest(folder, plan, say)
    try:
        yield from pages.measure(big, runs=plan.page_runs, sessions=plan.sessions, browser=plan.browser)
    except (PagesNotMeasuredError, BackendError) as error:
        yield f"pages: {error}"


def _largest(folder: Path, plan: BenchPlan, say: Say) -> BigShop:
    return big_shop(folder, plan.shops[-1], say)
