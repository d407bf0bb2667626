"""A shop with customers, a segment of all of them, and short ways through the life of a campaign."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from backend.domain.campaigns import Campaign, CampaignState, Draft
from backend.domain.customers import Consent, ConsentSource, Customer
from backend.domain.ids import new_customer_id
from backend.domain.messages import Message
from backend.domain.segments import Rule
from backend.email.transports.protocol import Transport
from backend.email.transports.recording import RecordingTransport
from backend.records.customers import customer_item
from backend.records.messages import message_from
from backend.services.campaigns.actions import approve, request_approval, start
from backend.services.campaigns.drafts import create_campaign
from backend.services.campaigns.oversight import tend_campaigns
from backend.services.campaigns.plan import plan
from backend.services.campaigns.preflights import run_preflight, work_on_preflights
from backend.services.campaigns.rounds import CampaignWork, work_on_campaigns
from backend.services.campaigns.saved import read_campaign
from backend.services.context import Shop
from backend.services.segments.library import create_segment
from backend.services.sending.mailer import Mailer
from backend.services.shop_settings import get_shop_facts, save_shop_facts
from backend.services.snapshots.build import make_snapshot
from backend.store import schema
from backend.store.port import Put
from tests.mailing.worker_script import mailer_on
from tests.recount import everything
from tests.support import ADMIN, MANAGER, STAFF, add_customer

_FIRST_NAMES = ("Maria", "Ines", "Tom", "Ada", "Ben", "Noor", "Lena", "Juan", "Mia", "Ola")
SEGMENT = "EVERYBODY1"
NEWS = {"headline": "New mugs", "message": "They are blue, and they are here.", "button_url": "https://shop.example/m"}


def prepare_shop(shop: Shop) -> None:
    """The address that marketing mail needs, and a segment of everybody."""
    facts = replace(get_shop_facts(shop), postal_address="1 Mill Lane\nBath")
    save_shop_facts(shop, ADMIN, facts)
    create_segment(shop, ADMIN, SEGMENT, "Everybody", Rule())


def write_people(shop: Shop, number: int, *, consent: bool = True) -> None:
    """Many customers in bulk: what a campaign reads of them, and nothing else."""
    now, places = shop.clock(), ("Berlin", "Lisbon", "", "Oslo")
    answer = Consent(consent, now, ConsentSource.STAFF)

    def put(place: int) -> Put:
        customer_id = new_customer_id()
        name = f"{_FIRST_NAMES[place % len(_FIRST_NAMES)]} Customer {place}"
        email, city = f"c{customer_id.lower()}@example.com", places[place % len(places)]
        person = Customer(customer_id, name, email, now, "DE", city, consent=answer)
        return Put(schema.customer_key(customer_id), customer_item(person))

    for first in range(0, number, 1000):
        shop.store.write_batch([put(place) for place in range(first, min(first + 1000, number))])


def draft(**changes: Any) -> Draft:
    return replace(Draft("Mugs", "announcement", SEGMENT, fields=NEWS), **changes)


@dataclass
class Desk:
    """Somebody who plans campaigns, and a worker in the same thread."""

    shop: Shop
    transport: Transport = field(default_factory=RecordingTransport)
    mailer: Mailer = field(init=False)
    work: CampaignWork = field(default_factory=CampaignWork)
    stop: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.mailer = mailer_on(self.shop, self.transport)

    @property
    def submitted(self) -> Counter[str]:
        assert isinstance(self.transport, RecordingTransport)
        return Counter(email.message_id for email in self.transport.submitted)

    def people(self, number: int, *, consent: bool | None = True, **profile: Any) -> list[Customer]:
        return [add_customer(self.shop, consent=consent, **profile) for _ in range(number)]

    def planned(self, wanted: Draft | Campaign | None = None) -> Campaign:
        known = isinstance(wanted, Campaign)
        campaign = wanted if known else create_campaign(self.shop, STAFF, wanted or draft())
        run_preflight(self.shop, STAFF, campaign.id, seen_version=campaign.version)
        while work_on_preflights(self.shop, self.mailer, self.stop):
            pass
        return plan(self.shop, self.mailer, STAFF, campaign.id, seen_version=self.version(campaign))[0]

    def approved(self, campaign: Campaign) -> Campaign:
        asked = request_approval(self.shop, STAFF, campaign.id, seen_version=campaign.version)
        count = asked.planned_recipients or 0
        return approve(self.shop, MANAGER, campaign.id, typed_count=count, seen_version=asked.version)

    def started(self, wanted: Draft | Campaign | None = None) -> Campaign:
        """A campaign whose audience is frozen."""
        campaign = self.planned(wanted)
        if campaign.needs_approval:
            campaign = self.approved(campaign)
        start(self.shop, STAFF, campaign.id, seen_version=campaign.version)
        campaign = self.tended(campaign)
        if campaign.state is CampaignState.PREPARING:  # it waits for a snapshot that knows everybody
            self.make_snapshot()
            campaign = self.tended(campaign)
        return campaign

    def make_snapshot(self) -> None:
        assert make_snapshot(self.shop) is not None

    def tended(self, campaign: Campaign) -> Campaign:
        tend_campaigns(self.shop)
        return read_campaign(self.shop, campaign.id)

    def send(self, seconds: float = 5.0) -> int:
        """Sends until nothing is left that is due now; returns how many were handed over."""
        handed = 0
        while True:
            self.work.resting.clear()
            worked = work_on_campaigns(self.shop, self.mailer, self.work, self.stop, seconds)
            handed += worked.handed_over
            if not worked.total:
                return handed

    def finished(self, campaign: Campaign) -> Campaign:
        """Sends and tends until the campaign has ended."""
        for _ in range(20):
            self.send()
            campaign = self.tended(campaign)
            if campaign.state is not CampaignState.RUNNING:
                return campaign
        raise AssertionError(f"It is still {campaign.state}.")

    def version(self, campaign: Campaign) -> int:
        return read_campaign(self.shop, campaign.id).version

    def messages(self, campaign: Campaign) -> list[Message]:
        return messages_of(self.shop, [campaign])


def messages_of(shop: Shop, campaigns: Sequence[Campaign]) -> list[Message]:
    ids = {campaign.id for campaign in campaigns}
    rows = [row for row in everything(shop, schema.MAIL) if row.key.sk.startswith("E#")]
    return [message_from(row.key, row.item) for row in rows if row.item.get("campaign") in ids]
