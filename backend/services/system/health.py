"""Whether each part of the installation works. A part is one function; `HEALTH_CHECKS` lists them all."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from loguru import logger

from backend.deadlines import DeadlineError, within
from backend.domain.backups import BackupState
from backend.domain.health import SKEW_ALLOWED, Health, State
from backend.domain.team import Actor, Permission
from backend.email.transports.protocol import AccountUnknownError
from backend.errors import BackendError
from backend.services.automations.waiting_triggers import stalled
from backend.services.campaigns.progress import held_by_quota
from backend.services.events.health import event_health
from backend.services.sending.account import current_pause
from backend.services.snapshots import folders
from backend.services.system.backups import backup_state
from backend.services.system.checks import check_writing, unnamed_proxy_seen
from backend.services.system.heartbeats import read_beats
from backend.services.system.installation import System
from backend.services.system.queue import queue_state
from backend.services.unreadable.items import MOST_LISTED, unreadable_records
from backend.store import schema

ALL_SECONDS = 8.0
"""How long all checks may take together: people and monitors wait for them."""
SLOW_STORE = timedelta(milliseconds=250)
OLD_QUEUE = timedelta(minutes=5)
_NECESSARY_DUTIES = ("mail", "imports")
LATE_BACKUP = 1.25
"""How many times the interval of backups may have passed since the last one."""
_BACKUP_ADVICE = "Correct what is named: the bucket, its rights, or room on the disk. It is tried every half an hour."
_GIGABYTE = 1024**3

HealthCheck = Callable[[System], Health]
"""Checks one part, in much less than a second."""


def health_of(system: System, actor: Actor) -> list[Health]:
    """The health of each part. A check that raises an error is reported as a part that does not work.

    Raises: `PermissionDeniedError`.
    """
    actor.require(Permission.VIEW_SYSTEM)
    found: dict[str, Health] = {}

    def look() -> None:
        for check in HEALTH_CHECKS:
            found[_part(check)] = _asked(check, system)

    with contextlib.suppress(DeadlineError):
        within(ALL_SECONDS, "The health of the parts", look)
    seen = dict(found)  # the late thread may continue
    return [seen.get(part) or _late(part) for part in map(_part, HEALTH_CHECKS)]


def _late(part: str) -> Health:
    advice = "Look at the first part of this list that does not work: the others were not asked after it."
    return Health(part, State.DOWN, "It did not answer in time.", advice)


def _part(check: HealthCheck) -> str:
    return (check.__name__.removeprefix("check_")).replace("_", " ").capitalize()


def _asked(check: HealthCheck, system: System) -> Health:
    part = _part(check)
    try:
        return check(system)
    except BackendError as error:
        return Health(part, State.DOWN, error.sentence)
    except Exception:
        logger.exception("The health of {} could not be checked", part)
        return Health(part, State.DOWN, "It could not be checked.", "See the log for the error.")


def check_store(system: System) -> Health:
    """Reads one item, and measures the time."""
    began = time.perf_counter()
    system.shop.store.get(schema.meta_key("team"))
    took = timedelta(seconds=time.perf_counter() - began)
    milliseconds = took / timedelta(milliseconds=1)
    found = f"It answers in {milliseconds:,.0f} ms." if milliseconds >= 1 else "It answers in less than 1 ms."
    if took > SLOW_STORE:
        return Health("Store", State.ATTENTION, found, "It is slow: look at its load, its disk or the network to it.")
    return Health("Store", State.UP, found)


def check_sending(system: System) -> Health:
    """Whether the transport may send and is not paused."""
    transport = system.mailer.transport
    paused = current_pause(system.shop)
    try:
        account = transport.account()
    except AccountUnknownError as error:
        return Health("Sending", State.DOWN, error.sentence, "Check the credentials and the rights of the server.")
    if not account.sending_enabled:
        found = f"The provider has switched off sending ({account.status})."
        return Health("Sending", State.DOWN, found, "Read the provider's message in the SES console, and answer it.")
    if paused is not None:
        return Health("Sending", State.ATTENTION, f"It pauses: {paused.reason}", "Resume it on Send statistics.")
    if held := held_by_quota(system.shop):
        campaign, hold = held[0]
        others = f" and {len(held) - 1} more" if len(held) > 1 else ""
        until = f"{hold.until.astimezone(system.shop.zone):%Y-%m-%d %H:%M}"
        found = f"The daily quota is used up; “{campaign.name}”{others} waits until {until}."
        return Health("Sending", State.ATTENTION, found, "It goes on by itself. Ask the provider for a larger quota.")
    if account.sandbox:
        found = "The account is in the sandbox: only verified addresses get mail."
        return Health("Sending", State.ATTENTION, found, "Ask for production access in the SES console.")
    if transport.name == "local":
        return Health("Sending", State.UP, "Emails are kept in the outbox of this machine.")
    return Health("Sending", State.UP, f"{transport.name.upper()} takes {account.per_second:,.0f} emails a second.")


def check_queue(system: System) -> Health:
    """Whether messages go out soon after they are due."""
    state = queue_state(system.shop)
    age = state.age(system.shop.clock())
    found = f"{state.due:,} messages are due." if state.due else "Nothing waits."
    if age > OLD_QUEUE:
        found = f"{state.due:,} messages are due, the first for {age.total_seconds() / 60:,.0f} minutes."
        return Health("Queue", State.ATTENTION, found, "See whether a worker runs, and whether sending pauses.")
    return Health("Queue", State.UP, found)


def check_workers(system: System) -> Health:
    """Whether each necessary duty has a worker, and none is stuck."""
    beats, now = read_beats(system.shop), system.shop.clock()
    alive = [beat for beat in beats if not beat.is_silent(now)]
    done = {duty.name for beat in alive for duty in beat.duties}
    if missing := [name for name in _NECESSARY_DUTIES if name not in done]:
        check_writing(system.shop.store)  # if nothing can be written, workers cannot write heartbeats
        advice = "Start the server, or python -m backend worker."
        return Health("Workers", State.DOWN, f"Nobody does {' and '.join(missing)}.", advice)
    if stuck := sorted({f"{duty.name} on {beat.host}" for beat in alive for duty, _ in beat.stalled_duties()}):
        return Health(
            "Workers", State.ATTENTION, f"Stalled: {', '.join(stuck)}.", "Look at the log; restart the process."
        )
    if silent := len(beats) - len(alive):
        found = f"{len(alive)} alive, {silent} silent."
        return Health("Workers", State.ATTENTION, found, "A process has ended without a word; the others do its work.")
    return Health("Workers", State.UP, "1 process works." if len(alive) == 1 else f"{len(alive)} processes work.")


def check_clocks(system: System) -> Health:
    """Whether the clocks of all processes agree."""
    beats = read_beats(system.shop)
    if len(beats) < 2:
        return Health("Clocks", State.UNUSED, "One process has nobody to compare its clock with.")
    skew = timedelta(milliseconds=max(beat.skew_ms for beat in beats))
    seconds = skew.total_seconds()
    if skew > SKEW_ALLOWED:
        advice = "Let the machines follow a time server (NTP); the sending rate depends on it."
        return Health("Clocks", State.ATTENTION, f"They differ by {seconds:.1f} seconds.", advice)
    return Health("Clocks", State.UP, f"They agree to within {max(seconds, 0.1):.1f} seconds.")


def check_disk(system: System) -> Health:
    """Whether there is room where files are kept."""
    folder = system.shop.data_dir
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    usage = shutil.disk_usage(folder)
    found = f"{usage.free / _GIGABYTE:,.1f} GB of {usage.total / _GIGABYTE:,.0f} GB are free."
    if usage.free < _GIGABYTE / 5:
        return Health("Disk", State.DOWN, found, "Free space now: nothing can be written soon.")
    if usage.free < _GIGABYTE:
        return Health("Disk", State.ATTENTION, found, "Free space, or move DATA_DIR to a larger disk.")
    return Health("Disk", State.UP, found)


def check_events(system: System) -> Health:
    """Whether the provider's events arrive and can be applied."""
    health = event_health(system.shop)
    if health.dead_letters:
        found = f"{health.dead_letters:,} events could not be taken in."
        return Health("Events", State.ATTENTION, found, "See on Events why, and replay them when the reason is gone.")
    waiting = system.shop.clock() - health.oldest_at if health.oldest_at else timedelta()
    if waiting > OLD_QUEUE:
        found = f"{health.waiting:,} wait, the first for {waiting.total_seconds() / 60:,.0f} minutes."
        return Health("Events", State.ATTENTION, found, "See whether a worker does the duty “events”.")
    if not health.backlogs and health.last_at is None:
        advice = "Set SES_EVENTS_QUEUE_URL, or have SES post to /api/ses/events."
        unused = system.mailer.transport.name == "local"
        return Health("Events", State.UNUSED, "None has come yet.", "" if unused else advice)
    return Health("Events", State.UP, f"In the last hour: {health.applied:,} taken in. Waiting: {health.waiting:,}.")


def check_automations(system: System) -> Health:
    """Whether automations fire when they are due."""
    late = stalled(system.shop)
    if late:
        found = f"{late[0].name or late[0].automation} has been due for more than five minutes."
        return Health("Automations", State.ATTENTION, found, "See whether a worker does the duty “automations”.")
    return Health("Automations", State.UP, "Nothing is overdue.")


def check_snapshot(system: System) -> Health:
    """Whether the figures for segments and insights are as new as they should be."""
    info, minutes = folders.current(system.shop), system.settings.snapshot_minutes
    if info is None:
        return Health("Snapshot", State.UNUSED, "None was made on this machine yet.")
    age = system.shop.clock() - info.as_of
    found = f"Age: {age.total_seconds() / 60:,.0f} min. Making it took {info.seconds:,.1f} s."
    if info.differed:
        found += (
            f" It was not the same as the shop in: {', '.join(info.differed)}. That was corrected by reading all of it."
        )
        return Health("Snapshot", State.ATTENTION, found, "Please report this; it should not happen.")
    if minutes and age > 3 * timedelta(minutes=minutes) + timedelta(seconds=20 * info.seconds):
        return Health("Snapshot", State.ATTENTION, found, "See the log for why no newer one was made.")
    return Health("Snapshot", State.UP, found)


def check_proxy(system: System) -> Health:
    """Whether visitors have different addresses: behind a reverse proxy that is not named they all share one."""
    if unnamed_proxy_seen(system.shop) is not None:
        found = "Requests come through a proxy that TRUSTED_PROXIES does not name, so visitors share one address."
        advice = "Name your reverse proxy in TRUSTED_PROXIES. If you have none, somebody sent such headers: ignore it."
        return Health("Proxy", State.ATTENTION, found, advice)
    if not system.settings.trusted_proxies.strip():
        return Health("Proxy", State.UNUSED, "No request came through a proxy in the last 24 hours.")
    return Health("Proxy", State.UP, "Requests come through the proxies that TRUSTED_PROXIES names.")


def check_backups(system: System) -> Health:
    """Whether scheduled backups are made, and can be restored."""
    if not system.settings.backup_to:
        return Health("Backups", State.UNUSED, "None are scheduled here (BACKUP_TO is not set).")
    state, now = backup_state(system.shop), system.shop.clock()
    found = _last_backup(state, now)
    if state.error:
        return Health("Backups", State.ATTENTION, f"The last one failed: {state.error} {found}", _BACKUP_ADVICE)
    if state.drill_error:
        return Health("Backups", State.ATTENTION, f"{found} A drill failed: {state.drill_error}", _BACKUP_ADVICE)
    if state.at and now - state.at > LATE_BACKUP * timedelta(hours=system.settings.backup_hours):
        return Health("Backups", State.ATTENTION, found, "See whether a worker does the duty “backups”.")
    return Health("Backups", State.UP, found)


def _last_backup(state: BackupState, now: datetime) -> str:
    if state.at is None:
        return "There is none yet; the first begins within minutes."
    age = (now - state.at).total_seconds() / 3600
    found = f"{age:,.1f} hours ago: {state.items:,} records in {state.seconds:,} s."
    if state.drill_at is None:
        return f"{found} Not restored as a drill yet."
    days = (now - state.drill_at).days
    return f"{found} Drill {days:,} days ago: restored {state.drill_items:,} records in {state.drill_seconds:,} s."


def check_records(system: System) -> Health:
    """Whether items of the store were found that cannot be read."""
    number = len(unreadable_records(system.shop))
    if not number:
        return Health("Records", State.UP, "None was found that cannot be read.")
    counted = f"{number} or more" if number >= MOST_LISTED else f"{number}"
    found = f"{counted} cannot be read and {'is' if number == 1 else 'are'} left out."
    return Health("Records", State.ATTENTION, found, "See Records that cannot be read, and repair or delete them.")


HEALTH_CHECKS: tuple[HealthCheck, ...] = (
    check_store,
    check_sending,
    check_queue,
    check_workers,
    check_events,
    check_automations,
    check_snapshot,
    check_clocks,
    check_disk,
    check_proxy,
    check_backups,
    check_records,
)
