"""Each part tells how it is; what is wrong is told with what to do."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest

from backend.config import Settings
from backend.domain.campaigns import CampaignState
from backend.domain.emails import Account, Kind
from backend.domain.health import Health, State
from backend.domain.messages import Message, MessageStatus
from backend.domain.network import origin_of
from backend.email.links import Links
from backend.email.rate import RatePolicy, RateWindow
from backend.email.transports.protocol import AccountUnknownError
from backend.email.transports.recording import RecordingTransport
from backend.errors import PermissionDeniedError, StoreUnreachableError
from backend.observability.measures import Measures
from backend.observability.ring import Ring
from backend.observability.rounds import Rounds
from backend.services.automations.waiting_triggers import Stalled
from backend.services.campaigns import progress
from backend.services.context import Shop
from backend.services.sending import account as sending_account
from backend.services.sending import ledger
from backend.services.sending.mailer import Mailer
from backend.services.system import checks, health, heartbeats
from backend.services.system.installation import System
from backend.services.system.queue import QueueState, queue_state
from tests.campaigns.samples import sample_campaigns
from tests.support import ENGINEER, MANAGER, NOW, TestClock

ACCOUNT = Account(14.0, 50_000, 100, sandbox=False, sending_enabled=True)


def system_on(shop: Shop, account: Account | None = ACCOUNT) -> System:
    transport = RecordingTransport()

    def tell() -> Account:
        if account is None:
            raise AccountUnknownError("SES does not say what the account may send.")
        return account

    named = SimpleNamespace(name="ses", send=transport.send, account=tell)
    window = RateWindow(shop.store, "ses", tell, RatePolicy(), clock=shop.clock)
    links = Links(b"k" * 32, "https://shop.example", shop.clock)
    return System(shop, Mailer(named, window, links, "shop@example.com"), Settings())


def beating(shop: Shop, *names: str, skew_ms: int = 0) -> Rounds:
    rounds = Rounds(shop.clock)
    for name in names:
        rounds.announce(name, 60)
    pulse = heartbeats.BeatingProcess("worker", "1.0", shop.clock(), Measures(), rounds, Ring())
    pulse.skews.append(skew_ms)
    heartbeats.beat(shop, pulse)
    return rounds


def waiting(shop: Shop, key: str) -> Message:
    now = shop.clock()
    fields = ("CUST0001", key, "welcome", 0, Kind.TRANSACTIONAL, MessageStatus.WAITING)
    return ledger.request(shop, Message(*fields, "maria@example.com", "Maria", now, "sam", now)).message


def part(found: list[Health], name: str) -> Health:
    (one,) = [each for each in found if each.part == name]
    return one


def test_everything_works_when_it_does(shop: Shop) -> None:
    beating(shop, "mail", "imports")
    found = health.health_of(system_on(shop), ENGINEER)
    parts = ("Store", "Sending", "Queue", "Workers", "Automations", "Disk")
    assert {name: part(found, name).state for name in parts} == dict.fromkeys(parts, State.UP)


def test_only_who_may_see_the_system_asks(shop: Shop) -> None:
    with pytest.raises(PermissionDeniedError):
        health.health_of(system_on(shop), MANAGER)


def test_a_store_that_does_not_answer_is_down_and_the_other_parts_are_still_shown(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(*_: object) -> None:
        raise StoreUnreachableError("The store did not answer.")

    monkeypatch.setattr(shop.store, "get", silent)
    found = health.health_of(system_on(shop), ENGINEER)
    assert part(found, "Store") == Health("Store", State.DOWN, "The store did not answer.")
    assert part(found, "Disk").state is State.UP


def test_a_check_that_breaks_is_a_part_that_does_not_work(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def check_something(system: System) -> Health:
        raise ZeroDivisionError

    monkeypatch.setattr(health, "HEALTH_CHECKS", (check_something,))
    (found,) = health.health_of(system_on(shop), ENGINEER)
    assert (found.part, found.state) == ("Something", State.DOWN)


@pytest.mark.parametrize(
    ("account", "state", "words"),
    [
        (None, State.DOWN, "SES does not say"),
        (replace(ACCOUNT, sending_enabled=False, status="SHUTDOWN"), State.DOWN, "SHUTDOWN"),
        (replace(ACCOUNT, sandbox=True), State.ATTENTION, "sandbox"),
        (ACCOUNT, State.UP, "14 emails a second"),
    ],
)
def test_the_account_decides_about_sending(shop: Shop, account: Account | None, state: State, words: str) -> None:
    found = health.check_sending(system_on(shop, account)) if account else part(_all(shop), "Sending")
    assert found.state is state
    assert words in found.found
    assert found.advice or state is State.UP


def _all(shop: Shop) -> list[Health]:
    return health.health_of(system_on(shop, None), ENGINEER)


def test_a_pause_is_reported_with_its_reason(shop: Shop) -> None:
    sending_account.pause(shop, "The daily quota is used up.", shop.clock() + timedelta(minutes=5))
    found = health.check_sending(system_on(shop))
    assert (found.state, found.found) == (State.ATTENTION, "It pauses: The daily quota is used up.")


def test_a_campaign_that_waits_for_the_quota_is_reported(shop: Shop) -> None:
    campaign = sample_campaigns(shop, ["MARIA000001", "MARIA000002", *(f"C{n}" for n in range(20))], number=1)
    assert campaign.state is CampaignState.RUNNING
    assert health.check_sending(system_on(shop)).state is not State.ATTENTION
    progress.hold(shop, campaign.id, shop.clock() + timedelta(hours=2), progress.HOURS)
    assert health.check_sending(system_on(shop)).state is not State.ATTENTION
    progress.hold(shop, campaign.id, shop.clock() + timedelta(hours=2), progress.QUOTA)
    found = health.check_sending(system_on(shop))
    assert found.state is State.ATTENTION
    assert f"“{campaign.name}” waits until 2026-11-26 14:00" in found.found


def test_the_queue_says_counts_and_ages(shop: Shop, clock: TestClock) -> None:
    assert queue_state(shop) == QueueState()
    messages = [waiting(shop, f"click-{number}") for number in range(5)]
    ledger.claim(shop, messages[:2])
    state = queue_state(shop)
    assert (state.due, state.leased, state.expired, state.oldest_due) == (3, 2, 0, messages[0].due_at)
    assert health.check_queue(system_on(shop)).state is State.UP
    clock.forward(minutes=6)
    state = queue_state(shop)
    assert (state.due, state.leased, state.expired, state.age(clock())) == (3, 0, 2, timedelta(minutes=6))
    found = health.check_queue(system_on(shop))
    assert (found.state, "6 minutes" in found.found) == (State.ATTENTION, True)
    ledger.expire(shop, ledger_messages(shop, messages[:2]))
    assert queue_state(shop).unknown == 2


def ledger_messages(shop: Shop, messages: list[Message]) -> list[Message]:
    return [ledger.get_message(shop, message.id) for message in messages]


def test_nobody_at_work_is_down(shop: Shop) -> None:
    found = health.check_workers(system_on(shop))
    assert (found.state, found.found) == (State.DOWN, "Nobody does mail and imports.")
    beating(shop, "mail")
    assert health.check_workers(system_on(shop)).found == "Nobody does imports."


def test_a_stalled_duty_and_a_silent_process_need_attention(shop: Shop, clock: TestClock) -> None:
    rounds = Rounds(clock)
    rounds.announce("mail", 60)
    rounds.announce("imports", 60)
    pulse = heartbeats.BeatingProcess("worker", "1.0", clock(), Measures(), rounds, Ring())
    rounds.began("mail")
    clock.forward(seconds=61)
    heartbeats.beat(shop, pulse)
    found = health.check_workers(system_on(shop))
    assert (found.state, found.found.startswith("Stalled: mail on ")) == (State.ATTENTION, True)
    clock.forward(seconds=46)
    beating(shop, "mail", "imports")
    assert health.check_workers(system_on(shop)).found == "1 alive, 1 silent."


def test_clocks_that_differ_by_more_than_two_seconds_need_attention(shop: Shop) -> None:
    beating(shop, "mail")
    assert health.check_clocks(system_on(shop)).state is State.UNUSED
    beating(shop, "mail", skew_ms=1900)
    assert health.check_clocks(system_on(shop)).state is State.UP
    beating(shop, "mail", skew_ms=5000)
    found = health.check_clocks(system_on(shop))
    assert (found.state, found.found) == (State.ATTENTION, "They differ by 5.0 seconds.")


@pytest.mark.parametrize(
    ("figures", "state", "words"),
    [
        ({}, State.UNUSED, "None has come yet"),
        ({"last_at": NOW, "applied": 7}, State.UP, "7 taken in"),
        ({"dead_letters": 2}, State.ATTENTION, "2 events could not"),
        ({"oldest_at": NOW - timedelta(minutes=6), "waiting": 9}, State.ATTENTION, "9 wait, the first for 6 minutes"),
    ],
)
def test_events_that_wait_or_are_not_understood_need_attention(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, figures: dict[str, object], state: State, words: str
) -> None:
    nothing: dict[str, object] = {
        "dead_letters": 0,
        "oldest_at": None,
        "waiting": 0,
        "backlogs": [],
        "last_at": None,
        "applied": 0,
    }
    monkeypatch.setattr(health, "event_health", lambda shop: SimpleNamespace(**nothing | figures))
    found = health.check_events(system_on(shop))
    assert (found.state, words in found.found) == (state, True)


def test_an_automation_that_is_overdue_needs_attention(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    late = Stalled("auto-1", "Welcome", NOW - timedelta(minutes=6), 3)
    monkeypatch.setattr(health, "stalled", lambda shop: [late])
    found = health.check_automations(system_on(shop))
    assert (found.state, found.found.startswith("Welcome")) == (State.ATTENTION, True)


@pytest.mark.parametrize(
    ("minutes", "differed", "state"),
    [(9, (), State.UP), (29, (), State.UP), (31, (), State.ATTENTION), (0, ("orders",), State.ATTENTION)],
)
def test_a_snapshot_that_is_old_or_was_not_right_needs_attention(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, minutes: int, differed: tuple[str, ...], state: State
) -> None:
    made = SimpleNamespace(as_of=NOW - timedelta(minutes=minutes), seconds=1.0, differed=differed)
    monkeypatch.setattr(health.folders, "current", lambda shop: made)
    assert health.check_snapshot(system_on(shop)).state is state


@pytest.mark.parametrize(("free", "state"), [(50.0, State.UP), (0.9, State.ATTENTION), (0.1, State.DOWN)])
def test_a_full_disk_is_reported(shop: Shop, monkeypatch: pytest.MonkeyPatch, free: float, state: State) -> None:
    usage = SimpleNamespace(free=int(free * 1024**3), total=100 * 1024**3)
    monkeypatch.setattr(health.shutil, "disk_usage", lambda _: usage)
    assert health.check_disk(system_on(shop)).state is state


def test_a_part_that_hangs_does_not_keep_the_answer_back(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()

    def check_sending(system: System) -> Health:
        over.wait(30)
        return Health("Sending", State.UP, "")

    monkeypatch.setattr(health, "ALL_SECONDS", 0.5)
    monkeypatch.setattr(health, "HEALTH_CHECKS", (health.check_store, check_sending, health.check_disk))
    found = health.health_of(system_on(shop), ENGINEER)
    over.set()
    assert [(each.part, each.state) for each in found] == [
        ("Store", State.UP),
        ("Sending", State.DOWN),
        ("Disk", State.DOWN),
    ]
    assert "in time" in found[1].found


def test_a_proxy_that_nobody_has_named_needs_attention(shop: Shop, clock: TestClock) -> None:
    system = system_on(shop)
    assert part(health.health_of(system, ENGINEER), "Proxy").state is State.UNUSED
    checks.note_origin(shop, origin_of("192.0.2.1", [("X-Forwarded-For", "198.51.100.4")], ""))
    assert part(health.health_of(system, ENGINEER), "Proxy").state is State.ATTENTION
    clock.forward(hours=25)
    assert part(health.health_of(system, ENGINEER), "Proxy").state is State.UNUSED
