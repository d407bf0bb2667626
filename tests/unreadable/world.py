"""A small shop with two of everything that the store keeps: one to be damaged, and one beside it that has to go on."""

from __future__ import annotations

import io
import json
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from backend.domain.account_sync import SyncAction
from backend.domain.alerts import Reading, RuleName
from backend.domain.api_keys import Scope
from backend.domain.automations import Automation, Step, TriggerKind
from backend.domain.campaigns import Campaign
from backend.domain.connections import ShopKind
from backend.domain.customers import Customer
from backend.domain.eligibility import MarketingLimits
from backend.domain.emails import Kind
from backend.domain.erasure import Erasure, ErasureStep
from backend.domain.events import Click
from backend.domain.imports import ImportKind, OrderMapping
from backend.domain.merging import Merge, MergeStep
from backend.domain.messages import Message, MessageStatus
from backend.domain.network import Origin
from backend.domain.orders import OrderStatus
from backend.domain.outgoing import EventKind
from backend.domain.retention import Retention
from backend.domain.sender_domain import DomainReport
from backend.domain.sessions import AccountEvent
from backend.domain.suppression import SuppressionReason
from backend.domain.switches import BACKFILL, Switch
from backend.domain.team import COMMAND_LINE, Role
from backend.domain.time import to_text
from backend.domain.views import ListPage
from backend.email.events.sources import QueueState
from backend.email.transports.account_list import FileAccountList
from backend.observability.measures import Measures
from backend.observability.ring import Ring
from backend.observability.rounds import Rounds
from backend.records.erasures import erasure_item
from backend.records.events import click_updates, minute_update
from backend.records.merges import merge_item, moved_item
from backend.records.system import report_item
from backend.services import shop_settings
from backend.services.alerts import settings as alert_settings
from backend.services.alerts import states
from backend.services.alerts.readings import is_my_turn
from backend.services.api import idempotency
from backend.services.api.request_rate import SharedRate
from backend.services.api_keys.keys import create_key
from backend.services.audit.seals import seal_days
from backend.services.automations import backfill, saved
from backend.services.campaigns import drafts, orders_after, progress
from backend.services.campaigns.oversight import tend_campaigns
from backend.services.campaigns.preflights import run_preflight
from backend.services.campaigns.saved import read_campaign
from backend.services.connections.connections import add_connection, set_token
from backend.services.connections.duty import apply_due
from backend.services.connections.intake import Received, receive, signature_of
from backend.services.context import Shop
from backend.services.customer_data.retention import change_retention
from backend.services.customers import customers, preferences
from backend.services.draft_orders.drafts import create_draft, new_draft_key
from backend.services.draft_orders.settings import change_draft_settings
from backend.services.events import dead_letters
from backend.services.events.consequences import EventPolicy
from backend.services.events.fire_drill import start_drill
from backend.services.events.health import note_backlog
from backend.services.events.intake import take_in
from backend.services.imports import import_orders
from backend.services.imports.remembered import settled_mapping
from backend.services.jobs import requests
from backend.services.migrations.run import migrate
from backend.services.outgoing import endpoints
from backend.services.products.counting import count_sold
from backend.services.reconcile.products import count_from_the_beginning
from backend.services.segments import library
from backend.services.segments.ready import READY
from backend.services.sending import account as sending_account
from backend.services.sending import frequency_cap, ledger, shared_content
from backend.services.suppression import account_sync, entries
from backend.services.switches.saved import save_switch
from backend.services.system import checks, heartbeats, usage
from backend.services.system.checks import check_writing
from backend.services.team import devices, members, notices, sessions, sign_in_attempts
from backend.services.templates.catalogue import keep_edition
from backend.services.triggers.active import LEAD
from backend.services.unreadable import items
from backend.services.views.saved import save_view
from backend.store import schema
from backend.store.meter import Meter, access_pattern
from backend.store.port import Item, Plus, Put, Row, Store, Update
from backend.store.sql import SqlStore
from tests.campaigns.support import Desk, draft, prepare_shop
from tests.connections.door import SECRET
from tests.connections.payloads import shopify_order as shopify_payload
from tests.events import samples
from tests.recount import everything
from tests.services.emails import edited, published
from tests.services.imports.shopify_csv import order as shopify_order
from tests.services.imports.shopify_csv import text_of
from tests.support import ADMIN, ENGINEER, MANAGER, STAFF, TestClock, add_customer, add_order, shop_on
from tests.support import draft as order_draft

SEAL_KEY = b"seals the audit log of this shop"
CAPPED = MarketingLimits(cap=3)
POLICY = EventPolicy()


@dataclass(frozen=True)
class World:
    """What lies in the store, and the files beside it."""

    rows: tuple[Row, ...]
    files: Path
    clock: TestClock
    customers: tuple[str, ...]

    @contextmanager
    def opened(self, folder: Path, store: Store | None = None) -> Iterator[Shop]:
        """A shop with all of it, in memory unless a store is given, whose clock begins where the world ends."""
        store = store or SqlStore("sqlite://")
        store.create_tables()
        store.write_batch([Put(row.key, row.item) for row in self.rows])
        shutil.copytree(self.files, folder, dirs_exist_ok=True)
        try:
            yield shop_on(store, clock=TestClock(self.clock.now), data_dir=folder)
        finally:
            store.close()


def _products(shop: Shop, people: list[Customer]) -> None:
    """Products and their figures, further names of them, and orders that nobody has counted yet."""
    count_from_the_beginning(shop)
    count_sold(shop)
    for customer in people[:2]:
        add_order(shop, customer, 700)


def made_world(folder: Path) -> World:
    clock = TestClock()
    store = SqlStore("sqlite://")
    store.create_tables()
    shop = shop_on(store, clock=clock, data_dir=folder)
    people = _people(shop, clock)
    _templates(shop)
    _team(shop)
    _mail(shop, clock, people)
    _campaigns(shop, clock, people)
    _automations(shop, clock, people)
    _rest_of_campaigns(shop)
    _system(shop)
    _imports(shop)
    _products(shop, people)
    _api(shop)
    _connections(shop, people)
    migrate(shop, COMMAND_LINE, lambda _: None)
    seal_days(shop, SEAL_KEY)
    rows = (*everything(shop, schema.SHOP), *everything(shop, schema.MAIL))
    store.close()
    return World(rows, folder, clock, tuple(each.id for each in people))


def _people(shop: Shop, clock: TestClock) -> list[Customer]:
    prepare_shop(shop)
    library.create_segment(shop, MANAGER, "REGULARS01", "Regulars", READY[0].rule)
    for name in ("Archived", "Newest"):
        save_view(shop, MANAGER, ListPage.CUSTOMERS, name, f"sort={name.lower()}", shared=True)
    people: list[Customer] = []
    for name, phone, country in (
        ("Ann Ash", "+4930123451", "DE"),
        ("Bea Birch", "+4930123452", "FR"),
        ("Cleo Cedar", "+4930123453", "IT"),
        ("Dana Dogwood", "+4930123454", "ES"),
    ):
        clock.forward(minutes=1)
        person = add_customer(
            shop, name, f"{name[:3].lower()}@example.com", phone=phone, country=country, tags=[name[:3]], consent=True
        )
        customers.add_note(shop, STAFF, person.id, "Likes tea.")
        add_order(shop, person, 2500, status=OrderStatus.PAID)
        clock.forward(minutes=1)
        add_order(shop, person, 1500, status=OrderStatus.FULFILLED)
        if len(people) >= 2:
            preferences.set_topics_off(shop, person.id, ["News"])
        people.append(customers.get_customer(shop, person.id))
    file = shop.data_dir / "orders.csv"
    lines = [shopify_order(f"#{n}", email=f"imported{n}@example.com", phone=f"+49301234{n}") for n in (501, 502)]
    file.write_text(text_of(lines))
    import_orders(shop, STAFF, file)
    save_switch(shop, COMMAND_LINE, BACKFILL, Switch(share=50))
    settled_mapping(shop, ("No", "When", "Sum"), OrderMapping("till", {"number": "No", "date": "When", "total": "Sum"}))
    change_draft_settings(shop, MANAGER, "https://shop.example/pay/{token}", 30)
    for person in people[:2]:
        for _ in range(2):
            create_draft(shop, STAFF, order_draft(person), new_draft_key(shop))
    for name in ("Eve Elm", "Finn Fir"):
        gone = add_customer(shop, name, country="GB")
        customers.archive_customer(shop, STAFF, gone.id, gone.version)
    for address in ("first@example.net", "second@example.net"):
        entries.add_suppression(shop, address, SuppressionReason.HARD_BOUNCE, source="event")
    shop_settings.save_shop_facts(shop, MANAGER, shop_settings.get_shop_facts(shop))
    return people


def _templates(shop: Shop) -> None:
    for name in ("order-confirmation", "welcome"):
        keep_edition(shop, published(shop, name, subject=f"News of {name}"))
        edited(shop, name, subject="Another subject")


def _team(shop: Shop) -> None:
    for name in ("mara", "nina"):
        members.add_member(
            shop, COMMAND_LINE, username=name, name=name.title(), email=f"{name}@example.com", role=Role.ADMIN
        )
        member = members.find_member(shop, name)
        assert member is not None
        devices.note_visit(shop, member, sessions.begin_session(shop, member), "Firefox/128.0 (X11; Linux)")
        shop.store.put(notices.notice(shop, name, AccountEvent.PASSWORD))
    for identity in ("0" * 64, "1" * 64):
        sign_in_attempts.claim(shop, sign_in_attempts.Subject.ACCOUNT, identity)


def _mail(shop: Shop, clock: TestClock, people: list[Customer]) -> None:
    facts = shared_content.keep_facts(shop, shop_settings.get_shop_facts(shop))
    for person in people:
        for key, status in (("click-a", "sent"), ("click-b", "failed"), ("click-c", "unknown"), ("click-d", "waiting")):
            message = Message(
                person.id,
                key,
                "order-confirmation",
                0,
                Kind.TRANSACTIONAL,
                MessageStatus.WAITING,
                person.email or "",
                person.name,
                clock.now,
                "sam",
                clock.now,
                customer_id=person.id,
                facts=facts,
                campaign="",
            )
            asked = ledger.request(shop, message).message
            if status == "waiting":
                continue
            (mine,) = ledger.claim(shop, [asked])
            sent = {"sent_at": clock.now, "provider_id": samples.PROVIDER_ID} if status == "sent" else {}
            ledger.record(shop, [replace(mine, status=MessageStatus(status), reason="It was so.", **sent)])  # type: ignore[arg-type]
            if status == "sent":
                take_in(shop, [samples.event(kind, mine, seconds=1) for kind in ("Send", "Delivery")], "sqs", POLICY)
        marketing = replace(message, key="news-1", kind=Kind.MARKETING, template="newsletter")
        frequency_cap.reserve(shop, [marketing], CAPPED)
        for update in click_updates(replace(message, campaign="SAMPLE"), {Click("https://shop.example/a", False): 1}):
            shop.store.update(update)
    # Claimed by a worker that does not come back.
    for person in people[:2]:
        lost = ledger.request(shop, replace(message, recipient=person.id, key="click-e", customer_id=person.id)).message
        ledger.claim(shop, [lost])
    for body in (b"{1", b"{2"):
        clock.forward(seconds=1)
        dead_letters.add_dead_letter(shop, body, "This is not JSON.", "sqs")
    for minutes in (1, 2):
        shop.store.update(minute_update(clock.now - timedelta(minutes=minutes), {"applied": 5, "seen": 3}))
    clock.forward(minutes=2)


def _campaigns(shop: Shop, clock: TestClock, people: list[Customer]) -> None:
    desk = Desk(shop)
    desk.make_snapshot()
    done = desk.finished(desk.started(draft(name="Finished", holdout=10)))
    orders_after.count_orders(shop, read_campaign(shop, done.id))
    for name in ("First", "Second"):
        campaign = desk.started(draft(name=name))
        progress.hold(shop, campaign.id, clock.now + timedelta(hours=1), progress.HOURS)
        progress.note_pace(shop, campaign.id, 1)
    for name in ("Draft one", "Draft two"):
        waiting = _drafted(shop, name)
        run_preflight(shop, STAFF, waiting.id, seen_version=waiting.version)
    tend_campaigns(shop)


def _rest_of_campaigns(shop: Shop) -> None:
    """What a campaign has only after reports, with a holdout or under way."""
    month_ago = shop.clock() - timedelta(days=31)  # what was sent above without a cap has taken the marker away
    shop.store.put(Put(schema.meta_key("marketing-cap"), {"since": to_text(month_ago)}))
    shop.store.put(Put(schema.holdout_key("SAMPLE", "0123456789"), {"ids": "0123456789"}))
    for message_id in ("a", "b"):
        shop.store.update(Update(schema.campaign_stat_key("SAMPLE", message_id), add={"delivered": Plus(1)}))
        shop.store.update(Update(schema.automation_stat_key("auto-00000000", message_id), add={"asked": Plus(1)}))


def _drafted(shop: Shop, name: str) -> Campaign:
    return drafts.create_campaign(shop, STAFF, draft(name=name))


def _automations(shop: Shop, clock: TestClock, people: list[Customer]) -> None:
    for name, kind in (("Thanks", TriggerKind.ORDER_PLACED), ("Miss you", TriggerKind.LAPSED)):
        step = Step("order-confirmation", timedelta(days=90) if kind is TriggerKind.LAPSED else timedelta())
        made = Automation(saved.new_automation_id(), name, kind, (step,), shop.clock())
        made = saved.create_automation(shop, MANAGER, made)
        on = saved.switch_on(shop, MANAGER, made.id, made.version)
        if kind is TriggerKind.LAPSED:
            backfill.ask_backfill(shop, MANAGER, on.id, 4)
    clock.forward(seconds=LEAD.total_seconds())
    for person in people:
        add_order(shop, person, 900)
    clock.forward(minutes=1)


def _system(shop: Shop) -> None:
    measures, meter, ring, rounds = Measures(), Meter(), Ring(), Rounds()
    for duty in ("mail", "imports"):
        rounds.announce(duty, 60.0)
    for _ in range(2):
        heartbeats.beat(shop, heartbeats.BeatingProcess("worker", "0.1.0", shop.clock(), measures, rounds, ring))
    with access_pattern("page x"):
        meter.add(read_units=1.0)
    for kind in ("page x", "api GET /x"):
        measures.action(kind, 0.01)
    for days in (0, 1):
        earlier = replace(shop, clock=lambda days=days: shop.clock() - timedelta(days=days))  # type: ignore[misc]
        usage.save_usage(earlier, usage.SavedUsage(meter, measures))
    for subject in ("a", "b"):
        states.open_alert(shop, Reading(RuleName.TEST, subject, 1.0, "This is a test of the alerts."))
    settings = alert_settings.get_alert_settings(shop)
    alert_settings.change_notifications(
        shop,
        COMMAND_LINE,
        recipients=["mara"],
        quiet_from=settings.quiet_from,
        quiet_to=settings.quiet_to,
        remind_hours=settings.remind_hours,
        version=settings.version,
    )
    assert is_my_turn(shop)
    account_sync.ask_for(shop, STAFF, SyncAction.COMPARE, "first")
    account = FileAccountList(shop.data_dir / "account-suppression.json", shop.clock)
    account_sync.work_on_sync(shop, account, threading.Event())
    account_sync.ask_for(shop, STAFF, SyncAction.COMPARE, "second")
    shop.store.put(Put(schema.meta_key("domain-check"), report_item(DomainReport("example.com", shop.clock(), ()))))
    start_drill(shop, STAFF, "drill-000000000001")
    check_writing(shop.store)
    now = to_text(shop.clock())
    sending_account.pause(shop, "The provider takes nothing.", shop.clock() - timedelta(minutes=1))
    note_backlog(shop, "sqs", QueueState(3, 1))
    checks.note_origin(shop, Origin("203.0.113.9", "203.0.113.9", forwarded=True, by_unnamed_proxy=True))
    markers: dict[str, Item] = {
        "demo": {"state": "loaded", "at": now, "customers": 0},
        "demo-removed": {"at": now},
        "event-probe": {"at": now},
        "maintenance": {"reason": "Back soon.", "since": now},
        "backup": {"at": now, "name": "tillpost-20261126T120000Z", "items": 1, "bytes": 1, "seconds": 1},
        "write-check": {"padding": "-"},
    }
    for name, item in markers.items():
        shop.store.put(Put(schema.meta_key(name), item))
    items.set_aside(shop, schema.customer_key("GONE000000"), "created_at is missing")


def _imports(shop: Shop) -> None:
    for number in (1, 2):
        body = text_of([shopify_order(f"#100{number}", email=f"new{number}@example.com")]).encode()
        requests.enqueue_import(shop, MANAGER, ImportKind.ORDERS, f"orders{number}.csv", io.BytesIO(body))


def _api(shop: Shop) -> None:
    for name in ("Online shop", "Till"):
        key = create_key(shop, ADMIN, name, [Scope.ORDERS_WRITE]).key
        SharedRate().take(shop, key.family)
        begun = idempotency.begin(shop, key.family, f"order of {name}", b"an order")
        assert isinstance(begun, idempotency.Begun)
        idempotency.finish(shop, begun, idempotency.Answer(201, {}, b"{}"))


def _connections(shop: Shop, people: list[Customer]) -> None:
    """Two connected shops with webhooks that wait and one about personal data, and two endpoints with events."""
    key = b"a key of thirty-two bytes or more"
    for number, domain in enumerate(("one.myshopify.com", "two.myshopify.com"), start=1):
        connection = add_connection(shop, ENGINEER, key, ShopKind.SHOPIFY, domain, SECRET)
        for topic, payload in (
            ("customers/redact", {"customer": {"id": number}, "orders_to_redact": []}),
            ("orders/create", shopify_payload(7000 + number, note="é" * 250_000)),
        ):
            _receive(shop, key, connection.id, domain, topic, payload)
            if topic == "customers/redact":
                apply_due(shop, threading.Event())
        set_token(shop, ENGINEER, key, connection.id, "shpat_0123456789abcdef")
        endpoints.add_endpoint(shop, ENGINEER, key, f"https://hooks{number}.example.com/", [EventKind.ORDER_CREATED])
    add_order(shop, people[2], 800)
    for erased in ("GONE000001", "GONE000002"):
        entry = Erasure(erased, shop.clock(), "mara", ErasureStep.ORDERS, (erased.casefold(),))
        shop.store.put(Put(schema.erasure_key(erased), erasure_item(entry)))
        merge = Merge(erased, people[2].id, shop.clock(), "mara", MergeStep.DONE)
        shop.store.put(Put(schema.merge_key(erased), merge_item(merge)))
        shop.store.put(Put(schema.moved_key(erased, "notes", "V#"), moved_item(merge, keys=[])))
        shop.store.put(Put(schema.merged_key(people[2].id, erased), {"email": ""}))
    change_retention(shop, ADMIN, Retention(messages=3650))
    shop.store.put(Put(schema.meta_key("retention-done"), {"messages": "2026-11-01"}))
    shop.store.put(Put(schema.meta_key("audit-removed"), {"until": "", "signature": ""}))


def _receive(shop: Shop, key: bytes, connection_id: str, domain: str, topic: str, payload: object) -> None:
    body = json.dumps(payload).encode()
    headers = {
        "x-shopify-hmac-sha256": signature_of(SECRET, body),
        "x-shopify-topic": topic,
        "x-shopify-webhook-id": f"{connection_id}-{topic}",
        "x-shopify-shop-domain": domain,
    }
    assert receive(shop, key, ShopKind.SHOPIFY, connection_id, headers, body) is Received.KEPT
