"""What pages read, kept for some seconds and shared by everybody who may see it.

A key holds all that a result depends on: the function, its arguments, and the shop (its store, currency, zone, locale,
and how often something was written here). So whoever writes calls `changed` and sees the change at once, and a read
that began before the write cannot come back after it. What other processes write is seen when the time is over.
Services whose answer needs a permission are asked in the name of who is signed in, and the role is part of the key:
what is kept for one role is never shown to another.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from datetime import date
from typing import Concatenate, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

import streamlit as st

from backend.domain.products import Sold
from backend.domain.segment_text import rule_text
from backend.domain.segments import Goods, Rule, WordField
from backend.domain.team import Actor
from backend.domain.totals import Totals
from backend.errors import PermissionDeniedError
from backend.services.automations import backfill
from backend.services.automations.figures import figures_of
from backend.services.automations.waiting_triggers import count_waiting
from backend.services.campaigns import results
from backend.services.context import Shop
from backend.services.customers import bulk as customer_bulk
from backend.services.customers import leaderboards, lists
from backend.services.deliverability import account
from backend.services.first_steps import checklist
from backend.services.insights import at_risk, buyers, returning
from backend.services.insights.buyers import Buyers
from backend.services.orders import bulk as order_bulk
from backend.services.orders import lists as order_lists
from backend.services.products import bought, counting
from backend.services.products import figures as product_figures
from backend.services.products import lists as product_lists
from backend.services.search import everything
from backend.services.segments import audience, library, preview
from backend.services.segments.ready import READY
from backend.services.sending.repair import ids_that_may_go_again
from backend.services.statistics import figures, overview, sending
from backend.services.system.costs import this_month
from backend.services.team import members
from backend.services.templates.overview import email_overview
from backend.services.todo import tasks
from pages.components.ui import shell
from pages.components.ui.state import ACTOR

P = ParamSpec("P")
Result = TypeVar("Result")

_SECONDS = 20
_SECONDS_OF_SLOW_THINGS = 60
_FIGURES = 100

_numbers = itertools.count(1)
_stores: WeakKeyDictionary[object, int] = WeakKeyDictionary()
_lock = threading.Lock()
_writes = 0


def changed() -> None:
    """Something was written: what was read before is not shown any more."""
    global _writes
    with _lock:
        _writes += 1


def _identity(shop: Shop) -> str:
    with _lock:
        number = _stores.setdefault(shop.store, next(_numbers))
        return f"{number} {_writes} {shop.currency} {shop.zone.key} {shop.locale}"


def _role(actor: Actor) -> str:
    return actor.role.value


def _asking() -> Actor:
    """Whom the guard let through in this run. Raises: `PermissionDeniedError` where no guard was passed."""
    actor = ACTOR.get()
    if actor is None:
        raise PermissionDeniedError("Sign in first.")
    return actor


def kept_figure(function: Callable[P, Result]) -> Callable[P, Result]:
    """For what is costly to copy and never changed, such as a chart: all sessions get the same object."""
    keep = st.cache_resource(ttl=_SECONDS, max_entries=_FIGURES, show_spinner=False, hash_funcs={Shop: _identity})
    return keep(function)


def cached(*, max_entries: int, seconds: int = _SECONDS) -> Callable[[Callable[P, Result]], Callable[P, Result]]:
    """For what does not depend on who asks."""
    keys: dict[str | type, Callable[..., str]] = {Shop: _identity, Actor: _role, Rule: rule_text}
    return st.cache_data(ttl=seconds, max_entries=max_entries, show_spinner=False, hash_funcs=keys)


def asked(
    *, max_entries: int, seconds: int = _SECONDS, of_snapshot: bool = False
) -> Callable[[Callable[Concatenate[Shop, Actor, P], Result]], Callable[Concatenate[Shop, P], Result]]:
    """What is asked in the name of who is signed in; `of_snapshot`, so that a newer snapshot is seen at once."""

    def decorate(function: Callable[Concatenate[Shop, Actor, P], Result]) -> Callable[Concatenate[Shop, P], Result]:
        def read(shop: Shop, actor: Actor, snapshot: str, *args: P.args, **kwargs: P.kwargs) -> Result:
            return function(shop, actor, *args, **kwargs)

        # Streamlit knows functions apart by these.
        read.__module__, read.__qualname__ = function.__module__, function.__qualname__
        kept = cached(max_entries=max_entries, seconds=seconds)(read)

        def ask(shop: Shop, /, *args: P.args, **kwargs: P.kwargs) -> Result:
            return kept(shop, _asking(), _snapshot_name(shop) if of_snapshot else "", *args, **kwargs)

        return ask

    return decorate


def _snapshot_name(shop: Shop) -> str:
    info = audience.snapshot_info(shop)
    return info.name if info else ""


# --- The shop ----------------------------------------------------------------------------------------------------

_names_of_actors = cached(max_entries=10, seconds=_SECONDS_OF_SLOW_THINGS)(members.names_of_actors)


def who(username: str) -> str:
    """What people call the author of something; the username where the member was removed."""
    return _names_of_actors(shell.current_shop()).get(username, username)


overview_of = cached(max_entries=200)(overview.overview_of)
recent_orders = cached(max_entries=20)(overview.recent_orders)
_first_day = cached(max_entries=10, seconds=_SECONDS_OF_SLOW_THINGS)(overview.first_day)


def first_day(shop: Shop) -> date | None:
    """The day of the first order. That there is none is not kept: an import may have begun."""
    return _first_day(shop) or overview.first_day(shop)


@cached(max_entries=200)
def totals_of(shop: Shop, first: date, last: date) -> Totals:
    return figures.totals_of(figures.totals_by_day(shop, first, last))


totals_like = cached(max_entries=100)(order_lists.totals_like)
list_orders = cached(max_entries=500)(order_lists.list_orders)
counts_of = cached(max_entries=20)(figures.counts_of)
top_customers = cached(max_entries=200)(leaderboards.top_customers)
whole_orders = cached(max_entries=100)(order_bulk.chosen)
list_customers = cached(max_entries=500)(lists.list_customers)
whole_customers = cached(max_entries=100)(customer_bulk.chosen)
open_tasks = asked(max_entries=10)(tasks.open_tasks)
search_everything = cached(max_entries=500)(everything.search_everything)
first_steps = asked(max_entries=10, seconds=_SECONDS_OF_SLOW_THINGS)(checklist.first_steps)
month_cost = cached(max_entries=5, seconds=_SECONDS_OF_SLOW_THINGS)(this_month)

# --- Products ----------------------------------------------------------------------------------------------------

list_products = cached(max_entries=200)(product_lists.list_products)
products_to_sell = cached(max_entries=5)(product_lists.products_to_sell)
best_products = cached(max_entries=100)(product_figures.best_products)
products_behind = cached(max_entries=5, seconds=5)(counting.is_behind)
bought_by = cached(max_entries=200)(bought.bought_by)
_buyers_of_product = asked(max_entries=100, of_snapshot=True)(buyers.buyers_of)


@cached(max_entries=200)
def figures_of_product(shop: Shop, product_id: str) -> tuple[Sold, date | None]:
    """What was sold of it in all time, and when last."""
    sold = product_figures.sold_in_all(shop, [product_id]).get(product_id, Sold())
    return sold, product_figures.last_sold(shop, product_id)


def buyers_of_product(shop: Shop, product_id: str) -> Buyers | None:
    """Who bought it, as of the newest snapshot; None before there is one. Raises: `SnapshotFailedError`."""
    return _buyers_of_product(shop, product_id) if _snapshot_name(shop) else None


# --- Emails ------------------------------------------------------------------------------------------------------

email_cards = cached(max_entries=10)(email_overview)
figures_of_sending = cached(max_entries=100)(sending.send_figures)
problems_of_sending = cached(max_entries=100)(sending.problems_of)
rates_by_campaign = asked(max_entries=50)(results.rates_by_campaign)
newest_days = kept_figure(account.newest_days)
automation_figures = cached(max_entries=100)(figures_of)
automations_waiting = cached(max_entries=10)(count_waiting)
lapsed_before = cached(max_entries=20)(backfill.lapsed_before)
silent_messages = cached(max_entries=50)(ids_that_may_go_again)
"""Unknown messages that were in all likelihood never taken: looking at their days takes many queries."""

# --- Segments and insights, of the newest snapshot. Raise: `SnapshotMissingError`, `SnapshotFailedError`. -----------

segment_preview = asked(max_entries=200, of_snapshot=True)(preview.preview_segment)
segment_counts = asked(max_entries=20, of_snapshot=True)(preview.count_segments)
buyer_grid = asked(max_entries=5, seconds=_SECONDS_OF_SLOW_THINGS, of_snapshot=True)(buyers.buyer_grid)
returning_buyers = asked(max_entries=5, seconds=_SECONDS_OF_SLOW_THINGS, of_snapshot=True)(returning.returning)
worth_of_buyers = asked(max_entries=5, seconds=_SECONDS_OF_SLOW_THINGS, of_snapshot=True)(returning.worth)
revenue_at_risk = asked(max_entries=5, seconds=_SECONDS_OF_SLOW_THINGS, of_snapshot=True)(at_risk.revenue_at_risk)
customers_at_risk = asked(max_entries=50, of_snapshot=True)(at_risk.customers_at_risk)


@asked(max_entries=10)
def segment_names(shop: Shop, actor: Actor) -> dict[str, str]:
    """Names by id: the ready segments first, then the saved ones."""
    return {each.id: each.name for each in (*READY, *library.list_segments(shop, actor))}


@asked(max_entries=10, seconds=_SECONDS_OF_SLOW_THINGS, of_snapshot=True)
def segment_choices(shop: Shop, actor: Actor, what: Goods | WordField) -> list[str]:
    """Products, SKUs or cities to choose from, the most frequent first."""
    return preview.goods_sold(shop, actor, what) if isinstance(what, Goods) else preview.cities_of(shop, actor)
