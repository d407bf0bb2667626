"""Each rule: its alert opens when its figure is exceeded, and is over when the figure has been fine for a minute."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from types import SimpleNamespace

import pytest

from backend.domain.alerts import RULES, Reading, RuleName
from backend.domain.backups import BackupState
from backend.domain.emails import Kind
from backend.domain.health import State
from backend.domain.messages import Message, MessageStatus
from backend.domain.outgoing import Endpoint
from backend.errors import StoreBusyError
from backend.observability.measures import Measures
from backend.observability.ring import Ring
from backend.observability.rounds import Rounds
from backend.records.system import backup_state_item
from backend.services.alerts import readings, states
from backend.services.automations.waiting_triggers import Stalled
from backend.services.sending import account, ledger
from backend.services.sending.delivery import due_messages
from backend.services.system import health
from backend.services.system.heartbeats import BeatingProcess, beat
from backend.store import schema
from backend.store.port import Plus, Put, Update
from tests.services.alerts.conftest import ACCOUNT, Installation
from tests.support import NOW

Act = Callable[[Installation], object]

OFF = Endpoint("E1", "https://example.com", (), NOW, "eli", off=True, off_reason="It failed.", failing_since=NOW)


def pulse(
    here: Installation, *, failed: int = 0, throttled: int = 0, actions: int = 0, stuck: bool = False
) -> BeatingProcess:
    """A process that beats, with its figures of the last minutes."""
    rounds, measures = Rounds(here.clock), Measures()
    rounds.announce("imports", 60)
    rounds.announce("mail", 60)
    if stuck:
        rounds.began("mail")
        here.clock.forward(seconds=61)
    for number in range(actions):
        measures.action("page orders", 0.01, failed=number < failed)
    if throttled:
        measures.count("throttled", "store", throttled)
    mine = BeatingProcess("worker", "1.0", here.clock(), measures, rounds, Ring(), process="one")
    beat(here.shop, mine)
    return mine


def counted(here: Installation, **counts: int) -> None:
    """Adds to the counters of this hour."""
    key = schema.hours_key(f"{here.clock():%Y-%m-%dT%H}", "welcome", "x")
    added = {name: Plus(number) for name, number in counts.items()}
    here.shop.store.update(Update(key, set={"kind": "marketing"}, add=added))


def requested(here: Installation) -> Message:
    now = here.clock()
    fields = ("CUST0001", "click-1", "welcome", 0, Kind.TRANSACTIONAL, MessageStatus.WAITING)
    return ledger.request(here.shop, Message(*fields, "maria@example.com", "Maria", now, "sam", now)).message


def sent(here: Installation) -> None:
    """Gets all waiting messages out of the way, those about alerts too."""
    due, _ = due_messages(here.shop, 100)
    ledger.record(here.shop, [replace(each, status=MessageStatus.SENT, sent_at=here.clock()) for each in due])


def queue_gets_old(here: Installation) -> None:
    requested(here)
    here.clock.forward(minutes=6)


def overdue(here: Installation, minutes: float) -> list[Stalled]:
    since = here.clock() - timedelta(minutes=minutes)
    return [Stalled("auto-1", "Welcome", since, 3)] if minutes > 5 else []


def events(here: Installation, *, waiting: float = 0.0, lag: float | None = None) -> object:
    """How it stands with events: the first waits for so many seconds, and those that came were so many late."""
    oldest = here.clock() - timedelta(seconds=waiting) if waiting else None
    return SimpleNamespace(oldest_at=oldest, lag_p95=lag)


@dataclass(frozen=True)
class Case:
    """How the figure of a rule becomes too high, and fine again."""

    rule: RuleName
    subject: str
    bad: Act
    good: Act


CASES = [
    Case(
        RuleName.WORKER,
        "process one",
        lambda here: (pulse(here), here.clock.forward(seconds=46)),
        lambda here: pulse(here),
    ),
    Case(RuleName.WORKER, "duty mail of one", lambda here: pulse(here, stuck=True), lambda here: pulse(here)),
    Case(
        RuleName.WORKER,
        "nobody mail",
        lambda here: (pulse(here), here.clock.forward(seconds=46)),
        lambda here: pulse(here),
    ),
    Case(RuleName.QUEUE, "messages", queue_gets_old, sent),
    Case(
        RuleName.BOUNCES,
        "24 hours",
        lambda here: counted(here, sent=200, bounced=11),
        lambda here: counted(here, sent=100),
    ),
    Case(
        RuleName.COMPLAINTS,
        "24 hours",
        lambda here: counted(here, sent=500, complained=1),
        lambda here: counted(here, sent=1000),
    ),
    Case(
        RuleName.QUOTA,
        "24 hours",
        lambda here: here.account.__setitem__(0, replace(ACCOUNT, sent_last_24_hours=901)),
        lambda here: here.account.__setitem__(0, ACCOUNT),
    ),
    Case(
        RuleName.PROVIDER,
        "account",
        lambda here: here.account.__setitem__(0, replace(ACCOUNT, sending_enabled=False)),
        lambda here: here.account.__setitem__(0, ACCOUNT),
    ),
    Case(
        RuleName.PROVIDER,
        "sandbox",
        lambda here: here.account.__setitem__(0, replace(ACCOUNT, sandbox=True)),
        lambda here: here.account.__setitem__(0, ACCOUNT),
    ),
    Case(
        RuleName.PROVIDER,
        "account",
        lambda here: here.account.__setitem__(0, None),
        lambda here: here.account.__setitem__(0, ACCOUNT),
    ),
    Case(
        RuleName.PROVIDER,
        "pause",
        lambda here: account.pause(here.shop, "SES has suspended the account.", here.clock() + timedelta(hours=1)),
        lambda here: account.resume(here.shop),
    ),
    Case(RuleName.THROTTLING, "store", lambda here: pulse(here, throttled=11), lambda here: pulse(here)),
    Case(RuleName.ERRORS, "actions", lambda here: pulse(here, actions=40, failed=3), lambda here: pulse(here)),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.rule}-{case.subject.replace(' ', '-')}")
def test_an_alert_fires_and_recovers(installation: Installation, case: Case) -> None:
    here = installation
    assert here.look() == []
    case.bad(here)
    here.look()
    assert (case.rule, case.subject) in places(here)
    (alert,) = [each for each in states.current_alerts(here.shop) if place(each) == (case.rule, case.subject)]
    assert alert.sentence.endswith(".")
    assert alert.notified_step == 1
    case.good(here)
    here.look()
    here.clock.forward(seconds=30)
    case.good(here) if case.rule is RuleName.WORKER else None
    here.look()
    assert (case.rule, case.subject) in places(here)
    here.clock.forward(seconds=31)
    case.good(here) if case.rule in (RuleName.WORKER, RuleName.QUEUE) else None
    here.look()
    assert (case.rule, case.subject) not in places(here)
    (past,) = [each for each in states.past_alerts(here.shop, "2026-11")[0] if place(each) == place(alert)]
    assert (past.recovered_at, past.notified_at) == (here.clock(), here.clock())


@pytest.mark.parametrize(
    ("rule", "asked", "bad", "good"),
    [
        (RuleName.AUTOMATION, "stalled", lambda here: overdue(here, 6), lambda here: overdue(here, 0)),
        (RuleName.EVENT_LAG, "event_health", lambda here: events(here, waiting=301), events),
        (RuleName.EVENT_LAG, "event_health", lambda here: events(here, lag=400.0), lambda here: events(here, lag=2.0)),
        (RuleName.DEAD_LETTERS, "count_dead_letters", lambda here: 1, lambda here: 0),
        (RuleName.CONNECTIONS, "all_endpoints", lambda here: [OFF], lambda here: [replace(OFF, off=False)]),
    ],
)
def test_a_rule_about_another_part_fires_and_recovers(
    installation: Installation,
    monkeypatch: pytest.MonkeyPatch,
    rule: RuleName,
    asked: str,
    bad: Act,
    good: Act,
) -> None:
    here = installation
    monkeypatch.setattr(readings, asked, lambda *_, **__: bad(here))
    here.look()
    assert rule in {name for name, _ in places(here)}
    monkeypatch.setattr(readings, asked, lambda *_: busy())
    here.clock.forward(hours=1)
    here.look()
    assert rule in {name for name, _ in places(here)}, "whoever cannot tell ends nothing"
    monkeypatch.setattr(readings, asked, lambda *_: good(here))
    here.look()
    here.clock.forward(seconds=61)
    here.look()
    assert rule not in {name for name, _ in places(here)}


def test_every_rule_has_a_reader_and_a_case() -> None:
    names = {rule.name for rule in RULES}
    assert set(readings.READERS) == names
    others = {RuleName.BACKUP, RuleName.AUTOMATION, RuleName.EVENT_LAG, RuleName.DEAD_LETTERS, RuleName.CONNECTIONS}
    assert {case.rule for case in CASES} | others == names


def test_old_backups_and_failed_drills_are_alerts_where_backups_are_scheduled(installation: Installation) -> None:
    shop, key, system = installation.shop, schema.meta_key("backup"), installation.system
    scheduled = replace(system, settings=system.settings.model_copy(update={"backup_to": "kept"}))

    def read(**state: object) -> list[float]:
        shop.store.put(Put(key, backup_state_item(BackupState(**state))))  # type: ignore[arg-type]
        return [reading.value for reading in readings.read_backups(scheduled)]

    now = shop.clock()
    assert readings.read_backups(system) == []
    assert read() == [0.0, 0.0]
    assert read(at=now - timedelta(hours=31)) == [31.0, 0.0]
    never_made, drill_failed = read(error="No room."), read(at=now, drill_error="It is spoilt.")
    assert never_made[0] > 1000
    assert (drill_failed[0], drill_failed[1] > 1000) == (0.0, True)
    found = health.check_backups(scheduled)
    assert found.state is State.ATTENTION
    assert "It is spoilt." in found.found


def test_rates_of_few_emails_and_few_actions_say_nothing(installation: Installation) -> None:
    counted(installation, sent=50, bounced=20, complained=5)
    pulse(installation, actions=19, failed=19)
    assert installation.look() == []


def test_counters_of_the_day_before_yesterday_do_not_count(installation: Installation) -> None:
    counted(installation, sent=500, bounced=100)
    installation.clock.forward(hours=25)
    assert installation.look() == []


def test_a_rule_that_breaks_leaves_the_others_alone(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(system: object) -> list[Reading]:
        raise ZeroDivisionError

    monkeypatch.setitem(readings.READERS, RuleName.QUOTA, broken)  # type: ignore[misc]
    monkeypatch.setitem(readings.READERS, RuleName.BOUNCES, lambda system: busy())  # type: ignore[misc]
    queue_gets_old(installation)
    assert installation.look() == ["Queue too old messages"]


def test_one_process_looks_at_a_time(installation: Installation) -> None:
    assert readings.is_my_turn(installation.shop)
    assert not readings.is_my_turn(installation.shop)
    installation.clock.forward(seconds=31)
    assert readings.is_my_turn(installation.shop)


def busy() -> list[Reading]:
    raise StoreBusyError("Busy.")


def place(alert: object) -> tuple[RuleName, str]:
    return alert.rule, alert.subject


def places(here: Installation) -> set[tuple[RuleName, str]]:
    return {place(alert) for alert in states.current_alerts(here.shop) if alert.is_open}
