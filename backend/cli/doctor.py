"""The doctor from a terminal: what an installation lacks, and how to fix it."""

from __future__ import annotations

import os
from dataclasses import asdict
from functools import partial
from typing import Annotated

import typer

from backend import bootstrap
from backend.cli.output import Json, write_json
from backend.cli.running import reporting_failures
from backend.config import load_settings
from backend.domain.health import Diagnosis, Verdict
from backend.errors import ConfigurationError
from backend.services.doctor.examination import examine
from backend.services.doctor.installation import Installation
from backend.services.system.time_server import clock_offset


def add_to(app: typer.Typer) -> None:
    app.command("doctor")(doctor)


def doctor(
    time_server: Annotated[
        str, typer.Option(help="The server whose clock is compared with this machine's.")
    ] = "pool.ntp.org",
    as_json: Json = False,
) -> None:
    """Look at everything that an installation needs to be live, and say how to fix what it lacks.

    Nothing of the shop is changed, and nothing waits for longer than ten seconds. Exit code 1 when something fails.
    """
    found = _found(time_server)
    failed = any(diagnosis.verdict is Verdict.FAIL for diagnosis in found)
    if as_json:
        write_json({"ok": not failed, "checks": [asdict(diagnosis) for diagnosis in found]})
    else:
        _show(found)
    if failed:
        raise typer.Exit(1)


def _found(time_server: str) -> list[Diagnosis]:
    try:
        settings = load_settings()
        store = bootstrap.open_store(settings.store_url)
    except ConfigurationError as error:
        return [_wrong(error)]
    with reporting_failures("doctor"):
        try:
            shop = bootstrap.shop_on(store, settings)
            mailer = bootstrap.open_mailer(settings, shop)
            probe = bootstrap.open_probe(settings, mailer)
            offset = partial(clock_offset, time_server)
            found = examine(Installation(settings, shop, mailer, probe, offset, os.environ))
            return [Diagnosis("Settings", Verdict.OK, "They are valid."), *found]
        except ConfigurationError as error:
            return [_wrong(error)]
        finally:
            store.close()


def _wrong(error: ConfigurationError) -> Diagnosis:
    advice = "Correct it in .env or in the environment; .env.example explains each setting."
    return Diagnosis("Settings", Verdict.FAIL, str(error), advice)


def _show(found: list[Diagnosis]) -> None:
    width = max(len(diagnosis.subject) for diagnosis in found)
    for diagnosis in found:
        typer.echo(f"{diagnosis.verdict.value:<7}  {diagnosis.subject:<{width}}  {diagnosis.found}")
        if diagnosis.fix and diagnosis.verdict is not Verdict.OK:
            typer.echo(f"{'':<7}  {'':<{width}}  → {diagnosis.fix}")
    counts = [f"{number} {verdict.value}" for verdict in Verdict if (number := _count(found, verdict))]
    typer.echo(", ".join(counts))


def _count(found: list[Diagnosis], verdict: Verdict) -> int:
    return sum(diagnosis.verdict is verdict for diagnosis in found)
