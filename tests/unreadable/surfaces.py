"""Every round of the workers, every list and figure, every export and command: what each of them shows or gets done."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import pytest
from typer.testing import CliRunner

from backend.cli import app
from backend.config import Settings
from backend.domain.campaigns import CampaignState
from backend.domain.messages import MessageStatus
from backend.domain.segments import Rule
from backend.domain.team import COMMAND_LINE
from backend.domain.views import ListPage
from backend.email.transports.account_list import FileAccountList
from backend.email.transports.recording import RecordingTransport
from backend.email.web import Reached
from backend.observability.measures import Measures
from backend.observability.ring import Ring
from backend.observability.rounds import Rounds
from backend.services import exports, shop_settings
from backend.services.alerts import readings
from backend.services.alerts import settings as alert_settings
from backend.services.alerts import states as alert_lists
from backend.services.alerts.notifications import notify_all
from backend.services.alerts.readings import is_my_turn, look
from backend.services.api_keys.keys import list_keys
from backend.services.audit import log as audit_log
from backend.services.audit import seals
from backend.services.audit.log import AuditFilter
from backend.services.automations import figures as automation_figures
from backend.services.automations import waiting_triggers
from backend.services.automations.backfill import find_backfill
from backend.services.automations.duty import answer_due
from backend.services.automations.waiting_triggers import stalled
from backend.services.campaigns import content, orders_after, plan, preflights, progress, results, saved
from backend.services.campaigns.oversight import tend_campaigns
from backend.services.campaigns.rounds import CampaignWork, work_on_campaigns
from backend.services.changes.reading import list_changes
from backend.services.connections.comparison import compare_due
from backend.services.connections.connections import list_connections, privacy_requests
from backend.services.connections.duty import apply_due
from backend.services.context import Shop
from backend.services.customer_data import timeline
from backend.services.customer_data.erasure import ledger
from backend.services.customer_data.merge import merges
from backend.services.customers import customers, leaderboards, lists, months, preferences
from backend.services.deliverability import account as deliverability
from backend.services.deliverability import domain
from backend.services.draft_orders.lists import drafts_of, list_drafts
from backend.services.draft_orders.settings import draft_settings
from backend.services.events import dead_letters, fire_drill, health, lookup
from backend.services.events.consequences import EventPolicy
from backend.services.events.replay import replay_all
from backend.services.jobs import queue, requests
from backend.services.list_exports import export_audit_log, export_campaigns, export_messages, export_products
from backend.services.migrations.run import standings
from backend.services.orders import lists as order_list
from backend.services.orders.lists import OrderFilter
from backend.services.outgoing import delivery as webhook_delivery
from backend.services.outgoing import endpoints
from backend.services.products import catalogue as product_catalogue
from backend.services.products import figures as product_figures
from backend.services.products.counting import count_sold
from backend.services.products.lists import ProductFilter
from backend.services.reconcile.findings import Reconciliation
from backend.services.reconcile.messages import reconcile_mail
from backend.services.reconcile.run import reconcile
from backend.services.segments import library, preview
from backend.services.sending import account as send_account
from backend.services.sending import account_notices, message_log
from backend.services.sending.delivery import deliver_due
from backend.services.sending.mailer import Mailer
from backend.services.snapshots.build import make_snapshot
from backend.services.statistics import counters, days, figures, overview, sending
from backend.services.suppression import account_sync, entries, files
from backend.services.switches.saved import all_switches
from backend.services.system import checks, costs, heartbeats, objectives, usage
from backend.services.system.backups import backup_state
from backend.services.system.health import health_of
from backend.services.system.installation import System
from backend.services.system.queue import queue_state
from backend.services.team import devices, members
from backend.services.templates import catalogue, versions
from backend.services.templates import overview as email_overview
from backend.services.triggers import active
from backend.services.undo.undoing import preview_undo
from backend.services.unreadable import items
from backend.services.views.saved import views_of
from backend.workers import jobs as worker
from tests.mailing.worker_script import mailer_on
from tests.support import ENGINEER, MANAGER, TestClock
from tests.unreadable.world import CAPPED, SEAL_KEY, World

GO_ON = threading.Event()


@dataclass
class Visit:
    """A shop with all of the world, and what is needed to look at everything."""

    world: World
    shop: Shop
    folder: Path
    mailer: Mailer = field(init=False)
    system: System = field(init=False)

    def __post_init__(self) -> None:
        self.mailer = replace(mailer_on(self.shop, RecordingTransport()), limits=CAPPED)
        self.system = System(self.shop, self.mailer, Settings(data_dir=self.folder))

    @property
    def account(self) -> FileAccountList:
        return FileAccountList(self.folder / "account-suppression.json", self.shop.clock)

    @property
    def clock(self) -> TestClock:
        assert isinstance(self.shop.clock, TestClock)
        return self.shop.clock

    @property
    def today(self) -> date:
        return self.shop.clock().date()


Surface = Callable[[Visit], object]
MONTH = timedelta(days=30)


def _orders(v: Visit) -> OrderFilter:
    return OrderFilter(v.today - MONTH, v.today)


def _month_of(v: Visit) -> message_log.LogFilter:
    return message_log.LogFilter(v.today - MONTH, v.today)


def _csv(write: Callable[[Visit, io.BytesIO], object]) -> Surface:
    def export(v: Visit) -> object:
        target = io.BytesIO()
        write(v, target)
        return target.getvalue()

    return export


def _sum_of_sends(v: Visit) -> object:
    return sending.send_figures(v.shop, v.today - MONTH, v.today, sending.ChartStep.DAY)


LISTS: dict[str, Surface] = {
    "customers, newest": lambda v: lists.list_customers(v.shop, lists.CustomerFilter(sort=lists.Sort.NEWEST)),
    "customers, by revenue": lambda v: lists.list_customers(v.shop, lists.CustomerFilter()),
    "customers, search": lambda v: lists.list_customers(v.shop, lists.CustomerFilter(search="example")),
    "customers, country": lambda v: lists.list_customers(v.shop, lists.CustomerFilter(country="DE")),
    "customers, tag": lambda v: lists.list_customers(v.shop, lists.CustomerFilter(tag="ann")),
    "customers, archived": lambda v: lists.list_customers(v.shop, lists.CustomerFilter(archived=True)),
    "top customers": lambda v: leaderboards.top_customers(v.shop, leaderboards.Measure.REVENUE),
    "top customers of a month": lambda v: leaderboards.top_customers(v.shop, leaderboards.Measure.ORDERS, "2026-11"),
    "orders": lambda v: order_list.list_orders(v.shop, _orders(v)),
    "draft orders": lambda v: list_drafts(v.shop),
    "settings of draft orders": lambda v: draft_settings(v.shop).payment_url,
    "order by number": lambda v: order_list.find_order(v.shop, "#1001"),
    "overview": lambda v: overview.overview_of(v.shop, v.today - MONTH, v.today),
    "first day": lambda v: overview.first_day(v.shop),
    "recent orders": lambda v: overview.recent_orders(v.shop, 10),
    "buyers": lambda v: overview.count_buyers(v.shop, v.today - MONTH, v.today),
    "totals": lambda v: figures.totals_by_day(v.shop, v.today - MONTH, v.today),
    "countries": lambda v: figures.counts_of(v.shop, "country"),
    "tags": lambda v: figures.counts_of(v.shop, "tag"),
    "products": lambda v: product_catalogue.all_products(v.shop),
    "best products": lambda v: product_figures.best_products(v.shop),
    "best products of some days": lambda v: product_figures.sold_in_period(
        v.shop, product_figures.Days(v.today - MONTH, v.today)
    ),
    "message log": lambda v: message_log.list_messages(v.shop, _month_of(v)),
    "failed messages": lambda v: message_log.needing_attention(v.shop, MessageStatus.FAILED),
    "unknown messages": lambda v: message_log.needing_attention(v.shop, MessageStatus.UNKNOWN),
    "send statistics by hour": lambda v: counters.stats_by_hour(v.shop, v.today, v.today),
    "send statistics by day": lambda v: days.stats_by_day(v.shop, v.today, v.today),
    "send figures": _sum_of_sends,
    "send problems": lambda v: sending.problems_of(v.shop, v.today, v.today),
    "rates by campaign": lambda v: results.rates_by_campaign(v.shop, MANAGER, v.today, v.today),
    "account use": lambda v: send_account.account_use(v.shop, v.mailer, v.system.rate_policy),
    "deliverability": lambda v: deliverability.newest_days(v.shop),
    "email overview": lambda v: email_overview.email_overview(v.shop),
    "suppressions": lambda v: entries.list_suppressions(v.shop, COMMAND_LINE),
    "templates": lambda v: catalogue.list_templates(v.shop),
    "templates that a campaign may send": lambda v: content.sendable_templates(v.shop),
    "recorded changes": lambda v: [
        preview_undo(v.shop, COMMAND_LINE, each.id) for each in list_changes(v.shop, COMMAND_LINE).changes
    ],
    "views": lambda v: views_of(v.shop, COMMAND_LINE, ListPage.CUSTOMERS),
    "segments": lambda v: library.list_segments(v.shop, COMMAND_LINE),
    "segment preview": lambda v: preview.preview_segment(v.shop, COMMAND_LINE, Rule()),
    "campaigns": lambda v: saved.list_campaigns(v.shop, COMMAND_LINE),
    "campaigns with a segment": lambda v: saved.campaigns_with(v.shop, COMMAND_LINE, "EVERYBODY1"),
    "due campaigns": lambda v: saved.due_campaigns(v.shop),
    "held by the quota": lambda v: progress.held_by_quota(v.shop),
    "automations": lambda v: active.all_automations(v.shop),
    "waiting triggers": lambda v: waiting_triggers.count_waiting(v.shop),
    "stalled triggers": lambda v: stalled(v.shop),
    "imports": lambda v: requests.list_jobs(v.shop, MANAGER),
    "dead letters": lambda v: dead_letters.list_dead_letters(v.shop, COMMAND_LINE),
    "events by minute": lambda v: health.counts_by_minute(v.shop, v.shop.clock() - MONTH, v.shop.clock()),
    "health of events": lambda v: health.event_health(v.shop),
    "clicks": lambda v: health.link_clicks(v.shop, "SAMPLE"),
    "drill": lambda v: fire_drill.last_drill(v.shop),
    "switches": lambda v: all_switches(v.shop, COMMAND_LINE),
    "migrations": lambda v: standings(v.shop, COMMAND_LINE),
    "team": lambda v: members.list_members(v.shop, COMMAND_LINE),
    "sessions": lambda v: [devices._stored(v.shop, name) for name in ("mara", "nina")],
    "names": lambda v: members.names_of_actors(v.shop),
    "audit log": lambda v: audit_log.list_entries(v.shop, COMMAND_LINE, AuditFilter("2026-11"), limit=500),
    "audit seals": lambda v: seals.verify(v.shop, COMMAND_LINE, SEAL_KEY),
    "alerts": lambda v: alert_lists.list_current(v.shop, COMMAND_LINE),
    "alerts of a month": lambda v: alert_lists.list_past(v.shop, COMMAND_LINE, "2026-11"),
    "alert settings": lambda v: alert_settings.recipients_of(v.shop, alert_settings.get_alert_settings(v.shop)),
    "queue": lambda v: queue_state(v.shop),
    "processes": lambda v: heartbeats.list_processes(v.shop, COMMAND_LINE),
    "costs": lambda v: costs.this_month(v.shop, COMMAND_LINE),
    "usage": lambda v: usage.usage_by_day(v.shop, "2026-11"),
    "durations": lambda v: usage.durations_between(v.shop, v.today - MONTH, v.today),
    "objectives": lambda v: objectives.attainments(v.shop, COMMAND_LINE),
    "slowest": lambda v: objectives.slowest(v.shop, COMMAND_LINE),
    "gauges": lambda v: list(readings.gauges(v.shop)),
    "health": lambda v: [part for part in health_of(v.system, COMMAND_LINE) if "could not be checked" in part.found],
    "shop": lambda v: shop_settings.get_shop_facts(v.shop),
    "domain report": lambda v: domain.last_report(v.shop),
    "comparison of suppression lists": lambda v: (account_sync.last_comparison(v.shop), account_sync.last_sync(v.shop)),
    "proxy": lambda v: checks.unnamed_proxy_seen(v.shop),
    "API keys": lambda v: list_keys(v.shop, COMMAND_LINE),
    "connections": lambda v: list_connections(v.shop, ENGINEER),
    "erasures": lambda v: [*ledger(v.shop)],
    "merges": lambda v: [*merges(v.shop)],
    "privacy requests": lambda v: privacy_requests(v.shop, ENGINEER),
    "endpoints": lambda v: endpoints.list_endpoints(v.shop, ENGINEER),
    "records that cannot be read": lambda v: [each.id for each in items.unreadable_records(v.shop)] and None,
}


EXPORTS: dict[str, Surface] = {
    "export customers": _csv(lambda v, t: exports.export_customers(v.shop, COMMAND_LINE, t, "csv")),
    "export orders": _csv(lambda v, t: exports.export_orders(v.shop, COMMAND_LINE, t, "csv", _orders(v))),
    "export line items": _csv(lambda v, t: exports.export_line_items(v.shop, COMMAND_LINE, t, "csv", _orders(v))),
    "export suppressions": _csv(lambda v, t: files.export_suppressions(v.shop, COMMAND_LINE, t)),
    "export a segment": _csv(lambda v, t: preview.export_segment(v.shop, COMMAND_LINE, Rule(), t)),
    "export the audit log": _csv(lambda v, t: export_audit_log(v.shop, COMMAND_LINE, t, "csv", AuditFilter("2026-11"))),
    "export products": _csv(lambda v, t: export_products(v.shop, COMMAND_LINE, t, "csv", ProductFilter())),
    "export messages": _csv(lambda v, t: export_messages(v.shop, COMMAND_LINE, t, "csv", _month_of(v))),
    "export campaigns": _csv(lambda v, t: export_campaigns(v.shop, COMMAND_LINE, t, "csv")),
}


def _of_customer(v: Visit, customer_id: str) -> object:
    shop = v.shop
    return (
        customers.get_customer(shop, customer_id),
        customers.activity_of(shop, customer_id),
        order_list.orders_of(shop, customer_id),
        months.months_of(shop, customer_id),
        message_log.messages_of(shop, customer_id),
        timeline.timeline_of(shop, customer_id),
        preferences.get_preferences(shop, customer_id),
        [*drafts_of(shop, customer_id)],
        [lookup.received_events(shop, each) for each in message_log.messages_of(shop, customer_id)],
    )


def _of_campaign(v: Visit, campaign_id: str) -> object:
    shop = v.shop
    campaign = saved.read_campaign(shop, campaign_id)
    if campaign.state is CampaignState.DRAFT:
        return campaign.id, preflights.get_preflight(shop, COMMAND_LINE, campaign_id)
    return (
        campaign.id,
        progress.progress_of(shop, COMMAND_LINE, campaign_id),
        plan.get_plan(shop, v.mailer, COMMAND_LINE, campaign_id),
        results.results_of(shop, COMMAND_LINE, campaign_id),
        progress.current_hold(shop, campaign_id),
        orders_after.kept_orders(shop, campaign_id),
    )


def _of_automation(v: Visit, automation_id: str) -> object:
    return (
        automation_figures.figures_of(v.shop, automation_id),
        waiting_triggers.list_waiting(v.shop, automation_id),
        find_backfill(v.shop, automation_id),
    )


def _of_template(v: Visit, name: str) -> object:
    return (
        catalogue.current_version(v.shop, name).source.subject and name,
        versions.list_versions(v.shop, name),
        versions.get_working_copy(v.shop, name),
    )


def _deliver(v: Visit) -> None:
    """Rounds of mail while time goes on, as it does after a rate window has begun again."""
    for _ in range(3):
        deliver_due(v.shop, v.mailer)
        v.clock.forward(seconds=7)


def _deliver_webhooks(v: Visit) -> None:
    """One after the other: a store in memory is for one thread."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(webhook_delivery, "AT_ONCE", 1)
        for _ in range(2):
            webhook_delivery.deliver_due(v.shop, b"k" * 32, GO_ON, lambda *_: Reached(204))


ROUNDS: dict[str, Surface] = {
    "imports": lambda v: [worker.work_once(v.shop, "one", GO_ON) for _ in range(3)],
    "tidying of imports": lambda v: queue.tidy(v.shop),
    "mail": lambda v: _deliver(v),
    "campaigns": lambda v: [tend_campaigns(v.shop) for _ in range(2)],
    "preflights": lambda v: [preflights.work_on_preflights(v.shop, v.mailer, GO_ON) for _ in range(3)],
    "campaign mail": lambda v: (
        [work_on_campaigns(v.shop, v.mailer, CampaignWork(), GO_ON, 2.0) for _ in range(2)] and None
    ),
    "campaigns again": lambda v: [tend_campaigns(v.shop) for _ in range(3)],
    "automations": lambda v: [answer_due(v.shop, v.mailer) for _ in range(3)],
    "mail of automations": lambda v: _deliver(v),
    "account notices": lambda v: account_notices.ask_for_notices(v.shop, v.mailer, "https://shop.example"),
    "products": lambda v: [count_sold(v.shop) for _ in range(3)],
    "webhooks": lambda v: [apply_due(v.shop, GO_ON) for _ in range(3)],
    "comparisons": lambda v: [compare_due(v.shop, b"k" * 32, lambda *_: Reached(503)) for _ in range(3)],
    "webhooks out": lambda v: _deliver_webhooks(v),
    "alerts": lambda v: (is_my_turn(v.shop), look(v.system), notify_all(v.system)),
    "events": lambda v: replay_all(v.shop, COMMAND_LINE, EventPolicy()),
    "suppression lists": lambda v: account_sync.work_on_sync(v.shop, v.account, GO_ON),
    "round of audit seals": lambda v: seals.seal_days(v.shop, SEAL_KEY),
    "backups": lambda v: backup_state(v.shop),
    "retention": lambda v: usage.remove_expired(v.shop),
    "snapshot": lambda v: make_snapshot(v.shop),
    "heartbeat": lambda v: heartbeats.beat(
        v.shop, heartbeats.BeatingProcess("worker", "1", v.shop.clock(), Measures(), Rounds(), Ring())
    ),
    "reconcile": lambda v: reconcile(v.shop, fix=True, pause=lambda _: None),
    "reconcile mail": lambda v: reconcile_mail(v.shop, Reconciliation(), fix=True, pause=lambda _: None),
}

AT_WORK = (
    "imports",
    "mail",
    "campaigns",
    "preflights",
    "campaign mail",
    "campaigns again",
    "automations",
    "mail of automations",
)
"""Rounds that go on with what others have done."""
COMMANDS = (
    "alerts list",
    "alerts list --month 2026-11",
    "audit --month 2026-11",
    "automation list",
    "campaign list",
    "events dead",
    "events health",
    "mail status",
    "messages --days 30",
    "segment list",
    "suppression list",
    "templates list",
    "top-customers",
    "totals",
    "unreadable list",
    "user list",
)


def _command(line: str) -> Surface:
    def run(v: Visit) -> object:
        result = CliRunner().invoke(app, line.split(), catch_exceptions=False)
        if result.exit_code:
            raise AssertionError(result.stderr)
        return result.stdout

    return run


def surfaces(world: World) -> dict[str, Surface]:
    """All of them by name, in the order in which they are visited; what is about one thing has its id in the name."""
    found = {**LISTS, **EXPORTS, **{f"command {line}": _command(line) for line in COMMANDS}}
    found |= {f"customer {each}": partial(_of_customer, customer_id=each) for each in world.customers}
    for row in world.rows:
        if row.key.pk.startswith("K#") and row.key.sk == "A":
            found[f"campaign {row.key.pk[2:]}"] = partial(_of_campaign, campaign_id=row.key.pk[2:])
        elif row.key.pk == "AUTOMATIONS":
            found[f"automation {row.key.sk}"] = partial(_of_automation, automation_id=row.key.sk)
        elif row.key.pk == "TEMPLATES":
            found[f"template {row.key.sk}"] = partial(_of_template, name=row.key.sk)
    found |= {f"round of {name}": _silent(work) for name, work in ROUNDS.items()}
    found |= {f"{name} afterwards": look for name, look in LISTS.items()}
    found["sent"] = _sent
    return found


def _silent(work: Surface) -> Surface:
    """What a round tells is for the log; what it has done shows afterwards."""

    def done(v: Visit) -> None:
        work(v)

    return done


def _sent(v: Visit) -> object:
    assert isinstance(v.mailer.transport, RecordingTransport)
    return sorted(email.message_id for email in v.mailer.transport.submitted)
