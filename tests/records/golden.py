"""What the records read and write, entity by entity, and the frozen items that they are held against.

`golden/NAME.json` holds items as they were stored when the entity was made: one with every field filled, one with as
little as possible. They are never written again, because stores hold such items. For an entity that is new,
`python -m tests.records.golden` writes the file; it touches none that is there.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from backend.domain.account_sync import Comparison, Sync
from backend.domain.addresses import AddressBook
from backend.domain.alerts import Alert, AlertSettings
from backend.domain.api_keys import ApiKey
from backend.domain.audit import AuditEntry, AuditSeal
from backend.domain.automations import PREFIX, Automation, Trigger
from backend.domain.backups import BackupState
from backend.domain.campaign_figures import Broken, Preflight
from backend.domain.campaigns import Campaign, Draft, Wave
from backend.domain.changes import Change, ChangeEntry
from backend.domain.connections import Connection, ConnectionFigures, Delivery, OrderComparison, PrivacyRequest
from backend.domain.customers import Activity, ConsentProof, Customer
from backend.domain.delivery import Outcome
from backend.domain.draft_orders import DraftOrder, DraftSettings, DraftState
from backend.domain.emails import TemplateSource, TemplateVersion
from backend.domain.erasure import Erasure, erased
from backend.domain.events import DeadLetter, EventType, MailEvent
from backend.domain.health import Beat
from backend.domain.imports import OrderMapping
from backend.domain.jobs import Job
from backend.domain.merging import Merge, MergeStep
from backend.domain.messages import Message, MessageStatus, SkipReason
from backend.domain.numbering import Numbering
from backend.domain.orders import Order, Refund
from backend.domain.outgoing import Endpoint, OutgoingEvent
from backend.domain.products import Product, Sold
from backend.domain.retention import Retention
from backend.domain.segments import Rule, Segment
from backend.domain.sender_domain import DomainReport
from backend.domain.sessions import AccountNotice, SignedIn
from backend.domain.shop import ShopFacts
from backend.domain.suppression import Suppression, SuppressionEvent
from backend.domain.switches import Switch
from backend.domain.team import Member
from backend.domain.templates import WorkingCopy
from backend.domain.time import to_text
from backend.domain.totals import Totals
from backend.domain.views import View
from backend.records import (
    alerts,
    automations,
    campaign_chunks,
    campaigns,
    changes,
    connections,
    customers,
    erasures,
    events,
    jobs,
    merges,
    messages,
    order_mappings,
    orders,
    outgoing,
    preflights,
    products,
    retention,
    segments,
    shop,
    suppression,
    system,
    team,
    templates,
    totals,
    views,
)
from backend.records.campaign_chunks import Chunk, ChunkStep
from backend.records.events import RawEvent
from backend.records.products import Waiting
from backend.records.team import Roster
from backend.store import schema
from backend.store.port import Item, Key, Row
from tests.records.filled import FIRST, filled, least

FOLDER = Path(__file__).parent / "golden"
CUSTOMER = "ABCDEFGHJK"
UTC = ZoneInfo("UTC")
RULE = Rule(archived=True)
DEFAULTS = ShopFacts("Test shop")


@dataclass(frozen=True)
class Entity:
    """One kind of item. `full` and `least` are what the frozen items hold; `reads` are the functions that read it."""

    name: str
    full: Any
    least: Any
    write: Callable[[Any], Item]
    read: Callable[[Any, Item], Any]
    """Takes the object for what is in the key and not in the item."""
    reads: tuple[Callable[..., Any], ...]
    added: tuple[str, ...] = ()
    """Attributes that are written since the item was frozen."""

    @property
    def file(self) -> Path:
        return FOLDER / f"{self.name}.json"

    def frozen(self) -> dict[str, Item]:
        """The stored items: "full" and "least"."""
        found: dict[str, Item] = json.loads(self.file.read_text(), object_hook=with_bytes)
        return found


def at_row(read: Callable[[Row], Any], key: Callable[[Any], Key]) -> Callable[[Any, Item], Any]:
    return lambda it, item: read(Row(key(it), item))


def _key_of_order(order: Order) -> Key:
    return schema.order_key(order.customer_id, order.id)


def _event(it: RawEvent) -> MailEvent:
    return replace(least(MailEvent), type=EventType(it.type))


def _chunk_key(it: Chunk | ChunkStep) -> str:
    return it.key.sk


def _message(**values: Any) -> Message:
    """As it was when opens by programs were opens."""
    full = filled(Message, key="K7", **values)
    known = [outcome for outcome in full.outcomes if outcome is not Outcome.BOT_OPENED]
    return replace(full, outcomes=dict(zip(known, full.outcomes.values(), strict=False)))


MOMENT = to_text(FIRST)
SOLD_KEY = schema.sold_key("2026-11", CUSTOMER)
CHUNK_IDS = {"campaign": "K1", "wave": Wave.REST}
SENT = _message(status=MessageStatus.SENT, handled=None)
_REFUND = replace(filled(Refund), lines=(), shipping=0)
ENTITIES: tuple[Entity, ...] = (
    Entity(
        "customer",
        filled(Customer, id=CUSTOMER, erased_at=None),
        least(Customer, id=CUSTOMER, name=""),
        customers.customer_item,
        lambda it, item: customers.customer_from(it.id, item),
        (customers.customer_from,),
    ),
    Entity(
        "customer-erased",
        erased(filled(Customer, id=CUSTOMER), FIRST),
        erased(least(Customer, id=CUSTOMER, name=""), FIRST),
        customers.customer_item,
        lambda it, item: customers.customer_from(it.id, item),
        (),
    ),
    Entity(
        "activity",
        filled(Activity, at=FIRST, proof=None),
        least(Activity, by="", at=FIRST),
        customers.activity_item,
        at_row(customers.activity_from, lambda it: customers.activity_key(CUSTOMER, it)),
        (customers.activity_from,),
    ),
    Entity(
        "activity-with-proof",
        filled(Activity, at=FIRST),
        least(Activity, by="", at=FIRST, proof=least(ConsentProof)),
        customers.activity_item,
        at_row(customers.activity_from, lambda it: customers.activity_key(CUSTOMER, it)),
        (customers.activity_from,),
    ),
    Entity(
        "addresses",
        filled(AddressBook),
        AddressBook(version=1),
        customers.book_item,
        lambda it, item: customers.book_from(schema.addresses_key(CUSTOMER), item),
        (customers.book_from,),
    ),
    Entity(
        "order",
        replace(
            filled(Order),
            shipping_address=None,
            billing_address=None,
            fulfilments=(),
            refunds=(_REFUND, _REFUND),
            payments=(),
            returns=(),
        ),
        least(Order, customer_name=""),
        lambda it: orders.order_item(it, UTC),
        lambda it, item: orders.order_from(_key_of_order(it), item),
        (orders.order_from,),
    ),
    Entity(
        "order-returned",
        filled(Order),
        least(Order, customer_name=""),
        lambda it: orders.order_item(it, UTC),
        lambda it, item: orders.order_from(_key_of_order(it), item),
        (orders.order_from,),
    ),
    Entity(
        "draft-order",
        DraftOrder(filled(Order), DraftState.COMPLETED, "placed"),
        DraftOrder(least(Order, customer_name="")),
        orders.draft_item,
        lambda it, item: orders.draft_from(schema.draft_key(it.order.customer_id, it.order.id), item),
        (orders.draft_from,),
    ),
    Entity(
        "draft-settings",
        filled(DraftSettings),
        DraftSettings(),
        shop.draft_settings_item,
        lambda it, item: shop.draft_settings_from(item),
        (shop.draft_settings_from,),
    ),
    Entity(
        "numbering",
        filled(Numbering),
        Numbering("", 0),
        shop.numbering_item,
        lambda it, item: shop.numbering_from(item),
        (shop.numbering_from,),
    ),
    Entity(
        "order-sent",
        replace(filled(Order), payments=(), returns=()),
        least(Order, customer_name=""),
        lambda it: orders.order_item(it, UTC),
        lambda it, item: orders.order_from(_key_of_order(it), item),
        (orders.order_from,),
    ),
    *(
        Entity(
            f"message-{name}",
            full,
            least(Message, to="", name="", requested_by="", version=0, status=full.status),
            lambda it: messages.message_item(it, it.hour or "2026-11-26T13"),
            lambda it, item: messages.message_from(messages.key_of(it), item),
            (messages.message_from,),
            ("work", "work_at") if name == "sent" else (),
        )
        for name, full in {
            "sent": SENT,
            "waiting": replace(SENT, status=MessageStatus.WAITING, campaign=f"{PREFIX}1"),
            "failed": replace(SENT, status=MessageStatus.FAILED),
            "handled": _message(status=MessageStatus.UNKNOWN),
            "skipped": _message(handled=None),
            "prefetched": replace(SENT, outcomes={Outcome.BOT_OPENED: FIRST}),
        }.items()
    ),
    Entity(
        "campaign",
        filled(Campaign, draft=filled(Draft, again="")),
        least(Campaign, segment_name="", rule=""),
        campaigns.campaign_item,
        lambda it, item: campaigns.campaign_from(it.id, item),
        (campaigns.campaign_from,),
    ),
    Entity(
        "chunk",
        Chunk("K1", Wave.REST, (CUSTOMER, "BBCDEFGHJK")),
        Chunk("K1", Wave.REST, (CUSTOMER,)),
        campaign_chunks.chunk_item,
        lambda it, item: campaign_chunks.chunk_from(it.campaign, _chunk_key(it), item),
        (campaign_chunks.chunk_from,),
    ),
    Entity(
        "step",
        filled(ChunkStep),
        least(ChunkStep),
        lambda it: campaign_chunks.step_item(it, FIRST),
        lambda it, item: campaign_chunks.step_from(it.campaign, _chunk_key(it), item),
        (campaign_chunks.step_from,),
    ),
    Entity(
        "skips",
        dict.fromkeys(set(SkipReason) - {SkipReason.NOT_SENT_BEFORE, SkipReason.OPENED_BEFORE}, (1, 20)),
        {SkipReason.PAUSED: (0,)},
        campaign_chunks.skips_item,
        lambda it, item: {
            reason: tuple(place for place in range(21) if campaign_chunks.skip_in({name: item[name]}, place))
            for name in item
            for reason in [SkipReason[name.upper()]]
        },
        (),
    ),
    Entity(
        "job",
        filled(Job, new_days=0, source="", sheet="", treated_as_new=0, had_not_arrived=0),
        least(Job, file="", requested_by=""),
        jobs.job_item,
        lambda it, item: jobs.job_from(schema.job_key(it.id), item),
        (jobs.job_from,),
    ),
    Entity(
        "automation",
        filled(Automation),
        least(Automation),
        automations.automation_item,
        lambda it, item: automations.automation_from(it.id, item),
        (automations.automation_from,),
    ),
    Entity(
        "trigger",
        filled(Trigger),
        least(Trigger),
        automations.trigger_item,
        lambda it, item: automations.trigger_from(automations.trigger_key(it), item),
        (automations.trigger_from,),
    ),
    Entity(
        "segment",
        filled(Segment, rule=RULE, ready=False),
        least(Segment, rule=RULE),
        segments.segment_item,
        at_row(segments.segment_from, lambda it: schema.segment_key(it.id)),
        (segments.segment_from,),
    ),
    Entity(
        "order-mapping",
        filled(OrderMapping),
        least(OrderMapping),
        order_mappings.mapping_item,
        lambda it, item: order_mappings.mapping_from(schema.meta_key("columns-x"), item),
        (order_mappings.mapping_from,),
    ),
    Entity(
        "view",
        filled(View),
        least(View),
        views.view_item,
        at_row(views.view_from, lambda it: schema.view_key(it.page, it.owner, "digest")),
        (views.view_from,),
    ),
    Entity(
        "change",
        filled(Change),
        least(Change),
        changes.change_item,
        at_row(changes.change_from, lambda it: schema.change_key(it.id)),
        (changes.change_from,),
    ),
    Entity(
        "change-entry",
        filled(ChangeEntry, before={"city": "Kiel", "tags": ["vip"]}, after={"city": None, "tags": []}),
        least(ChangeEntry),
        lambda it: changes.entry_item(it, FIRST),
        at_row(changes.entry_from, changes.entry_key),
        (changes.entry_from,),
    ),
    Entity(
        "suppression",
        filled(Suppression),
        Suppression("x", filled(Suppression).causes[:1]),
        lambda it: suppression.suppression_item(it, suppression.digest_of(it.address), "stamp"),
        lambda it, item: suppression.suppression_from(item),
        (suppression.suppression_from,),
    ),
    Entity(
        "suppression-event",
        filled(SuppressionEvent),
        least(SuppressionEvent),
        suppression.event_item,
        at_row(suppression.event_from, lambda it: schema.suppression_event_key("d", to_text(it.at), "e")),
        (suppression.event_from,),
    ),
    Entity(
        "api_key",
        filled(ApiKey),
        least(ApiKey),
        team.api_key_item,
        at_row(team.api_key_from, lambda it: schema.api_key_key(it.prefix)),
        (team.api_key_from,),
    ),
    Entity(
        "member",
        replace(
            filled(Member), second_factor="", second_factor_step=0, recovery_codes=(), link_hash="", link_ends=None
        ),
        least(Member),
        team.member_to_item,
        lambda it, item: team.member_from_item(item),
        (team.member_from_item,),
    ),
    Entity(
        "member-with-second-factor",
        replace(filled(Member), link_hash="", link_ends=None),
        least(Member),
        team.member_to_item,
        lambda it, item: team.member_from_item(item),
        (team.member_from_item,),
    ),
    Entity(
        "member-with-link",
        filled(Member),
        least(Member),
        team.member_to_item,
        lambda it, item: team.member_from_item(item),
        (team.member_from_item,),
    ),
    Entity(
        "switch",
        filled(Switch),
        Switch(),
        shop.switch_item,
        lambda it, item: shop.switch_from(schema.meta_key("switch-golden"), item),
        (shop.switch_from,),
    ),
    Entity(
        "session",
        filled(SignedIn),
        least(SignedIn),
        team.signed_in_item,
        at_row(team.signed_in_from, lambda it: schema.session_key(it.username, it.id)),
        (team.signed_in_from,),
    ),
    Entity(
        "account-notice",
        filled(AccountNotice),
        least(AccountNotice),
        team.notice_item,
        at_row(team.notice_from, lambda it: schema.account_notice_key(to_text(it.at), it.id)),
        (team.notice_from,),
    ),
    Entity(
        "roster",
        filled(Roster),
        Roster({}, frozenset()),
        team.roster_to_item,
        lambda it, item: team.roster_from_item(item),
        (team.roster_from_item,),
    ),
    Entity(
        "template-version",
        filled(TemplateVersion),
        least(TemplateVersion, source=TemplateSource("", "")),
        lambda it: templates.version_item(it, "-a\n+b"),
        lambda it, item: templates.version_from(schema.template_version_key("golden", 1), item),
        (templates.version_from,),
    ),
    Entity(
        "working-copy",
        filled(WorkingCopy),
        least(WorkingCopy, source=TemplateSource("", ""), edited_by=""),
        templates.working_copy_item,
        lambda it, item: templates.working_copy_from(it.name, item),
        (templates.working_copy_from,),
    ),
    Entity(
        "template-edition",
        filled(TemplateVersion, source=filled(TemplateSource, blocks=""), published_at=None, published_by="", note=""),
        least(TemplateVersion),
        lambda it: templates.edition_item(templates.edition_document({"a.mjml": "x"}, it)),
        lambda it, item: templates.edition_from(schema.edition_key("golden"), item)[1],
        (templates.edition_from,),
    ),
    Entity(
        "account-sync",
        filled(Sync),
        least(Sync, requested_by=""),
        suppression.sync_item,
        lambda it, item: suppression.sync_from(item),
        (suppression.sync_from,),
    ),
    Entity(
        "account-comparison",
        filled(Comparison),
        least(Comparison),
        suppression.comparison_item,
        lambda it, item: suppression.comparison_from(item),
        (suppression.comparison_from,),
    ),
    Entity(
        "alert",
        filled(Alert),
        least(Alert, subject="", sentence=""),
        alerts.alert_item,
        lambda it, item: alerts.alert_from(item),
        (alerts.alert_from,),
    ),
    Entity(
        "alert-settings",
        filled(AlertSettings),
        AlertSettings(),
        alerts.settings_item,
        lambda it, item: alerts.settings_from(item),
        (alerts.settings_from,),
    ),
    Entity(
        "audit-entry",
        filled(AuditEntry, change=""),
        least(AuditEntry, role="", target="", detail=""),
        system.audit_item,
        at_row(system.audit_from, lambda it: schema.audit_key(to_text(it.at), it.id)),
        (system.audit_from,),
    ),
    Entity(
        "audit-seal",
        replace(filled(AuditSeal), day="2026-11-26"),
        replace(least(AuditSeal, previous=""), day="2026-11-27"),
        system.seal_item,
        at_row(system.seal_from, lambda it: schema.audit_seal_key(it.day)),
        (system.seal_from,),
    ),
    Entity(
        "beat",
        filled(Beat, duties=(replace(filled(Beat).duties[0], patience=90.0),)),
        least(Beat, version=""),
        system.beat_item,
        at_row(system.beat_from, lambda it: schema.beat_key(it.process)),
        (system.beat_from,),
    ),
    Entity(
        "preflight",
        filled(Preflight, listed=(), is_current=True),
        least(Preflight),
        preflights.preflight_item,
        lambda it, item: preflights.preflight_from(schema.campaign_part_key("GOLDEN", "PREFLIGHT"), item),
        (preflights.preflight_from,),
    ),
    Entity(
        "broken-recipients",
        [filled(Broken), least(Broken)],
        [],
        preflights.broken_item,
        lambda it, item: preflights.broken_from(schema.campaign_part_key("GOLDEN", "BROKEN"), item),
        (preflights.broken_from,),
    ),
    Entity(
        "shop",
        filled(ShopFacts, brand="#123456", currency="USD", locale="en_US", zone="UTC"),
        ShopFacts("x"),
        shop.shop_item,
        lambda it, item: shop.shop_from(DEFAULTS, item),
        (shop.shop_from,),
    ),
    Entity(
        "backup-state",
        filled(BackupState),
        BackupState(),
        system.backup_state_item,
        lambda it, item: system.backup_state_from(item),
        (system.backup_state_from,),
    ),
    Entity(
        "domain-report",
        filled(DomainReport),
        least(DomainReport),
        system.report_item,
        lambda it, item: system.report_from(item),
        (system.report_from,),
    ),
    Entity(
        "day-totals",
        filled(Totals),
        Totals(),
        totals.totals_item,
        lambda it, item: totals.totals_from(item),
        (),
    ),
    Entity(
        "raw-event",
        RawEvent("Send", FIRST, FIRST, "sqs", b"{}"),
        RawEvent("Bounce", FIRST, FIRST, "", b""),
        lambda it: events.raw_item(_event(it), it.body, it.source, it.received_at),
        at_row(events.raw_from, lambda it: schema.event_key(CUSTOMER, "K7", to_text(it.at), "d")),
        (events.raw_from,),
    ),
    Entity(
        "endpoint",
        filled(Endpoint, id="ENDPOINT"),
        least(Endpoint, id="ENDPOINT"),
        outgoing.endpoint_item,
        lambda it, item: outgoing.endpoint_from(schema.endpoint_key(it.id), item),
        (outgoing.endpoint_from,),
    ),
    Entity(
        "outgoing-event",
        filled(OutgoingEvent, at=FIRST),
        least(OutgoingEvent, at=FIRST),
        outgoing.outgoing_item,
        lambda it, item: outgoing.outgoing_from(outgoing.outgoing_event_key(it), item),
        (outgoing.outgoing_from,),
    ),
    Entity(
        "connection",
        filled(Connection, id="CONNECTION", token=None),
        least(Connection, id="CONNECTION", domain=""),
        connections.connection_item,
        lambda it, item: connections.connection_from(schema.connection_key(it.id), item),
        (connections.connection_from,),
    ),
    Entity(
        "connection-with-token",
        filled(Connection, id="CONNECTION"),
        least(Connection, id="CONNECTION", domain=""),
        connections.connection_item,
        lambda it, item: connections.connection_from(schema.connection_key(it.id), item),
        (connections.connection_from,),
    ),
    Entity(
        "connection-figures",
        filled(ConnectionFigures),
        ConnectionFigures(),
        connections.connection_figures_item,
        lambda it, item: connections.connection_figures_from(schema.connection_figures_key("CONNECTION"), item),
        (connections.connection_figures_from,),
    ),
    Entity(
        "order-comparison",
        filled(OrderComparison),
        least(OrderComparison),
        connections.comparison_item,
        lambda it, item: connections.comparison_from(schema.comparison_key("CONNECTION"), item),
        (connections.comparison_from,),
    ),
    Entity(
        "delivery",
        filled(Delivery, connection="CONNECTION", parts=0),
        least(Delivery, connection="CONNECTION", body=b"{}"),
        lambda it: connections.delivery_items(it, FIRST)[0][1],
        lambda it, item: connections.delivery_from(schema.delivery_key(it.connection, it.id), item),
        (connections.delivery_from,),
    ),
    Entity(
        "erasure",
        filled(Erasure, customer=CUSTOMER),
        least(Erasure, customer=CUSTOMER),
        erasures.erasure_item,
        lambda it, item: erasures.erasure_from(schema.erasure_key(it.customer), item),
        (erasures.erasure_from,),
    ),
    Entity(
        "retention",
        filled(Retention),
        least(Retention),
        retention.retention_item,
        lambda it, item: retention.retention_from(item),
        (retention.retention_from,),
    ),
    Entity(
        "merge",
        filled(Merge, gone=CUSTOMER, step=MergeStep.NOTES),
        least(Merge, gone=CUSTOMER),
        merges.merge_item,
        lambda it, item: merges.merge_from(schema.merge_key(it.gone), item),
        (merges.merge_from,),
    ),
    Entity(
        "privacy-request",
        filled(PrivacyRequest, id="REQUEST"),
        least(PrivacyRequest, id="REQUEST", customer=""),
        connections.privacy_item,
        lambda it, item: connections.privacy_from(schema.privacy_request_key(it.id), item),
        (connections.privacy_from,),
    ),
    Entity(
        "product",
        filled(Product, id=CUSTOMER),
        least(Product, id=CUSTOMER),
        products.product_item,
        lambda it, item: products.product_from(schema.product_key(it.id), item),
        (products.product_from,),
    ),
    Entity(
        "product-name",
        CUSTOMER,
        CUSTOMER,
        products.leading_item,
        lambda it, item: products.product_from(schema.product_key("X"), item),
        (),
    ),
    Entity(
        "product-month",
        {"05": Sold(3, 2970), "26": Sold(1, 990)},
        {},
        lambda it: products.sold_item("2026-11", CUSTOMER, it),
        lambda it, item: {day: products.sold_on(SOLD_KEY, item, day) for day in it},
        (products.sold_from, products.sold_on),
    ),
    Entity(
        "waiting",
        filled(Waiting),
        least(Waiting),
        lambda it: products.waiting_attributes("order", it),
        lambda it, item: products.waiting_from(schema.order_key(CUSTOMER, "order"), item),
        (products.waiting_from,),
    ),
    Entity(
        "dead-letter",
        filled(DeadLetter, id=f"{MOMENT}#d", at=FIRST, whole=True),
        DeadLetter(f"{MOMENT}#d", FIRST, "", "", b"", 1, True),
        lambda it: events.dead_letter_item(it.body, it.reason, it.source, it.at, it.tries)[1],
        at_row(events.dead_letter_from, lambda it: schema.dead_letter_key(MOMENT, "d")),
        (events.dead_letter_from,),
    ),
)


def with_bytes(found: dict[str, Any]) -> Any:
    return base64.b64decode(found["$bytes"]) if found.keys() == {"$bytes"} else found


def as_json(value: object) -> object:
    assert isinstance(value, bytes)
    return {"$bytes": base64.b64encode(value).decode()}


def main() -> None:
    for entity in ENTITIES:
        if not entity.file.exists():
            items = {"full": entity.write(entity.full), "least": entity.write(entity.least)}
            entity.file.write_text(f"{json.dumps(items, default=as_json, indent=1, ensure_ascii=False)}\n")


if __name__ == "__main__":
    main()
