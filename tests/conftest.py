"""What all tests share: the databases behind the engines, started once and only when a test asks for them."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from functools import cache

import hypothesis
import pytest
import typer.testing
from typer.main import get_command

from tests import engines


def pytest_configure() -> None:
    """No example has a deadline; a run that is told to end still stops the servers that it started, as after Ctrl-C."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    hypothesis.settings.register_profile("suite", deadline=None)  # a busy machine is no failure
    hypothesis.settings.load_profile("suite")
    typer.testing._get_command = cache(
        get_command
    )  # the runner otherwise builds the whole command line for each command


@pytest.fixture(scope="session")
def ministack_address() -> Iterator[str]:
    """The address of a running DynamoDB emulator."""
    with engines.ministack() as address:
        yield address


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The SQLAlchemy URL of a database of our own on a PostgreSQL server."""
    with engines.postgres() as server, engines.database(server) as url:
        yield url
