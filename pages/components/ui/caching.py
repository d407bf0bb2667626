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
from collections.abc import Callable, Sequence
from datetime import date
from typing import ParamSpec, TypeVar
from weakref import WeakKeyDictionary

import streamlit as st

from backend.domain.automations import Automation
from backend.domain.customers import CustomerSummary
from backend.domain.orders import OrderSummary
from backend.domain.products import Product, Sold
from backend.domain.segment_text import rule_from_text, rule_text
from backend.domain.segments import Goods, Rule, Segment, WordField
from backend.domain.team import Actor
from backend.domain.totals import Totals
from backend.errors import PermissionDeniedError
from backend.services.automations import backfill
from backend.services.automations.figures import Figures, figures_of
from backend.services.automations.waiting_triggers import Waiting, count_waiting
from backend.services.campaigns import results
from backend.services.campaigns.results import CampaignRates
from backend.services.context import Shop
from backend.services.customers import leaderboards, lists
from backend.services.customers.leaderboards import Measure
from backend.services.customers.lists import CustomerFilter, CustomerPage
from backend.services.deliverability import account
from backend.services.first_steps import checklist
from backend.services.first_steps.checklist import StepState
from backend.services.insights import at_risk, buyers, product_buyers, returning, worth
from backend.services.insights.at_risk import AtRisk, Barrier
from backend.services.insights.buyers import Grid
from backend.services.insights.product_buyers import Buyers
from backend.services.insights.returning import Returning
from backend.services.insights.worth import Worth
from backend.services.orders import lists as order_list
from backend.services.orders.lists import OrderFilter, OrderPage
from backend.services.products import bought, counting
from backend.services.products import figures as product_figures
from backend.services.products import lists as product_lists
from backend.services.products.bought import Basket
from backend.services.products.figures import Days, ProductMeasure, ProductSales
from backend.services.products.lists import ProductFilter, ProductPage
from backend.services.search import everything
from backend.services.search.everything import Hit
from backend.services.segments import audience, library, preview
from backend.services.segments.preview import Preview
from backend.services.segments.ready import READY
from backend.services.sending.repair import ids_that_may_go_again
from backend.services.statistics import figures, overview, sending
from backend.services.statistics.comparison import Against, Period
from backend.services.statistics.days import DayStats
from backend.services.statistics.overview import Granularity, Overview
from backend.services.statistics.sending import ChartStep, Problems, SendFigures
from backend.services.system.costs import Month, this_month
from backend.services.team import members
from backend.services.templates import overview as email_overview
from backend.services.templates.overview import EmailCard
from backend.services.todo import tasks
from backend.services.todo.tasks import Task
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


def _cached(*, max_entries: int, seconds: int = _SECONDS) -> Callable[[Callable[P, Result]], Callable[P, Result]]:
    keys: dict[str | type, Callable[..., str]] = {Shop: _identity, Actor: _role}
    return st.cache_data(ttl=seconds, max_entries=max_entries, show_spinner=False, hash_funcs=keys)


@_cached(max_entries=10, seconds=_SECONDS_OF_SLOW_THINGS)
def _names_of_actors(shop: Shop) -> dict[str, str]:
    return members.names_of_actors(shop)


def who(username: str) -> str:
    """What people call the author of something; the username where the member was removed."""
    return _names_of_actors(shell.shop()).get(username, username)


@_cached(max_entries=200)
def overview_of(
    shop: Shop, first: date, last: date, granularity: Granularity, period: Period | None, against: Against
) -> Overview:
    return overview.overview_of(shop, first, last, granularity, period=period, against=against)


def first_day(shop: Shop) -> date | None:
    """The day of the first order. That there is none is not kept: an import may have begun."""
    return _first_day(shop) or overview.first_day(shop)


@_cached(max_entries=10, seconds=_SECONDS_OF_SLOW_THINGS)
def _first_day(shop: Shop) -> date | None:
    return overview.first_day(shop)


@_cached(max_entries=20)
def recent_orders(shop: Shop, limit: int) -> list[OrderSummary]:
    return overview.recent_orders(shop, limit)


@_cached(max_entries=200)
def top_customers(shop: Shop, by: Measure, month: str, limit: int) -> list[CustomerSummary]:
    return leaderboards.top_customers(shop, by, month, limit)


def open_tasks(shop: Shop) -> list[Task]:
    """What whoever asks can do something about."""
    return _open_tasks(shop, _asking())


@_cached(max_entries=10)
def _open_tasks(shop: Shop, actor: Actor) -> list[Task]:
    return tasks.open_tasks(shop, actor)


@_cached(max_entries=500)
def search_everything(shop: Shop, actor: Actor, text: str) -> list[Hit]:
    return everything.search_everything(shop, actor, text)


def first_steps(shop: Shop, sender: str) -> list[StepState]:
    return _first_steps(shop, _asking(), sender)


@_cached(max_entries=10, seconds=_SECONDS_OF_SLOW_THINGS)
def _first_steps(shop: Shop, actor: Actor, sender: str) -> list[StepState]:
    return checklist.first_steps(shop, actor, sender)


@_cached(max_entries=20)
def counts_of(shop: Shop, kind: str) -> dict[str, int]:
    return figures.counts_of(shop, kind)


@_cached(max_entries=500)
def list_customers(shop: Shop, wanted: CustomerFilter, limit: int, cursor: str | None) -> CustomerPage:
    return lists.list_customers(shop, wanted, limit=limit, cursor=cursor)


@_cached(max_entries=500)
def list_orders(shop: Shop, wanted: OrderFilter, limit: int, cursor: str | None) -> OrderPage:
    return order_list.list_orders(shop, wanted, limit=limit, cursor=cursor)


@_cached(max_entries=200)
def list_products(shop: Shop, wanted: ProductFilter, limit: int, cursor: str | None) -> ProductPage:
    return product_lists.list_products(shop, wanted, limit=limit, cursor=cursor)


@_cached(max_entries=5)
def products_to_sell(shop: Shop) -> list[Product]:
    return product_lists.products_to_sell(shop)


@_cached(max_entries=100)
def best_products(shop: Shop, by: ProductMeasure, days: Days, limit: int) -> list[ProductSales]:
    return product_figures.best_products(shop, by, days, limit)


@_cached(max_entries=5, seconds=5)
def products_behind(shop: Shop) -> bool:
    return counting.is_behind(shop)


@_cached(max_entries=200)
def figures_of_product(shop: Shop, product_id: str) -> tuple[Sold, date | None]:
    """What was sold of it in all time, and when last."""
    sold = product_figures.sold_in_all(shop, [product_id]).get(product_id, Sold())
    return sold, product_figures.last_sold(shop, product_id)


@_cached(max_entries=200)
def bought_by(shop: Shop, customer_id: str) -> Basket:
    return bought.bought_by(shop, customer_id)


def buyers_of_product(shop: Shop, product_id: str) -> Buyers | None:
    """Who bought it, as of the newest snapshot; None before there is one. Raises: `SnapshotFailedError`."""
    name = _snapshot_name(shop)
    return _buyers_of_product(shop, _asking(), product_id, name) if name else None


@_cached(max_entries=100)
def _buyers_of_product(shop: Shop, actor: Actor, product_id: str, snapshot: str) -> Buyers:
    return product_buyers.buyers_of(shop, actor, product_id)


@_cached(max_entries=200)
def totals_of(shop: Shop, first: date, last: date) -> Totals:
    return figures.totals_of(figures.totals_by_day(shop, first, last))


@_cached(max_entries=100)
def totals_like(shop: Shop, wanted: OrderFilter) -> Totals | None:
    return order_list.totals_like(shop, wanted)


@_cached(max_entries=10)
def email_cards(shop: Shop) -> list[EmailCard]:
    return email_overview.email_overview(shop)


@_cached(max_entries=100)
def figures_of_sending(shop: Shop, first: date, last: date, step: ChartStep, template: str) -> SendFigures:
    return sending.send_figures(shop, first, last, step, template)


@_cached(max_entries=100)
def problems_of_sending(shop: Shop, first: date, last: date, template: str) -> Problems:
    return sending.problems_of(shop, first, last, template)


def rates_by_campaign(shop: Shop, first: date, last: date, template: str) -> list[CampaignRates]:
    return _rates_by_campaign(shop, _asking(), first, last, template)


@_cached(max_entries=50)
def _rates_by_campaign(shop: Shop, actor: Actor, first: date, last: date, template: str) -> list[CampaignRates]:
    return results.rates_by_campaign(shop, actor, first, last, template)


@kept_figure
def newest_days(shop: Shop) -> list[DayStats]:
    return account.newest_days(shop)


@_cached(max_entries=5, seconds=_SECONDS_OF_SLOW_THINGS)
def month_cost(shop: Shop, actor: Actor) -> Month:
    """What the month costs."""
    return this_month(shop, actor)


def segment_names(shop: Shop) -> dict[str, str]:
    """Names by id: the ready segments first, then the saved ones."""
    return _segment_names(shop, _asking())


@_cached(max_entries=10)
def _segment_names(shop: Shop, actor: Actor) -> dict[str, str]:
    return {each.id: each.name for each in (*READY, *library.list_segments(shop, actor))}


@_cached(max_entries=100)
def automation_figures(shop: Shop, automation_id: str) -> Figures:
    return figures_of(shop, automation_id)


@_cached(max_entries=10)
def automations_waiting(shop: Shop) -> Waiting:
    return count_waiting(shop)


def segment_preview(shop: Shop, rule: Rule) -> Preview:
    """A segment at a glance. A newer snapshot is seen at once.

    Raises: `InvalidInputError`, `SnapshotMissingError`, `SnapshotFailedError`.
    """
    return _segment_preview(shop, _asking(), rule_text(rule), _snapshot_name(shop))


@_cached(max_entries=200)
def _segment_preview(shop: Shop, actor: Actor, rule: str, snapshot: str) -> Preview:
    return preview.preview_segment(shop, actor, rule_from_text(rule))


def segment_counts(shop: Shop, segments: Sequence[Segment]) -> dict[str, int]:
    """The number of customers of each segment, by its id. Raises: as `segment_preview`."""
    return _segment_counts(
        shop, _asking(), tuple((each.id, rule_text(each.rule)) for each in segments), _snapshot_name(shop)
    )


@_cached(max_entries=20)
def _segment_counts(shop: Shop, actor: Actor, rules: tuple[tuple[str, str], ...], snapshot: str) -> dict[str, int]:
    return preview.count_segments(shop, actor, {key: rule_from_text(rule) for key, rule in rules})


def segment_choices(shop: Shop, what: Goods | WordField) -> list[str]:
    """Products, SKUs or cities to choose from, the most frequent first. Raises: as `segment_preview`."""
    return _segment_choices(shop, _asking(), what, _snapshot_name(shop))


@_cached(max_entries=10, seconds=_SECONDS_OF_SLOW_THINGS)
def _segment_choices(shop: Shop, actor: Actor, what: Goods | WordField, snapshot: str) -> list[str]:
    if isinstance(what, Goods):
        return preview.goods_sold(shop, actor, what)
    return preview.cities_of(shop, actor)


def _snapshot_name(shop: Shop) -> str:
    info = audience.snapshot_info(shop)
    return info.name if info else ""


@_cached(max_entries=20)
def lapsed_before(shop: Shop, automation: Automation) -> int:
    return backfill.lapsed_before(shop, automation)


def buyer_grid(shop: Shop) -> Grid:
    """This and the other insights: of the newest snapshot. Raises: `SnapshotMissingError`, `SnapshotFailedError`."""
    return _buyer_grid(shop, _asking(), _snapshot_name(shop))


@_cached(max_entries=5, seconds=_SECONDS_OF_SLOW_THINGS)
def _buyer_grid(shop: Shop, actor: Actor, snapshot: str) -> Grid:
    return buyers.buyer_grid(shop, actor)


def returning_buyers(shop: Shop) -> Returning:
    return _returning_buyers(shop, _asking(), _snapshot_name(shop))


@_cached(max_entries=5, seconds=_SECONDS_OF_SLOW_THINGS)
def _returning_buyers(shop: Shop, actor: Actor, snapshot: str) -> Returning:
    return returning.returning(shop, actor)


def worth_of_buyers(shop: Shop) -> Worth:
    return _worth_of_buyers(shop, _asking(), _snapshot_name(shop))


@_cached(max_entries=5, seconds=_SECONDS_OF_SLOW_THINGS)
def _worth_of_buyers(shop: Shop, actor: Actor, snapshot: str) -> Worth:
    return worth.worth(shop, actor)


def revenue_at_risk(shop: Shop) -> AtRisk:
    return _revenue_at_risk(shop, _asking(), _snapshot_name(shop))


@_cached(max_entries=5, seconds=_SECONDS_OF_SLOW_THINGS)
def _revenue_at_risk(shop: Shop, actor: Actor, snapshot: str) -> AtRisk:
    return at_risk.revenue_at_risk(shop, actor)


def customers_at_risk(shop: Shop, barrier: Barrier | None) -> list[CustomerSummary]:
    return _customers_at_risk(shop, _asking(), barrier, _snapshot_name(shop))


@_cached(max_entries=50)
def _customers_at_risk(shop: Shop, actor: Actor, barrier: Barrier | None, snapshot: str) -> list[CustomerSummary]:
    return at_risk.customers_at_risk(shop, actor, barrier)


@_cached(max_entries=50)
def silent_messages(shop: Shop, message_ids: tuple[str, ...]) -> list[str]:
    """Unknown messages that were in all likelihood never taken: looking at their days takes many queries."""
    return ids_that_may_go_again(shop, message_ids)
