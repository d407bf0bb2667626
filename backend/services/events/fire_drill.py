"""The fire drill: emails to the provider's simulator addresses, and whether and when each of their reports comes back.

The emails are tests: they count in no rate, suppress nobody, and may be sent again and again. The last drill is kept.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from backend.domain.events import EventType
from backend.domain.messages import Message, MessageStatus, check_message_key
from backend.domain.team import Actor, Permission
from backend.domain.time import from_text, to_text
from backend.email.events.simulated import DOMAIN
from backend.errors import ConflictError, NotFoundError, UnreadableItemError
from backend.records.conversion import reads
from backend.records.values import items, optional_text, rows, text
from backend.services.audit import log as audit_log
from backend.services.context import Shop
from backend.services.events.lookup import received_events
from backend.services.sending import ledger
from backend.services.sending.composition import packed
from backend.services.sending.shared_content import keep_facts
from backend.services.templates.catalogue import keep_edition
from backend.services.templates.previews import render_preview
from backend.services.unreadable.items import read_one, set_aside
from backend.store import schema
from backend.store.port import Absent, Equals, Item, Key, Put, Update, Value

PATIENCE = timedelta(minutes=15)
"""After which a drill is over, whatever has not come by then."""
TEMPLATE = "verify-address"
_KEY = schema.meta_key("event-drill")


class Box(StrEnum):
    """The addresses of the simulator, by what happens to their mail."""

    SUCCESS = "success"
    BOUNCE = "bounce"
    COMPLAINT = "complaint"
    OUT_OF_OFFICE = "ooto"
    SUPPRESSED = "suppressionlist"


EXPECTED: dict[Box, tuple[EventType, ...]] = {
    Box.SUCCESS: (EventType.SEND, EventType.DELIVERY),
    Box.BOUNCE: (EventType.SEND, EventType.BOUNCE),
    Box.COMPLAINT: (EventType.SEND, EventType.DELIVERY, EventType.COMPLAINT),
    Box.OUT_OF_OFFICE: (EventType.SEND, EventType.DELIVERY),
    Box.SUPPRESSED: (EventType.SEND, EventType.BOUNCE),
}
"""What has to come back (AWS, "Using the mailbox simulator manually"). An out-of-office reply may be reported as a
bounce for now too."""


@dataclass(frozen=True, slots=True)
class DrillReport:
    """A report that came back: what, when it happened, and when we had it."""

    type: EventType
    at: datetime
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Leg:
    """One email of a drill and what became of it. `sent_at` is when the provider took it."""

    box: Box
    message_id: str
    status: MessageStatus
    reason: str
    requested_at: datetime
    sent_at: datetime | None
    reports: tuple[DrillReport, ...] = ()

    @property
    def missing(self) -> tuple[EventType, ...]:
        """Expected reports that have not come."""
        came = {report.type for report in self.reports}
        return tuple(kind for kind in EXPECTED[self.box] if kind not in came)

    @property
    def failed(self) -> bool:
        """Whether the email did not go out, so that nothing can come back."""
        return self.status in (MessageStatus.FAILED, MessageStatus.SKIPPED)


@dataclass(frozen=True, slots=True)
class Drill:
    """A fire drill. `kept` says that it is over and will not change any more."""

    id: str
    by: str
    at: datetime
    legs: tuple[Leg, ...]
    kept: bool = False

    @property
    def passed(self) -> bool:
        """Whether everything came back."""
        return not any(leg.missing for leg in self.legs)

    def is_over(self, now: datetime) -> bool:
        waits = any(leg.missing and not leg.failed for leg in self.legs)
        return self.kept or not waits or now - self.at > PATIENCE


def new_drill_key() -> str:
    """The idempotency key of a button that is drawn now."""
    return f"drill-{secrets.token_hex(6)}"


def start_drill(shop: Shop, actor: Actor, key: str) -> Drill:
    """Asks for the emails; the workers send them and take the reports in. The same key starts one drill.

    Raises: `PermissionDeniedError`, `InvalidInputError`, `ConflictError` while another one runs.
    """
    actor.require(Permission.REPAIR_MAIL)
    check_message_key(key)
    before = shop.store.get(_KEY)
    if before is not None and text(before, "drill") == key:
        _request(shop, actor, key)  # whoever began it may have died before all was asked for
        return _live(shop, before)
    if before is not None and not _read(shop, before).is_over(shop.clock()):
        raise ConflictError("A fire drill is running. Wait until it is over.")
    item: Item = {"drill": key, "by": actor.username, "at": to_text(shop.clock())}
    unmoved = Absent() if before is None else Equals("drill", text(before, "drill"))
    moved = ConflictError("Somebody else has started a fire drill at the same moment.")
    shop.store.transact([Put(_KEY, item, unmoved, moved), audit_log.entry(shop, actor, "started a fire drill", key)])
    _request(shop, actor, key)
    return _live(shop, item)


def drill_messages(shop: Shop, drill: Drill) -> list[Message]:
    """The emails of a drill, for whoever sends them at once."""
    return [ledger.get_message(shop, leg.message_id) for leg in drill.legs]


def last_drill(shop: Shop) -> Drill | None:
    """The last drill as it is now. One that is over is kept as it is then."""
    drill = read_one(shop, _KEY, lambda _, item: _read(shop, item))
    if drill is None:
        return None
    if not drill.kept and drill.is_over(shop.clock()):
        _keep(shop, drill)
    return drill


def _request(shop: Shop, actor: Actor, key: str) -> None:
    preview = render_preview(shop, TEMPLATE)
    if preview.problem is not None:
        raise preview.problem
    now, version = shop.clock(), preview.version
    facts, edition = keep_facts(shop, preview.shop), keep_edition(shop, version)
    for box in Box:
        message = Message(
            recipient=_recipient(box),
            key=key,
            template=TEMPLATE,
            version=version.number,
            kind=version.facts.kind,
            status=MessageStatus.WAITING,
            to=f"{box.value}+{key}@{DOMAIN}",
            name=f"Fire drill: {box.value}",
            requested_at=now,
            requested_by=actor.username,
            due_at=now,
            data=packed(preview.data),
            facts=facts,
            edition=edition,
            test=True,
        )
        ledger.request(shop, message)


def _recipient(box: Box) -> str:
    return f"DRILL{box.value.upper()}"


@reads(lambda shop, item: _KEY)
def _read(shop: Shop, item: Item) -> Drill:
    legs = [_leg_from(each) for each in items(item, "legs")]
    return _drill(item, legs, kept=True) if legs else _live(shop, item)


def _live(shop: Shop, item: Item) -> Drill:
    key = text(item, "drill")
    found = (_leg(shop, box, f"{_recipient(box)}-{key}") for box in Box)
    return _drill(item, [leg for leg in found if leg is not None])


def _drill(item: Item, legs: Sequence[Leg], *, kept: bool = False) -> Drill:
    return Drill(text(item, "drill"), text(item, "by"), from_text(text(item, "at")), tuple(legs), kept)


def _leg(shop: Shop, box: Box, message_id: str) -> Leg | None:
    try:
        message = ledger.get_message(shop, message_id)
    except NotFoundError:
        return None  # whoever started the drill died before it was asked for
    except UnreadableItemError as error:
        set_aside(shop, Key(*error.key), error.reason)
        return None
    reports = tuple(
        DrillReport(each.event.type, each.event.at, each.received_at)
        for each in received_events(shop, message, limit=20)
    )
    return Leg(box, message.id, message.status, message.reason, message.requested_at, message.sent_at, reports)


def _keep(shop: Shop, drill: Drill) -> None:
    legs: list[Value] = [_leg_item(leg) for leg in drill.legs]
    if legs:
        current = Equals("drill", drill.id)
        again = ConflictError("Somebody else has kept this drill.")
        with contextlib.suppress(ConflictError):
            shop.store.transact([Update(_KEY, set={"legs": legs}, condition=current, otherwise=again)])


def _leg_item(leg: Leg) -> Item:
    return {
        "box": leg.box.value,
        "message": leg.message_id,
        "status": leg.status.value,
        "reason": leg.reason,
        "requested_at": to_text(leg.requested_at),
        "sent_at": to_text(leg.sent_at) if leg.sent_at else None,
        "reports": [[each.type.value, to_text(each.at), to_text(each.received_at)] for each in leg.reports],
    }


def _leg_from(item: Item) -> Leg:
    sent_at = optional_text(item, "sent_at")
    return Leg(
        Box(text(item, "box")),
        text(item, "message"),
        MessageStatus(text(item, "status")),
        text(item, "reason", ""),
        from_text(text(item, "requested_at")),
        from_text(sent_at) if sent_at else None,
        tuple(
            DrillReport(EventType(str(kind)), from_text(str(at)), from_text(str(received_at)))
            for kind, at, received_at in rows(item, "reports")
        ),
    )
