"""Looking after an installation: check, demo shop, reconcile, worker."""

from __future__ import annotations

import dataclasses
import signal
from contextlib import ExitStack
from dataclasses import asdict
from functools import partial
from typing import Annotated

import typer

from backend import bootstrap
from backend.cli.output import Json, ProgressLine, write_json, write_table
from backend.cli.running import fail, opened_shop, reporting_failures, say
from backend.config import Settings, load_settings
from backend.errors import ConfigurationError
from backend.observability import sentry
from backend.observability.measures import MEASURES
from backend.observability.metrics import Metrics, Sources
from backend.observability.metrics_server import serving
from backend.services.alerts.readings import gauges
from backend.services.context import Shop
from backend.services.demo import shop as demo
from backend.services.reconcile import Reconciliation
from backend.services.reconcile import reconcile as reconcile_shop
from backend.services.reconcile.messages import reconcile_mail
from backend.services.system.checks import Check, check_folder, check_store
from backend.services.system.installation import version
from backend.services.team.members import demo_sign_ins
from backend.store.meter import USUAL_SAMPLE, Meter

_SHOWN = 50
"""For what is in flight at the end. A transport may take 33 seconds for an email."""


def add_to(app: typer.Typer) -> None:
    app.command("reconcile")(reconcile)
    app.command("seed")(seed)
    app.command("check")(check)
    app.command("worker")(worker)


def reconcile(
    fix: Annotated[bool, typer.Option("--fix", help="Repair what differs; safe while orders are being taken.")] = False,
    as_json: Json = False,
) -> None:
    """Recompute every total, leaderboard, list, pointer and send statistic, and show what differs.

    Exit code 1 when something differs and was not repaired.
    """
    with opened_shop("reconcile") as shop:
        line = ProgressLine()
        found = reconcile_shop(
            shop, fix=fix, progress=lambda customers, orders: line.show(f"{customers:,} customers, {orders:,} orders")
        )
        line.end()
        messages = reconcile_mail(shop, found, fix=fix)
        if found.unsettled:
            say(f"{found.unsettled:,} figures kept changing while they were counted; run it again when it is quieter.")
        if as_json:
            drift = [asdict(each) for each in found.drift]
            write_json({"customers": found.customers, "orders": found.orders, "drift": drift})
        else:
            _show(found, messages)
        if left := found.drift_count - found.fixed_count:
            fail(f"{left:,} differ and were not repaired.")


def _show(found: Reconciliation, messages: int) -> None:
    typer.echo(f"{found.customers:,} customers, {found.orders:,} orders and {messages:,} emails were looked at.")
    if not found.drift:
        typer.echo("Everything that is kept agrees with them.")
        return
    rows = [(each.what, each.expected, each.found, "repaired" if each.fixed else "") for each in found.drift[:_SHOWN]]
    write_table(("what", "expected", "found", ""), rows, right=(1, 2))
    if found.drift_count > _SHOWN:
        typer.echo(f"… and {found.drift_count - _SHOWN:,} more (--json lists them)")
    left = found.drift_count - found.fixed_count
    typer.echo(
        f"{found.drift_count:,} differ; {found.fixed_count:,} were repaired" + (f", {left:,} not." if left else ".")
    )


def seed(
    customers: Annotated[int, typer.Option(min=1, max=100_000, help="How many customers.")] = demo.CUSTOMERS,
    remove: Annotated[bool, typer.Option("--remove", help="Take the demo shop out; what is real stays.")] = False,
    if_empty: Annotated[
        bool, typer.Option("--if-empty", help="Do nothing, and say nothing, unless the store is new.")
    ] = False,
    anyway: Annotated[
        bool, typer.Option("--anyway", help="Load it also beside customers and a team of your own.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Load a demo shop into an empty store: invented customers and two years of orders, clearly labelled."""
    with opened_shop("seed") as shop:
        if remove:
            _remove(shop, as_json)
            return
        line = ProgressLine()
        settings = load_settings()
        seeded = demo.seed_demo(
            shop,
            customers=customers,
            if_new=if_empty,
            anyway=anyway,
            automations_on=settings.mail_transport == "local",
            links=bootstrap.open_links(settings, shop),
            progress=partial(_tell_loading, line),
        )
        line.end()
        if seeded.reason and not if_empty and not demo.is_demo(shop):
            fail(seeded.reason)
        if as_json:
            write_json(asdict(seeded))
        elif not (if_empty and seeded.reason):
            said = f"The demo shop has {seeded.customers:,} customers and {seeded.orders:,} orders."
            typer.echo(seeded.reason or said)
            write_table(("demo sign-in", "password", "role"), [(u, p, r.value) for u, p, r in demo_sign_ins()])


def _tell_loading(line: ProgressLine, customers: int) -> None:
    if customers == 0:
        say("Loading the demo shop …")
    else:
        line.show(f"{customers:,} customers")


def _remove(shop: Shop, as_json: bool) -> None:
    removed = demo.remove_demo(shop)
    if as_json:
        write_json(asdict(removed))
        return
    typer.echo(f"Removed {removed.customers:,} customers and {removed.orders:,} orders of the demo shop.")
    if removed.kept:
        typer.echo(f"{removed.kept:,} customers stay, because they have real orders.")


def check(as_json: Json = False) -> None:
    """Check the settings, the store, its tables and the data folder. Exit code 1 when something is wrong."""
    checks = _checks()
    right = all(each.ok for each in checks)
    if as_json:
        write_json({"ok": right, "checks": [asdict(each) for each in checks]})
    else:
        write_table(("", "check", "found"), [("ok" if c.ok else "WRONG", c.name, c.found) for c in checks])
    if not right:
        raise typer.Exit(1)


def _checks() -> list[Check]:
    try:
        settings = load_settings()
        store = bootstrap.open_store(settings.store_url)
    except ConfigurationError as error:
        return [Check("settings", False, str(error))]
    with reporting_failures("check"):
        try:
            of_store = [_with_hint(each, settings) for each in check_store(store)]
            return [Check("settings", True, "They are valid."), *of_store, check_folder(settings.data_dir)]
        finally:
            store.close()


def _with_hint(check: Check, settings: Settings) -> Check:
    if check.name != "tables" or check.ok:
        return check
    hint = " The first start creates them." if settings.store_create else " Create them, or set STORE_CREATE=true once."
    return dataclasses.replace(check, found=check.found + hint)


def worker(
    metrics_port: Annotated[
        int, typer.Option("--metrics-port", min=0, max=65535, help="Serve metrics for Prometheus there; 0 is nowhere.")
    ] = 0,
) -> None:
    """Do what the server's worker does, beside it: imports, emails and the rest. Ends with Ctrl-C or SIGTERM.

    What is being sent at that moment is finished and recorded first.
    """
    from backend.workers import duties, loop

    meter, settings = Meter(USUAL_SAMPLE), load_settings()
    with opened_shop("worker", meter=meter, measured=False) as shop, ExitStack() as opened:
        place = loop.Workplace(shop, bootstrap.open_mailer(settings, shop), settings, "worker", meter)
        sentry.start(settings, version())
        opened.callback(sentry.stop)
        if metrics_port:
            sources = Sources(MEASURES, place.rounds, meter, lambda: gauges(shop), version(), "worker", shop.clock)
            token = settings.metrics_token.get_secret_value()
            opened.enter_context(serving(Metrics(sources), settings.host, metrics_port, token))
        stop = loop.Stop()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        say("The worker waits for work. Ctrl-C ends it.")
        threads = loop.start(place, stop, duties.DUTIES)
        while not stop.wait(1.0):
            pass
        loop.end(threads, stop, settings.shutdown_seconds)
