"""What each rule reads. A reader returns the figures of its subjects, both those over the threshold and those below.

A reader returns None when it does not know: then no alert is opened or ended.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from loguru import logger

from backend.domain.alerts import BY_NAME, AlertSettings, Reading, RuleName
from backend.domain.health import Beat
from backend.domain.leases import Lease
from backend.domain.time import from_text, to_text
from backend.email.transports.protocol import AccountUnknownError
from backend.errors import BackendError, ConditionFailedError, UnreadableItemError
from backend.records.conversion import key_given, reads
from backend.records.values import text
from backend.services.alerts import states
from backend.services.alerts.settings import get_alert_settings
from backend.services.alerts.states import current_alerts
from backend.services.automations.waiting_triggers import stalled
from backend.services.connections.connections import all_connections, count_failed
from backend.services.context import Shop
from backend.services.events.dead_letters import count_dead_letters
from backend.services.events.health import backlogs, event_health
from backend.services.outgoing.endpoints import host_of
from backend.services.outgoing.writes import all_endpoints
from backend.services.sending.account import account_use, current_pause
from backend.services.statistics.counters import stats_by_hour, summed
from backend.services.system.backups import backup_state
from backend.services.system.heartbeats import read_beats
from backend.services.system.installation import System
from backend.services.system.queue import queue_state
from backend.services.unreadable.items import read_one
from backend.store import schema
from backend.store.meter import access_pattern
from backend.store.port import AnyOf, Below, Delete, Item, Key, Missing, Update

_FEWEST_SENT = {RuleName.BOUNCES: 100, RuleName.COMPLAINTS: 200}
"""With fewer a rate means little: one complaint of 50 would be 2%."""
_FEWEST_ACTIONS = 20
_LATELY = timedelta(minutes=10)
_NECESSARY_DUTIES = ("mail", "imports")
_NOBODY = 1_000_000.0

Reader = Callable[[System], Sequence[Reading] | None]


def readings_of(system: System) -> dict[RuleName, Sequence[Reading]]:
    """What every rule reads now. Rules without a result are left out; their errors are logged."""
    found: dict[RuleName, Sequence[Reading]] = {}
    for name, reader in READERS.items():
        try:
            read = reader(system)
        except BackendError as error:
            logger.warning("The alert rule {} could not be read: {}", name, type(error).__name__)
            continue
        except Exception:
            logger.exception("The alert rule {} could not be read", name)
            continue
        if read is not None:
            found[name] = read
    return found


def read_workers(system: System) -> list[Reading]:
    """Seconds of silence by process, seconds in one round by duty, and duties that no process does."""
    beats, now = read_beats(system.shop), system.shop.clock()
    found = [
        Reading(
            RuleName.WORKER,
            f"process {beat.process}",
            (now - beat.at).total_seconds(),
            f"The {beat.kind} on {beat.host} (process {beat.pid}) has been silent for {_seconds(now - beat.at)}.",
        )
        for beat in beats
    ]
    alive = [beat for beat in beats if not beat.is_silent(now)]
    found += [
        Reading(
            RuleName.WORKER,
            f"duty {duty.name} of {beat.process}",
            took.total_seconds(),
            f"The duty {duty.name} on {beat.host} has been in one round for {_seconds(took)}.",
        )
        for beat in alive
        for duty, took in beat.stalled_duties()
    ]
    return found + [
        Reading(RuleName.WORKER, f"nobody {name}", _NOBODY, f"No process does the duty {name}.")
        for name in _NECESSARY_DUTIES
        if beats and name not in _duties(alive)
    ]


def read_automations(system: System) -> list[Reading]:
    """How long the first overdue trigger of each automation has been due. Less than five minutes is not overdue."""
    now = system.shop.clock()
    return [
        Reading(
            RuleName.AUTOMATION,
            each.automation,
            (now - each.since).total_seconds(),
            f"The automation “{each.name or each.automation}” has been due for {_seconds(now - each.since)}.",
        )
        for each in stalled(system.shop)
    ]


def read_queue(system: System) -> list[Reading]:
    """Seconds that the first due message has been waiting."""
    state = queue_state(system.shop)
    age = state.age(system.shop.clock())
    sentence = f"The first of {state.due:,} due messages has been waiting for {_seconds(age)}."
    return [Reading(RuleName.QUEUE, "messages", age.total_seconds(), sentence)]


def read_bounces(system: System) -> list[Reading]:
    return _rate(system, RuleName.BOUNCES, "bounced", "bounced")


def read_complaints(system: System) -> list[Reading]:
    return _rate(system, RuleName.COMPLAINTS, "complained", "were marked as spam")


def read_quota(system: System) -> list[Reading]:
    """The used percentage of the 24-hour quota."""
    use = account_use(system.shop, system.mailer, system.rate_policy)
    if not use.daily_quota:
        return []
    share = 100 * use.used / use.daily_quota
    sentence = f"{use.used:,} of {use.daily_quota:,} recipients of 24 hours are used ({share:.0f}%)."
    return [Reading(RuleName.QUOTA, "24 hours", share, sentence)]


def read_provider(system: System) -> list[Reading]:
    """What prevents sending, each as 1 above a threshold of 0."""

    def reading(subject: str, sentence: str) -> Reading:
        return Reading(RuleName.PROVIDER, subject, 1.0, sentence)

    found: list[Reading] = []
    try:
        account = system.mailer.transport.account()
    except AccountUnknownError as error:
        return [reading("account", error.sentence)]
    if not account.sending_enabled:
        found.append(reading("account", f"The provider has switched off sending ({account.status})."))
    if account.sandbox:
        found.append(reading("sandbox", "The account is in the sandbox: only verified addresses get mail."))
    pause = current_pause(system.shop)
    if pause is not None:
        found.append(reading("pause", f"Sending pauses: {pause.reason}"))
    return found


def read_throttling(system: System) -> list[Reading]:
    """Requests of all processes that the store has throttled in five minutes."""
    number = sum(beat.throttled for beat in _alive(system))
    sentence = f"The store has throttled {number:,} requests in five minutes."
    return [Reading(RuleName.THROTTLING, "store", float(number), sentence)]


def read_errors(system: System) -> list[Reading]:
    """The percentage of actions of the last five minutes that failed on our side."""
    beats = _alive(system)
    actions, failed = sum(beat.actions for beat in beats), sum(beat.failed for beat in beats)
    share = 100 * failed / actions if actions >= _FEWEST_ACTIONS else 0.0
    return [Reading(RuleName.ERRORS, "actions", share, f"{failed:,} of {actions:,} actions failed in five minutes.")]


def read_dead_letters(system: System) -> list[Reading]:
    """Events that could not be applied."""
    number = count_dead_letters(system.shop)
    sentence = f"{number:,} events of the provider could not be applied."
    return [Reading(RuleName.DEAD_LETTERS, "events", float(number), sentence)]


def read_connections(system: System) -> list[Reading]:
    """Webhooks of shops that could not be applied, and endpoints that were switched off for failing."""
    rule, shop = RuleName.CONNECTIONS, system.shop
    failed = ((each, count_failed(shop, each.id)) for each in all_connections(shop))
    found = [
        Reading(rule, f"shop {each.id}", float(number), f"{number:,} webhooks of {each.domain} could not be applied.")
        for each, number in failed
    ]
    return found + [
        Reading(
            rule,
            f"endpoint {each.id}",
            float(each.off and each.failing_since is not None),
            f"The webhook endpoint at {host_of(each)} is switched off. {each.off_reason}",
        )
        for each in all_endpoints(shop)
    ]


def read_backups(system: System) -> list[Reading]:
    """Hours since the last good backup, and whether the last drill failed. Nothing where none are scheduled."""
    if not system.settings.backup_to:
        return []
    state, now = backup_state(system.shop), system.shop.clock()
    age = (now - state.at) / timedelta(hours=1) if state.at else _NOBODY if state.error else 0.0
    last = f"The last good backup is {age:,.0f} hours old." if state.at else "There is no backup yet."
    drill = f"The last drill could not restore a backup: {state.drill_error}" if state.drill_error else ""
    return [
        Reading(RuleName.BACKUP, "backup", age, f"{last} {state.error}".strip()),
        Reading(RuleName.BACKUP, "drill", _NOBODY if drill else 0.0, drill or "The last drill went well."),
    ]


def read_event_lag(system: System) -> list[Reading]:
    """Seconds that events are late: the age of the oldest waiting one, or of recent ones when they were applied."""
    health = event_health(system.shop, _LATELY)
    waiting = system.shop.clock() - health.oldest_at if health.oldest_at else timedelta()
    late = timedelta(seconds=health.lag_p95 or 0.0)
    if waiting >= late:
        sentence = f"The oldest event that is not applied yet is {_seconds(waiting)} old."
    else:
        sentence = f"Events of the last ten minutes were {_seconds(late)} old when they were applied."
    return [Reading(RuleName.EVENT_LAG, "events", max(waiting, late).total_seconds(), sentence)]


def _rate(system: System, rule: RuleName, counter: str, words: str) -> list[Reading]:
    now = system.shop.clock().astimezone(system.shop.zone)
    first = now - timedelta(hours=24)
    hours = stats_by_hour(system.shop, first.date(), now.date())
    counts = summed(each.counts for each in hours if each.hour > f"{first:%Y-%m-%dT%H}")
    sent, number = counts.get("sent", 0), counts.get(counter, 0)
    share = 100 * number / sent if sent >= _FEWEST_SENT[rule] else 0.0
    return [Reading(rule, "24 hours", share, f"{number:,} of {sent:,} emails of 24 hours {words} ({share:.2f}%).")]


def _alive(system: System) -> list[Beat]:
    now = system.shop.clock()
    return [beat for beat in read_beats(system.shop) if not beat.is_silent(now)]


def _duties(beats: Sequence[Beat]) -> set[str]:
    return {duty.name for beat in beats for duty in beat.duties}


def _seconds(span: timedelta) -> str:
    seconds = span.total_seconds()
    if seconds < 120:
        return f"{seconds:,.0f} seconds"
    return f"{seconds / 60:,.0f} minutes" if seconds < 7200 else f"{seconds / 3600:,.0f} hours"


READERS: Mapping[RuleName, Reader] = {
    RuleName.WORKER: read_workers,
    RuleName.AUTOMATION: read_automations,
    RuleName.QUEUE: read_queue,
    RuleName.BOUNCES: read_bounces,
    RuleName.COMPLAINTS: read_complaints,
    RuleName.QUOTA: read_quota,
    RuleName.PROVIDER: read_provider,
    RuleName.THROTTLING: read_throttling,
    RuleName.ERRORS: read_errors,
    RuleName.DEAD_LETTERS: read_dead_letters,
    RuleName.EVENT_LAG: read_event_lag,
    RuleName.CONNECTIONS: read_connections,
    RuleName.BACKUP: read_backups,
}


# --- Metrics: figures in the store, by the names in `observability.metrics` --------------------------------------


def gauges(shop: Shop) -> Mapping[str, float]:
    """Reads them now; costs about 20 requests to the store.

    Raises: `StoreBusyError`, `StoreUnreachableError`.
    """
    with access_pattern("metrics"):
        queue, now = queue_state(shop), shop.clock()
        return {
            "queue_due": queue.due,
            "queue_oldest_seconds": queue.age(now).total_seconds(),
            "queue_leased": queue.leased,
            "queue_expired": queue.expired,
            "queue_unknown": queue.unknown,
            "queue_failed": queue.failed,
            "dead_letters": count_dead_letters(shop),
            "events_waiting": sum(each.waiting for each in backlogs(shop)),
            "alerts_open": sum(alert.is_open for alert in current_alerts(shop)),
            "processes_alive": sum(not beat.is_silent(now) for beat in read_beats(shop)),
        }


EVERY = timedelta(seconds=30)
_TURN = schema.meta_key("alerts-turn")


def is_my_turn(shop: Shop) -> bool:
    """Whether no process has evaluated the rules in the last half minute. If so, this process takes the turn."""
    now = shop.clock()
    free = AnyOf((Missing("next_at"), Below("next_at", to_text(now))))
    try:
        shop.store.update(Update(_TURN, set={"next_at": to_text(now + EVERY)}, condition=free))
    except (ConditionFailedError, UnreadableItemError):
        turn = read_one(shop, _TURN, _next_from)
        if turn is None or Lease(turn).shortened(now, EVERY):  # a damaged record must not block the turn
            shop.store.delete(Delete(_TURN))
        return False
    return True


@reads(key_given)
def _next_from(_: Key, item: Item) -> datetime:
    return from_text(text(item, "next_at"))


def look(system: System) -> None:
    """Reads the figures of every rule, and opens, keeps and ends alerts."""
    shop, settings = system.shop, get_alert_settings(system.shop)
    judge(shop, settings, readings_of(system))


def judge(shop: Shop, settings: AlertSettings, readings: Mapping[RuleName, Sequence[Reading]]) -> None:
    """Changes the alerts by what was read. Those of a rule without a reading stay as they are."""
    exceeded = {(each.rule, each.subject): each for each in _exceeded(settings, readings)}
    alerts = {(alert.rule, alert.subject): alert for alert in states.current_alerts(shop)}
    for place, reading in exceeded.items():
        if place not in alerts:
            states.open_alert(shop, reading)
    for place, alert in alerts.items():
        if alert.rule is RuleName.TEST:
            continue
        if not settings.of(BY_NAME[alert.rule]).on:
            states.drop(shop, alert)
        elif alert.rule in readings:
            states.look_again(shop, alert, exceeded.get(place), timedelta(hours=settings.remind_hours))


def _exceeded(settings: AlertSettings, readings: Mapping[RuleName, Sequence[Reading]]) -> list[Reading]:
    found: list[Reading] = []
    for name, read in readings.items():
        adjusted = settings.of(BY_NAME[name])
        if adjusted.on:
            found += [reading for reading in read if reading.value > adjusted.threshold]
    return found
