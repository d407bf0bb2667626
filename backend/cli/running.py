"""What every command does around its work: settings, log, shop, and failures reported in one sentence."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import typer
from loguru import logger
from typer.exceptions import TyperException

from backend import bootstrap, logs
from backend.config import Settings, load_settings
from backend.disk_space import full_disk_named
from backend.errors import BackendError, ConfigurationError
from backend.services.context import Shop
from backend.store.meter import Meter, access_pattern

INTERRUPTED = 130
"""The exit code of a command that was ended by Ctrl-C (128 + SIGINT)."""


@contextmanager
def opened_shop(command: str, *, meter: Meter | None = None, measured: bool = True) -> Iterator[Shop]:
    """The shop of the settings, closed afterwards. `meter` counts what its store does."""
    with reporting_failures(command, measured=measured) as settings:
        shop = bootstrap.open_shop(settings, meter=meter)
        try:
            with access_pattern(f"command {command}"):
                yield shop
        finally:
            shop.store.close()


@contextmanager
def reporting_failures(command: str, *, measured: bool = True) -> Iterator[Settings]:
    """The settings. Failures within end the command with exit code 1 and one sentence; the rest is in the log.

    A command that runs for days is not `measured`.
    """
    try:
        settings = load_settings()
        # Only what is out of the ordinary, unless somebody wants to see more.
        quiet = {"log_level": "WARNING"} if settings.log_level == "INFO" else {}
        logs.configure(settings.model_copy(update=quiet))
        with logs.action(command, measured=measured), full_disk_named():
            yield settings
    except (BackendError, ConfigurationError) as error:
        fail(error.sentence if isinstance(error, BackendError) else str(error))
    except KeyboardInterrupt:
        say("Interrupted.")
        raise typer.Exit(INTERRUPTED) from None
    except (typer.Exit, typer.Abort, TyperException, BrokenPipeError):
        raise  # Typer handles these
    except Exception as error:
        incident = secrets.token_hex(4).upper()
        logger.opt(exception=error).error("Incident {}", incident)
        fail(f"Something went wrong on our side; the log has it under incident {incident}.")


def fail(sentence: str) -> NoReturn:
    """Ends the command with exit code 1."""
    say(sentence)
    raise typer.Exit(1)


def say(sentence: str) -> None:
    """Prints a sentence that is not the result, to standard error."""
    typer.echo(sentence, err=True)
