"""A small store as it was when a campaign was interrupted, item by item, and how it was made.

`golden_store.jsonl` is never written again: it stands for the stores that shops have. `python -m
tests.records.golden_store` says how it came about, and writes it where it is missing.
"""

from __future__ import annotations

import json
import tempfile
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from backend.domain.campaigns import Campaign, Canary
from backend.domain.emails import OutgoingEmail
from backend.domain.orders import OrderStatus
from backend.email.transports.recording import Accept, Behaviour, LoseReply, RecordingTransport, Refuse
from backend.services.automations.defaults import add_demo_automations
from backend.services.context import Shop
from backend.services.customers.customers import add_note, archive_customer, set_tags
from backend.services.events.consequences import EventPolicy
from backend.services.events.intake import take_in
from backend.services.orders import orders
from backend.services.orders.parts import new_part_id
from backend.services.suppression.entries import suppress
from backend.services.team.members import add_demo_team
from backend.store import schema
from backend.store.port import Item, Key, Put
from tests.campaigns.support import Desk, draft, prepare_shop
from tests.events.samples import event
from tests.records.golden import as_json, with_bytes
from tests.recount import everything
from tests.support import ADMIN, NOW, STAFF, TestClock, add_customer, add_order, opened_shop, ref

FILE = Path(__file__).parent / "golden_store.jsonl"
BEGUN = NOW + timedelta(hours=2)
"""When the campaign's second wave began, and the worker died."""
HANDED_OVER = 2
"""Emails of the second wave that the provider had taken when the store was frozen; a third one was on its way."""


def load(shop: Shop) -> None:
    """Fills an empty store with the frozen items."""
    lines = (json.loads(line, object_hook=with_bytes) for line in FILE.read_text().splitlines())
    shop.store.write_batch([Put(Key(*key), item) for key, item in lines])


def main() -> None:
    if not FILE.exists():
        with tempfile.TemporaryDirectory() as folder:
            clock = TestClock()
            with opened_shop(f"sqlite:///{folder}/shop.db", clock=clock, data_dir=Path(folder)) as shop:
                _make(shop, clock)


def _make(shop: Shop, clock: TestClock) -> None:
    prepare_shop(shop)
    add_demo_team(shop)
    add_demo_automations(shop, NOW, on=True)
    _sell(shop)
    frozen: list[str] = []
    transport = RecordingTransport(_plan(shop, clock, frozen))
    desk = Desk(shop, transport)
    desk.people(9, country="PT", tags=("tea",))
    campaign = desk.started(draft(name="Teapots", canary=Canary(20, timedelta(hours=1))))
    desk.send()
    campaign = desk.tended(campaign)
    _report(shop, desk, campaign)
    clock.now = BEGUN
    desk.tended(campaign)
    desk.send()
    FILE.write_text("".join(frozen))


def _sell(shop: Shop) -> None:
    """Orders in every state, a refund, and what else happens to customers."""
    maria = add_customer(shop, "Maria Lopez", country="ES", city="Sevilla", phone="+34600000000", tags=("vip",))
    for status in OrderStatus:
        if status is not OrderStatus.CANCELLED:
            add_order(shop, maria, 2500, status=status, placed_at=NOW - timedelta(days=40))
    paid = add_order(shop, maria, 4990)
    orders.refund_order(shop, STAFF, ref(paid), 1000, "Broken lid", new_part_id())
    orders.change_status(shop, STAFF, ref(add_order(shop, maria, 700)), OrderStatus.CANCELLED)
    add_note(shop, STAFF, maria.id, "Prefers to be called")
    tom = add_customer(shop, "Tom Brown", country="GB")
    add_order(shop, tom, 1200)
    tom = set_tags(shop, STAFF, tom.id, tom.version, ["wholesale"])
    archive_customer(shop, STAFF, tom.id, tom.version)
    ola = add_customer(shop, "Ola Nord", consent=True)
    suppress(shop, ADMIN, ola.email or "", note="Asked by telephone")


def _report(shop: Shop, desk: Desk, campaign: Campaign) -> None:
    """What the provider says about the first wave: one arrived, one bounced."""
    arrived, bounced = sorted(desk.messages(campaign), key=lambda each: each.id)[:2]
    take_in(shop, [event("Delivery", arrived), event("Open", arrived), event("Bounce", bounced)], "test", EventPolicy())


def _plan(shop: Shop, clock: Callable[[], datetime], frozen: list[str]) -> Callable[[OutgoingEmail, int], Behaviour]:
    """The provider, which freezes the store at the moment at which it is asked to take the third email of the wave."""
    seen: list[str] = []
    lock = threading.Lock()

    def plan(email: OutgoingEmail, attempt: int) -> Behaviour:
        if clock() < BEGUN or not email.message_id.rpartition("-")[2].startswith("K"):
            return Accept()
        with lock:
            seen.append(email.message_id)
            if len(seen) == HANDED_OVER + 1:
                frozen.extend(_lines(shop))
        return (Accept(), LoseReply(), Refuse("Busy.", retryable=True))[min(len(seen), 3) - 1]

    return plan


def _lines(shop: Shop) -> list[str]:
    rows = [row for table in (schema.SHOP, schema.MAIL) for row in everything(shop, table)]
    return [f"{_line(row.key, row.item)}\n" for row in rows]


def _line(key: Key, item: Item) -> str:
    return json.dumps([key, item], default=as_json, ensure_ascii=False)


if __name__ == "__main__":
    main()
