"""What all tests share: the databases behind the engines, started once and only when a test asks for them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import engines


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
