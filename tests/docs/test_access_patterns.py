"""The access patterns of `docs/architecture.md` are those of the schema, and cost no more than it says."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import cycle
from pathlib import Path
from random import Random

import pytest

from backend.bootstrap import open_store, shop_on
from backend.config import Settings
from backend.domain.alerts import Reading, RuleName
from backend.domain.api_keys import Scope
from backend.domain.automations import Automation, Ending, Step, Trigger, TriggerKind
from backend.domain.customers import Customer
from backend.domain.eligibility import MarketingLimits
from backend.domain.emails import Kind
from backend.domain.events import Click
from backend.domain.messages import Message, MessageStatus
from backend.domain.orders import LineItem, Order, OrderStatus
from backend.domain.outgoing import EventKind
from backend.domain.suppression import SuppressionReason
from backend.domain.team import COMMAND_LINE, Role
from backend.domain.time import to_text
from backend.observability.measures import Measures
from backend.observability.ring import LogRecord, Ring
from backend.observability.rounds import Rounds
from backend.records.events import click_updates, minute_update
from backend.records.messages import key_of, message_item
from backend.records.preflights import LIST as PREFLIGHTS
from backend.services import shop_settings
from backend.services.alerts import states
from backend.services.api_keys import keys as api_keys
from backend.services.audit import log as audit_log
from backend.services.audit import seals
from backend.services.automations import duty as working
from backend.services.automations import saved, transitions
from backend.services.automations.figures import figures_of
from backend.services.automations.waiting_triggers import list_waiting
from backend.services.campaigns import explanation, progress
from backend.services.campaigns import saved as storing
from backend.services.changes import reading as recorded_changes
from backend.services.connections import connections, deliveries
from backend.services.connections import duty as applying
from backend.services.context import Shop
from backend.services.customer_data import erasure, merge
from backend.services.customers import addresses, bulk, customers, leaderboards, lists, preferences
from backend.services.draft_orders import drafts
from backend.services.draft_orders.lists import drafts_of, list_drafts
from backend.services.events import dead_letters, health, lookup
from backend.services.events.consequences import EventPolicy
from backend.services.events.intake import take_in
from backend.services.orders import lists as order_list
from backend.services.orders import orders
from backend.services.outgoing import delivery as posting
from backend.services.outgoing import endpoints
from backend.services.outgoing import log as outgoing_log
from backend.services.outgoing import writes as outgoing
from backend.services.products import catalogue as product_catalogue
from backend.services.products import counting
from backend.services.products import figures as best
from backend.services.segments import library
from backend.services.segments.ready import READY
from backend.services.sending import delivery, frequency_cap, ledger, message_log, shared_content
from backend.services.statistics import counters, figures
from backend.services.suppression import entries
from backend.services.system import heartbeats, usage
from backend.services.system.usage import SavedUsage
from backend.services.team import devices, members
from backend.services.team.sessions import Session
from backend.services.templates import catalogue, versions
from backend.services.templates.catalogue import keep_edition
from backend.services.triggers import active, writes
from backend.services.unreadable import items
from backend.store import schema
from backend.store.meter import Meter, Usage, access_pattern
from backend.store.port import Put, Query
from backend.workers import duties
from tests.campaigns.samples import sample_campaigns, sample_preflight
from tests.connections.door import Sender, apply_all, posted
from tests.events import samples
from tests.mailing.processes import NoTransport
from tests.mailing.worker_script import mailer_on
from tests.services.emails import published

ARCHITECTURE = Path(__file__).parents[2] / "docs" / "architecture.md"
_COST = re.compile(r"(\d+) requests?(?: a month| a year)?, ([\d.]+) units?")


def rows_of(text: str) -> list[list[str]]:
    """The cells of the table rows that begin with a number."""
    rows = re.findall(r"^\| (\d+ \|.*) \|$", text, re.MULTILINE)
    return [[cell.strip() for cell in row.split(" |")] for row in rows]


DOCUMENTED = rows_of(ARCHITECTURE.read_text())
COSTS = {int(row[0]): _COST.match(row[5]) for row in DOCUMENTED}


CAPPED = MarketingLimits(cap=2)


class Metered:
    """A shop with a few hundred orders of January 2026, and the meter of its store."""

    def __init__(self) -> None:
        self.meter = Meter()
        self.now = datetime(2026, 1, 3, 12, tzinfo=UTC)
        store = open_store("sqlite://", meter=self.meter)
        store.create_tables()
        self.shop = shop_on(store, Settings(), clock=lambda: self.now)
        chance = Random(7)
        self.customers = [self._customer(number) for number in range(150)]
        self.orders = [self._order(chance, chance.choice(self.customers).id) for _ in range(600)]
        for number in range(12):
            version = published(self.shop, "order-confirmation", subject=f"Your order, {number}")
        self.edition = keep_edition(self.shop, version)
        for customer, reason in zip(self.customers, cycle(SuppressionReason), strict=False):
            entries.add_suppression(self.shop, customer.email or "", reason, source="event")
        self.facts = shared_content.keep_facts(self.shop, shop_settings.get_shop_facts(self.shop))
        preferences.set_topics_off(self.shop, self.customers[0].id, ["News"])
        for customer in (each for each in self.customers[40:90] if each.id != self.orders[0].customer_id):
            customers.archive_customer(self.shop, COMMAND_LINE, customer.id, customer.version)
        self._processes()
        ada = members.add_member(
            self.shop, COMMAND_LINE, username="ada", name="Ada", email="ada@example.com", role=Role.ADMIN
        )
        for second in range(12):
            session = Session("ada", self.now + timedelta(seconds=second))
            devices.note_visit(self.shop, ada, session, f"Firefox/{second} (Windows NT 10.0)")
        for number in range(60):
            states.open_alert(self.shop, Reading(RuleName.TEST, f"{number}", 1.0, "This is a test of the alerts."))
            if number < 55:
                states.drop(self.shop, states.current_alerts(self.shop)[0])
        for number in range(60):
            audit_log.note(self.shop, COMMAND_LINE, "published a template", f"template:number-{number}", "Version 3")
        self._messages()
        self._slots()
        self._unreadable()
        ids = sorted(customer.id for customer in self.customers)
        self.campaign, self.skipped = sample_campaigns(self.shop, ids), ids[3]
        sample_preflight(self.shop, self.campaign)
        for number in range(12):
            library.create_segment(self.shop, COMMAND_LINE, f"SEGMENT{number}", f"Regulars {number}", READY[0].rule)
        for number in range(12):
            api_keys.create_key(self.shop, COMMAND_LINE, f"Program {number}", [Scope.ORDERS_READ])
        self.automation = self._automations()
        self.connection = self._connected()
        self.reported = self._reported()
        self._products()
        tagged = bulk.add_tag(self.shop, COMMAND_LINE, [customer.id for customer in self.customers[:100]], "new")
        self.change = tagged.change
        self._drafts()
        self.provider_id = ledger.get_message(self.shop, self.reported.id).provider_id

    def _connected(self) -> str:
        """A connected shop with 25 deliveries that failed and one that waits; returns its id."""
        sender = Sender(self.shop)
        requests = [sender.request("orders/create", b"{}", id=f"delivery-{number}") for number in range(25)]
        posted(self.shop, requests)
        apply_all(self.shop)
        posted(self.shop, [sender.request("orders/create", b"{}", id="waits")])
        key, kinds = b"k" * 32, [EventKind.ORDER_CREATED]
        endpoint, _ = endpoints.add_endpoint(self.shop, COMMAND_LINE, key, "https://example.com/hook", kinds)
        for number in range(25):
            self.shop.store.put(outgoing.event_put(self.shop, endpoint, kinds[0], {"number": number}))
        endpoints.switch(self.shop, COMMAND_LINE, endpoint.id, on=False)
        self.endpoint = endpoint.id
        return sender.connection.id

    def _products(self) -> None:
        """Fifty products that were sold, and twenty orders that are not counted yet."""
        lines = tuple(LineItem(f"Product number {n}", 1, 1000 + n) for n in range(50))
        self._order(Random(3), self.customers[0].id, lines)
        while counting.count_sold(self.shop).entries:
            pass
        for _ in range(20):
            self._order(Random(4), self.customers[0].id)

    def _drafts(self) -> None:
        """Sixty, of which one customer has 25."""
        for number in range(60):
            customer = self.customers[max(number - 24, 0)]
            wanted = orders.OrderDraft(customer.id, (LineItem("Mug", 1, 900),))
            drafts.create_draft(self.shop, COMMAND_LINE, wanted, drafts.new_draft_key(self.shop))

    def _unreadable(self) -> None:
        for number in range(20):
            items.set_aside(self.shop, schema.customer_key(f"CUSTOMER{number}"), "created_at is missing")

    def _slots(self) -> None:
        """A frequency cap that has held for a month, and customers who got an email under it."""
        month_ago = self.now - timedelta(days=31)
        self.shop.store.put(Put(schema.meta_key("marketing-cap"), {"since": to_text(month_ago)}))
        for customer in self.customers[:50]:
            message = Message(
                recipient=customer.id,
                key="news-1",
                template="newsletter",
                version=1,
                kind=Kind.MARKETING,
                status=MessageStatus.WAITING,
                to="",
                name="",
                requested_at=self.now,
                requested_by="sam",
                due_at=self.now,
                customer_id=customer.id,
            )
            frequency_cap.reserve(self.shop, [message], CAPPED)

    def _processes(self) -> None:
        """Twelve processes with all duties, and a month in which they did many things."""
        measures, rounds, ring, meter = Measures(), Rounds(), Ring(), Meter()
        for duty in duties.DUTIES:
            rounds.announce(duty.name, duty.patience)
            rounds.began(duty.name)
        for number in range(20):
            ring.add(LogRecord(self.now, "ERROR", "Incident ABCDEFGH", f"page number-{number}"))
        for _ in range(12):
            heartbeats.beat(self.shop, heartbeats.BeatingProcess("worker", "0.1.0", self.now, measures, rounds, ring))
        days = SavedUsage(meter, measures)
        for day in range(1, 31):
            for number in range(30):
                with access_pattern(f"page number-{number}"):
                    meter.add(read_units=1.0, write_units=2.0)
                measures.action(f"page number-{number}", 0.001 * number)
                measures.action(f"api GET /number-{number}", 0.001 * number)
            usage.save_usage(replace(self.shop, clock=partial(self.now.replace, day=day)), days)

    def _automations(self) -> str:
        """Twelve that are off, so that orders cost what they cost, and triggers that wait for one; returns its id."""
        made = [Automation(f"auto-{n:08}", "Thanks", TriggerKind.ORDER_PLACED, STEPS, self.now) for n in range(12)]
        for automation in made:
            saved.create_automation(self.shop, COMMAND_LINE, automation)
        for number in range(200):
            customer = self.customers[number % len(self.customers)]
            event, due = f"20260103120000{number:08}", self.now - timedelta(seconds=number)
            waits = Trigger(customer.id, made[0].id, made[0].kind, event, due, self.now, event)
            self.shop.store.put(writes.put_trigger(waits))
            self.shop.store.transact(transitions.ended(waits, Ending.OFF).writes(self.shop))
            self.shop.store.put(writes.put_trigger(waits))
        return made[0].id

    def _messages(self) -> None:
        """Some for every customer and many for one, in every status, all of today."""
        statuses = cycle((MessageStatus.WAITING, MessageStatus.SENT, MessageStatus.UNKNOWN, MessageStatus.SKIPPED))
        recipients = [customer.id for customer in self.customers] + 60 * [self.customers[0].id]
        waiting = [self._message(f"click-{n:016}", recipient) for n, recipient in enumerate(recipients)]
        for message, status in zip(waiting, statuses, strict=False):
            if status is MessageStatus.WAITING:
                continue
            (mine,) = ledger.claim(self.shop, [message])
            ledger.record(self.shop, [replace(mine, status=status, reason="Because it is so.")])

    def _reported(self) -> Message:
        """One that the provider has reported on six times, letters that are dead, links that were clicked, an hour."""
        message = replace(self._message("click-reported", self.customers[1].id), campaign="CAMPAIGN1")
        self.shop.store.put(Put(key_of(message), message_item(message, message.hour)))
        policy = EventPolicy()
        for kind in ("Send", "Delivery", "Open", "Open", "Click", "DeliveryDelay"):
            self.now += timedelta(seconds=1)
            at = (self.now - message.requested_at).total_seconds()
            take_in(self.shop, [samples.event(kind, message, seconds=at)], "sqs", policy)
        for number in range(40):
            self.now += timedelta(seconds=1)
            dead_letters.add_dead_letter(
                self.shop, samples.event("Bounce") + b"%d" % number, "This is not JSON.", "sqs"
            )
        for number in range(20):
            other = replace(message, key=f"click-{number}")
            clicks = {Click(f"https://shop.example/products/tea-number-{number}?utm_source=news", program=False): 1}
            for update in click_updates(other, clicks):
                self.shop.store.update(update)
        for minutes in range(60):
            counts = {"applied": 500, "seen": 3, "type:Send": 200, "type:Delivery": 200, "lag_1": 300, "lag_5": 200}
            self.shop.store.update(minute_update(self.now - timedelta(minutes=minutes), counts))
        return message

    def _message(self, key: str, recipient: str) -> Message:
        message = Message(
            recipient,
            key,
            "order-confirmation",
            12,
            Kind.TRANSACTIONAL,
            MessageStatus.WAITING,
            "maria@example.org",
            "Maria Sommer",
            self.now,
            "sam",
            self.now,
            customer_id=recipient,
            data=bytes(800),
            facts=self.facts,
            edition=self.edition,
        )
        return ledger.request(self.shop, message).message

    def _customer(self, number: int) -> Customer:
        self.now += timedelta(minutes=7)
        name, tags = f"Maria Sommer{number:03}", ("regular",) if number % 3 == 0 else ()
        profile = customers.Profile(name, f"maria{number}@example.org", "DE", "Berlin", "+49 30 123456", tags)
        return customers.create_customer(self.shop, COMMAND_LINE, profile)

    def _order(self, chance: Random, customer_id: str, lines: tuple[LineItem, ...] = ()) -> Order:
        self.now += timedelta(minutes=11)
        lines = lines or (
            LineItem("Linen shirt, blue, M", 1, chance.randint(900, 9000), "LS-BL-M"),
            LineItem("Linen shirt, white, L", 1, chance.randint(900, 9000), "LS-WH-L"),
            LineItem("Gift wrapping", 1, chance.randint(100, 500)),
        )
        draft = orders.OrderDraft(customer_id, lines, shipping=490, tax=300, status=OrderStatus.PAID)
        key = orders.new_idempotency_key(self.shop)
        return orders.place_order(self.shop, COMMAND_LINE, draft, key).order

    def cost(self, work: Callable[[Metered], object]) -> Usage:
        self.meter.reset()
        work(self)
        used = self.meter.usage().values()
        return Usage(sum(u.requests for u in used), sum(u.read_units for u in used), sum(u.write_units for u in used))


@pytest.fixture(scope="module")
def metered() -> Metered:
    return Metered()


def _listed(**wanted: object) -> Callable[[Metered], object]:
    return lambda m: lists.list_customers(m.shop, lists.CustomerFilter(**wanted))  # type: ignore[arg-type]


def _partition(shop: Shop, table: str, partition: str, begins_with: str) -> object:
    return shop.store.query(Query(table, partition, begins_with=begins_with, descending=True))


STEPS = (Step("order-confirmation"), Step("order-confirmation", timedelta(days=1)))
JANUARY = order_list.OrderFilter(date(2026, 1, 1), date(2026, 1, 31), (OrderStatus.PAID,))
READS: dict[int, Callable[[Metered], object]] = {
    1: lambda m: customers.get_customer(m.shop, m.customers[0].id),
    2: lambda m: customers.find_by_email(m.shop, "MARIA7@example.org"),
    3: _listed(search="maria"),
    4: _listed(tag="regular"),
    5: lambda m: leaderboards.top_customers(m.shop, leaderboards.Measure.REVENUE),
    6: lambda m: leaderboards.top_customers(m.shop, leaderboards.Measure.ORDERS, "2026-01"),
    7: _listed(sort=lists.Sort.NEWEST),
    8: lambda m: order_list.orders_of(m.shop, m.customers[0].id),
    9: lambda m: order_list.list_orders(m.shop, JANUARY),
    10: lambda m: order_list.find_order(m.shop, "#1001"),
    11: lambda m: figures.totals_by_day(m.shop, date(2026, 1, 1), date(2026, 12, 31)),
    12: lambda m: figures.counts_of(m.shop, "country"),
    13: lambda m: customers.activity_of(m.shop, m.customers[0].id),
    14: lambda m: _partition(m.shop, schema.SHOP, f"C#{m.customers[0].id}", "M#"),
    15: lambda m: members.list_members(m.shop, COMMAND_LINE),
    16: lambda m: m.shop.store.get(schema.failures_key("account", "0" * 64)),
    116: lambda m: devices._stored(m.shop, "ada"),
    117: lambda m: m.shop.store.query(Query(schema.SHOP, schema.ACCOUNT_NOTICES, consistent=True)),
    17: lambda m: _partition(m.shop, schema.MAIL, "JOBS", "J#"),
    18: lambda m: m.shop.store.get(schema.meta_key("demo")),
    19: lambda m: catalogue.list_templates(m.shop),
    20: lambda m: versions.list_versions(m.shop, "order-confirmation"),
    21: lambda m: m.shop.store.get(schema.edition_key(m.edition)),
    22: lambda m: entries.suppressed(m.shop, [customer.email or "" for customer in m.customers[:50]]),
    23: lambda m: entries.suppression_history(m.shop, m.customers[0].email or ""),
    24: lambda m: entries.list_suppressions(m.shop, COMMAND_LINE),
    25: lambda m: m.shop.store.get(schema.rate_key("local")),
    26: lambda m: message_log.messages_of(m.shop, m.customers[0].id),
    27: lambda m: message_log.list_messages(m.shop, message_log.LogFilter(m.now.date(), m.now.date())),
    28: lambda m: delivery.due_messages(m.shop, 50),
    29: lambda m: message_log.needing_attention(m.shop, MessageStatus.UNKNOWN, 50),
    30: lambda m: counters.stats_by_hour(m.shop, m.now.date(), m.now.date()),
    31: lambda m: m.shop.store.get(schema.facts_key(m.facts)),
    32: lambda m: preferences.get_preferences(m.shop, m.customers[0].id),
    41: lambda m: frequency_cap.marketing_sent(m.shop, [each.id for each in m.customers[:50]], CAPPED),
    47: lambda m: states.current_alerts(m.shop),
    48: lambda m: states.past_alerts(m.shop, f"{m.now:%Y-%m}"),
    44: lambda m: heartbeats.read_beats(m.shop),
    45: lambda m: usage.usage_by_day(m.shop, f"{m.now:%Y-%m}"),
    46: lambda m: usage.durations_between(m.shop, m.now.date().replace(day=1), m.now.date()),
    50: lambda m: library.list_segments(m.shop, COMMAND_LINE),
    54: lambda m: storing.list_campaigns(m.shop, COMMAND_LINE),
    55: lambda m: storing.due_campaigns(m.shop),
    56: lambda m: progress.progress_of(m.shop, COMMAND_LINE, m.campaign.id),
    57: lambda m: m.shop.store.query(Query(schema.MAIL, schema.chunks_line(m.campaign.id), index="work", limit=8)),
    58: lambda m: explanation.explain(m.shop, mailer_on(m.shop, NoTransport()), COMMAND_LINE, m.campaign.id, m.skipped),
    59: lambda m: _partition(m.shop, schema.MAIL, f"K#{m.campaign.id}", "STEP#"),
    60: lambda m: m.shop.store.query(Query(schema.MAIL, PREFLIGHTS, index="work")),
    61: lambda m: active.all_automations(m.shop),
    62: lambda m: working.due_triggers(m.shop, 50),
    63: lambda m: list_waiting(m.shop, m.automation),
    64: lambda m: figures_of(m.shop, m.automation),
    65: lambda m: items.unreadable_records(m.shop),
    66: lambda m: message_log.find_message(m.shop, m.provider_id),
    67: lambda m: addresses.addresses_of(m.shop, m.orders[0].customer_id),
    70: lambda m: api_keys.list_keys(m.shop, COMMAND_LINE),
    80: lambda m: connections.list_connections(m.shop, COMMAND_LINE),
    81: lambda m: next(applying._due(m.shop)),
    82: lambda m: deliveries.failed_deliveries(m.shop, COMMAND_LINE, m.connection),
    83: lambda m: deliveries.get_delivery(m.shop, m.connection, "delivery-1"),
    90: lambda m: product_catalogue.all_products(m.shop),
    91: lambda m: best.best_products(m.shop),
    92: lambda m: best.best_products(m.shop, best.ProductMeasure.UNITS, best.Days(date(2026, 1, 1), date(2026, 1, 31))),
    93: lambda m: best.sold_in_period(m.shop, best.Days(date(2026, 1, 1), date(2026, 1, 3))),
    94: lambda m: counting.waiting(m.shop, 15),
    96: lambda m: recorded_changes.list_changes(m.shop, COMMAND_LINE),
    97: lambda m: [*recorded_changes.entries_of(m.shop, m.change)],
    78: lambda m: list_drafts(m.shop),
    79: lambda m: [*drafts_of(m.shop, m.customers[0].id)],
    85: lambda m: outgoing.all_endpoints(m.shop),
    88: lambda m: [*erasure.ledger(m.shop)],
    89: lambda m: [*merge.merges(m.shop)],
    86: lambda m: outgoing_log.list_events(m.shop, COMMAND_LINE, m.endpoint),
    87: lambda m: posting._due(m.shop),
    34: _listed(archived=True),
    49: lambda m: seals.verify(m.shop, COMMAND_LINE, b"any key", since="9"),
    33: lambda m: audit_log.list_entries(m.shop, COMMAND_LINE, audit_log.AuditFilter(f"{m.now:%Y-%m}")),
    35: lambda m: lookup.received_events(m.shop, m.reported),
    36: lambda m: dead_letters.list_dead_letters(m.shop, COMMAND_LINE),
    37: lambda m: health.link_clicks(m.shop, "CAMPAIGN1"),
    38: lambda m: health.counts_by_minute(m.shop, m.now - timedelta(hours=1), m.now),
}


def test_the_document_lists_the_patterns_of_the_schema() -> None:
    assert [row[:5] for row in DOCUMENTED] == rows_of(schema.__doc__ or "")


def test_every_pattern_has_a_cost() -> None:
    """Such as "4 requests, 2 units"; a remark may follow."""
    assert [number for number, cost in COSTS.items() if cost is None] == []


@pytest.mark.parametrize("number", sorted(READS))
def test_a_pattern_costs_no_more_than_documented(metered: Metered, number: int) -> None:
    said = COSTS[number]
    assert said is not None
    used = metered.cost(READS[number])
    assert 0 < used.requests <= int(said[1])
    assert 0 < used.read_units <= float(said[2])
    assert used.write_units == 0


def test_a_usual_order_costs_two_reads_one_transaction_and_20_write_units(metered: Metered) -> None:
    outgoing.on_message_recorded(metered.shop, metered.reported)  # asked every two seconds as well
    active.listening(metered.shop, TriggerKind.ORDER_PLACED)  # asked every two seconds, however many orders there are
    # One of several in a row takes no numbers from the counter, and falls between two such looks.
    used = min(
        (metered.cost(lambda m: m._order(Random(1), m.orders[0].customer_id)) for _ in range(5)),
        key=lambda cost: (cost.write_units, cost.requests),
    )
    assert used == Usage(requests=3, read_units=2.0, write_units=20.0)
