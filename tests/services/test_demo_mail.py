"""The demo's past emails: right in every figure, made again to the byte, nothing to send, and out again exactly."""

from __future__ import annotations

import shutil
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.demo.mailing import demo_campaigns
from backend.domain.campaigns import CampaignState
from backend.domain.delivery import Outcome
from backend.domain.messages import Message, MessageStatus
from backend.domain.suppression import SuppressionReason
from backend.email.transports.recording import RecordingTransport
from backend.errors import StoreUnreachableError
from backend.records.messages import message_from
from backend.services.automations.defaults import demo_automations
from backend.services.automations.figures import figures_of as automation_figures
from backend.services.campaigns.actions import start
from backend.services.campaigns.explanation import explain
from backend.services.campaigns.oversight import tend_campaigns
from backend.services.campaigns.plan import plan
from backend.services.campaigns.preflights import run_preflight, work_on_preflights
from backend.services.campaigns.progress import progress_of
from backend.services.campaigns.results import results_of
from backend.services.campaigns.rounds import CampaignWork, work_on_campaigns
from backend.services.campaigns.saved import list_campaigns, read_campaign
from backend.services.context import Shop
from backend.services.demo import shop as demo
from backend.services.reconcile import Reconciliation
from backend.services.reconcile.messages import reconcile_mail
from backend.services.sending.composition import email_of, is_as_sent
from backend.services.sending.delivery import deliver_due
from backend.services.sending.mailer import Mailer
from backend.services.sending.message_log import messages_of
from backend.services.sending.requests import SendRequest, request_message
from backend.services.snapshots.build import make_snapshot
from backend.services.suppression.entries import find_suppression, suppress
from backend.store import schema
from tests.mailing.worker_script import mailer_on
from tests.recount import everything
from tests.services.signing import hash_quickly, quick_hashes
from tests.services.test_demo import BrokenStore
from tests.support import ADMIN, MANAGER, NOW, STAFF, TestClock, add_customer, opened_shop

__all__ = ["quick_hashes"]
pytestmark = pytest.mark.usefixtures("quick_hashes")
SOME = 250


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a shop with the demo, made once."""
    folder = tmp_path_factory.mktemp("seeded")
    with pytest.MonkeyPatch.context() as patch, opened_shop(f"sqlite:///{folder}/tillpost.db", data_dir=folder) as shop:
        hash_quickly(patch)
        seed(shop, mailer_on(shop, RecordingTransport()))
    return folder / "tillpost.db"


@pytest.fixture
def loaded(seeded: Path, clock: TestClock, tmp_path: Path) -> Iterator[Shop]:
    shutil.copy(seeded, tmp_path)
    with opened_shop(f"sqlite:///{tmp_path}/tillpost.db", clock=clock, data_dir=tmp_path) as shop:
        yield shop


@pytest.fixture
def mailer(loaded: Shop) -> Mailer:
    return mailer_on(loaded, RecordingTransport())


def seed(shop: Shop, mailer: Mailer) -> None:
    assert demo.seed_demo(shop, customers=SOME, links=mailer.links).customers == SOME


def messages(shop: Shop) -> list[Message]:
    rows = everything(shop, schema.MAIL)
    return [message_from(row.key, row.item) for row in rows if row.key.sk.startswith("E#")]


def test_every_figure_is_what_the_messages_say(loaded: Shop) -> None:
    found = Reconciliation()
    assert reconcile_mail(loaded, found, pause=lambda _: None) == len(messages(loaded)) > 100
    assert (found.drift, found.unsettled) == ([], 0)


def test_every_email_can_be_made_again_as_it_was(loaded: Shop) -> None:
    sent = [message for message in messages(loaded) if message.status is MessageStatus.SENT]
    assert {message.template for message in sent} >= {"newsletter", "announcement", "order-confirmation"}
    assert [message.id for message in sent if not is_as_sent(message, email_of(loaded, message))] == []


def test_there_is_nothing_that_a_worker_could_send(loaded: Shop, mailer: Mailer, clock: TestClock) -> None:
    stop = threading.Event()
    for _ in range(3):
        tend_campaigns(loaded)
        deliver_due(loaded, mailer)
        work_on_campaigns(loaded, mailer, CampaignWork(), stop, 1.0)
        clock.forward(hours=30)
    assert isinstance(mailer.transport, RecordingTransport)
    assert mailer.transport.submitted == []
    assert {message.status for message in messages(loaded)} <= {MessageStatus.SENT, MessageStatus.SKIPPED}


def test_the_campaigns_add_up(loaded: Shop) -> None:
    campaigns = {each.id: each for each in list_campaigns(loaded, STAFF).campaigns}
    assert Counter(each.state for each in campaigns.values()) == {CampaignState.FINISHED: 2, CampaignState.DRAFT: 1}
    for campaign in campaigns.values():
        if campaign.state is CampaignState.FINISHED:
            progress = progress_of(loaded, STAFF, campaign.id)
            assert progress.audience == progress.sent + progress.skipped_total > 50
            assert progress.remaining == 0
            own = [message for message in messages(loaded) if message.campaign == campaign.id]
            assert len(own) == progress.sent
            assert sum(Outcome.CLICKED in message.outcomes for message in own) == progress.clicked


def test_the_better_variant_has_won(loaded: Shop) -> None:
    variants = {each.key: each for each in results_of(loaded, STAFF, "DEMOOFFER").variants}
    winner = read_campaign(loaded, "DEMOOFFER").winner
    assert variants[winner].is_winner
    assert variants[winner].sent > sum(each.sent for each in variants.values()) / 2


def test_why_somebody_did_not_get_it_is_answered(loaded: Shop, mailer: Mailer) -> None:
    held_back = next(
        row.item["ids"]
        for row in everything(loaded, schema.MAIL)
        if row.key.pk == "K#DEMOOFFER" and "HOLD" in row.key.sk
    )
    customer = str(held_back).split(" ")[0]
    assert "control group" in explain(loaded, mailer, STAFF, "DEMOOFFER", customer).sentence


def test_addresses_that_bounced_are_suppressed(loaded: Shop) -> None:
    bounced = {message.to for message in messages(loaded) if Outcome.BOUNCED in message.outcomes}
    assert bounced
    for address in bounced:
        entry = find_suppression(loaded, address)
        assert entry is not None
        assert entry.reason is SuppressionReason.HARD_BOUNCE


def test_marketing_went_only_to_who_had_agreed_and_nothing_before_its_cause(loaded: Shop) -> None:
    assert all(message.requested_at < loaded.clock() for message in messages(loaded))
    for message in messages(loaded):
        moments = [message.requested_at, *(at for at in [message.sent_at] if at), *message.outcomes.values()]
        assert min(moments) == message.requested_at
        assert max(moments) <= loaded.clock()


def test_loading_again_after_an_interruption_adds_nothing_twice(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    mailer = mailer_on(shop, RecordingTransport())
    monkeypatch.setattr(demo, "_CHUNK", 50)
    shop.store.__class__ = BrokenStore
    for calls in (2, 7, 9):
        BrokenStore.calls_left = calls
        with pytest.raises(StoreUnreachableError):
            demo.seed_demo(shop, customers=SOME, links=mailer.links)
    BrokenStore.calls_left = 10**9
    seed(shop, mailer)
    found = Reconciliation()
    reconcile_mail(shop, found, pause=lambda _: None)
    assert found.drift == []


def test_removing_leaves_no_email_of_the_demo(loaded: Shop) -> None:
    demo.remove_demo(loaded)
    left = {row.key.pk.partition("#")[0] for row in everything(loaded, schema.MAIL)}
    assert left <= {"FACTS"}, "what messages of others may share stays"


def test_removing_keeps_what_people_did(loaded: Shop, mailer: Mailer) -> None:
    mine = add_customer(loaded, "Mine", "mine@example.com", consent=True)
    kept = send(loaded, mailer, mine.id)
    bounced = next(message.to for message in messages(loaded) if Outcome.BOUNCED in message.outcomes)
    suppress(loaded, ADMIN, bounced, note="asked by phone")
    suppress(loaded, ADMIN, "mine@example.com")
    demo.remove_demo(loaded)
    assert [message.id for message in messages(loaded)] == [kept]
    assert [message.id for message in messages_of(loaded, mine.id)] == [kept]
    assert find_suppression(loaded, bounced) is not None
    assert find_suppression(loaded, "mine@example.com") is not None
    found = Reconciliation()
    reconcile_mail(loaded, found, pause=lambda _: None)
    assert found.drift == []


def send(shop: Shop, mailer: Mailer, customer_id: str) -> str:
    asked = request_message(shop, mailer, STAFF, SendRequest("verify-address", "click-1", customer_id))
    deliver_due(shop, mailer)
    return asked.message.id


def test_the_automations_say_what_they_have_sent(loaded: Shop) -> None:
    for automation in demo_automations(loaded.clock()):
        figures = automation_figures(loaded, automation.id)
        assert figures.requested == figures.answered == figures.sent + figures.skipped > 0


def test_a_draft_that_somebody_has_started_stays_with_its_emails(loaded: Shop, mailer: Mailer) -> None:
    make_snapshot(loaded)
    stop, campaign = threading.Event(), read_campaign(loaded, "DEMOHOURS")
    run_preflight(loaded, STAFF, campaign.id, seen_version=campaign.version)
    while work_on_preflights(loaded, mailer, stop):
        pass
    planned, _ = plan(loaded, mailer, MANAGER, campaign.id, seen_version=read_campaign(loaded, campaign.id).version)
    start(loaded, MANAGER, campaign.id, seen_version=planned.version)
    make_snapshot(loaded)
    tend_campaigns(loaded)
    while work_on_campaigns(loaded, mailer, CampaignWork(), stop, 1.0).total:
        pass
    sent = [message for message in messages(loaded) if message.campaign == "DEMOHOURS"]
    demo.remove_demo(loaded)
    assert sorted(message.id for message in messages(loaded)) == sorted(message.id for message in sent) != []
    assert progress_of(loaded, STAFF, "DEMOHOURS").sent == len(sent)
    assert loaded.store.get(schema.campaign_part_key("DEMOHOURS", "CONTENT")) is not None
    found = Reconciliation()
    reconcile_mail(loaded, found, pause=lambda _: None)
    assert found.drift == []


def test_campaigns_went_out_on_days_when_people_read() -> None:
    with opened_shop() as shop:
        moments = [plan.at for plan in demo_campaigns(NOW.date(), shop.zone) if plan.at]
    assert [(moment.weekday(), moment.hour) for moment in moments] == [(1, 10), (3, 10)]
