"""Events of the mail provider: take them in, look at dead letters and replay them, and try the whole way."""

from __future__ import annotations

import threading
import time
from datetime import datetime
from typing import Annotated, Any

import typer

from backend import bootstrap
from backend.cli.options import Cursor, Limit
from backend.cli.output import Json, collected, write_json, write_page, write_table
from backend.cli.running import fail, opened_shop
from backend.config import Settings, load_settings
from backend.domain.events import DeadLetter
from backend.domain.team import COMMAND_LINE
from backend.services.context import Shop
from backend.services.events.consequences import EventPolicy
from backend.services.events.dead_letters import list_dead_letters
from backend.services.events.drain import drain
from backend.services.events.fire_drill import Drill, drill_messages, last_drill, new_drill_key, start_drill
from backend.services.events.health import event_health
from backend.services.events.intake import Intake
from backend.services.events.replay import Replay, replay_all, replay_dead_letter
from backend.services.sending.delivery import deliver_one

app = typer.Typer(help="What the mail provider reports about emails.", no_args_is_help=True)
_LOOK_SECONDS = 1.0


@app.command("drain")
def drain_events(as_json: Json = False) -> None:
    """Take in all events that wait at the queue or in the local outbox, as the worker does."""
    with opened_shop("events drain") as shop:
        intake = _drained(shop, load_settings())
        counts = {name: getattr(intake, name) for name in ("applied", "seen", "foreign", "dead", "notices")}
        if as_json:
            write_json(counts)
            return
        typer.echo(", ".join(f"{number} {name}" for name, number in counts.items()) + ".")


@app.command("health")
def health(as_json: Json = False) -> None:
    """Show what waits, how fast events are applied and how late, and how many are dead."""
    with opened_shop("events health") as shop:
        found = event_health(shop)
        figures: dict[str, Any] = {
            "waiting": found.waiting,
            "applied_last_hour": found.applied,
            "seen_last_hour": found.seen,
            "foreign_last_hour": found.foreign,
            "lag_p50": found.lag_p50,
            "lag_p95": found.lag_p95,
            "last_at": _text(found.last_at),
            "dead_letters": found.dead_letters,
        }
        if as_json:
            write_json(figures)
            return
        write_table(("what", "is"), [(name, "" if value is None else value) for name, value in figures.items()])


@app.command("dead")
def dead_letters(limit: Limit = 50, cursor: Cursor = "", as_json: Json = False) -> None:
    """List events that could not be taken in, newest first, with the reason."""
    with opened_shop("events dead") as shop:

        def read(size: int, place: str | None) -> tuple[list[DeadLetter], str | None]:
            page = list_dead_letters(shop, COMMAND_LINE, limit=size, cursor=place)
            return page.letters, page.cursor

        letters, following = collected(limit, cursor, read)
        found = [
            {"id": each.id, "at": _text(each.at), "source": each.source, "tries": each.tries, "reason": each.reason}
            for each in letters
        ]
        write_page(found, following, ("id", "source", "tries", "reason"), as_json=as_json, right=(2,))


@app.command("replay")
def replay(
    letter: Annotated[str, typer.Argument(help="Id of a dead letter; all of them without it.")] = "",
    as_json: Json = False,
) -> None:
    """Try dead letters again. Exit code 1 when some are still dead."""
    with opened_shop("events replay") as shop:
        policy = _policy(load_settings())
        done: Replay = (
            replay_dead_letter(shop, COMMAND_LINE, letter, policy) if letter else replay_all(shop, COMMAND_LINE, policy)
        )
        if as_json:
            write_json({"done": done.done, "dead": done.dead})
        else:
            typer.echo(f"{done.done} taken in, {done.dead} still dead.")
        if done.dead:
            raise typer.Exit(1)


@app.command("drill")
def drill(
    seconds: Annotated[int, typer.Option(min=1, max=900, help="How long to wait for what comes back.")] = 60,
    as_json: Json = False,
) -> None:
    """Mail the simulator's addresses and watch the reports come back. Exit code 1 when one is missing."""
    with opened_shop("events drill") as shop:
        settings = load_settings()
        mailer = bootstrap.open_mailer(settings, shop)
        started = start_drill(shop, COMMAND_LINE, new_drill_key())
        for message in drill_messages(shop, started):
            deliver_one(shop, mailer, message)
        found = _watched(shop, settings, started, seconds)
        if as_json:
            write_json({"passed": found.passed, "legs": [_leg(found, place) for place in range(len(found.legs))]})
        else:
            rows = [_leg(found, place) for place in range(len(found.legs))]
            columns = ("address", "status", "sent_after", "reports", "missing")
            write_table(columns, [[_shown(row[name]) for name in columns] for row in rows], right=(2,))
        if not found.passed:
            fail("Some reports are missing.")


def _watched(shop: Shop, settings: Settings, started: Drill, seconds: int) -> Drill:
    """The drill when it is over, or when the time is."""
    deadline = time.monotonic() + seconds
    found = started
    while not found.passed and time.monotonic() < deadline:
        if not _drained(shop, settings).total:
            time.sleep(min(_LOOK_SECONDS, max(deadline - time.monotonic(), 0)))
        found = last_drill(shop) or started
    return found


def _drained(shop: Shop, settings: Settings) -> Intake:
    total, go_on = Intake(), threading.Event()
    for source in bootstrap.open_event_sources(settings):
        total.add(drain(shop, source, _policy(settings), go_on))
    return total


def _policy(settings: Settings) -> EventPolicy:
    return EventPolicy(settings.soft_bounce_limit)


def _leg(found: Drill, place: int) -> dict[str, Any]:
    leg = found.legs[place]
    began = leg.sent_at or leg.requested_at
    return {
        "address": leg.box.value,
        "message_id": leg.message_id,
        "status": leg.status.value,
        "sent_after": _seconds(leg.requested_at, leg.sent_at),
        "reports": {report.type.value: _seconds(began, report.received_at) for report in leg.reports},
        "missing": [kind.value for kind in leg.missing],
    }


def _seconds(begin: datetime, end: datetime | None) -> float | None:
    return None if end is None else round((end - begin).total_seconds(), 3)


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {seconds} s" for name, seconds in value.items())
    return ", ".join(value) if isinstance(value, list) else "" if value is None else str(value)


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
