"""A stand-in for SES, and a transport that boto3's own environment leads to it."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from backend.domain.emails import Kind
from backend.email.transports.ses import SesClient, SesTransport
from backend.email.transports.ses_client import open_client
from tests.email.transports.ses_server import SesServer, accepting, ses_server

SETS = {Kind.TRANSACTIONAL: "orders", Kind.MARKETING: "news"}


@pytest.fixture(scope="session")
def running_server() -> Iterator[SesServer]:
    with ses_server() as running:
        yield running


@pytest.fixture
def server(running_server: SesServer) -> Iterator[SesServer]:
    """The stand-in, with a good day and an empty record."""
    running_server.behave, running_server.requests, running_server.released = accepting, [], threading.Event()
    yield running_server
    running_server.released.set()


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, server: SesServer) -> None:
    """The environment of an installation on SES."""
    set_environment(monkeypatch, server)


@pytest.fixture(scope="session")
def client(running_server: SesServer) -> Iterator[SesClient]:
    """One client for all tests: making one takes as long as a hundred requests."""
    with pytest.MonkeyPatch.context() as patch:
        set_environment(patch, running_server)
        client = open_client(connect_seconds=3, read_seconds=1.5)
    yield client
    client.close()


@pytest.fixture
def transport(client: SesClient, server: SesServer) -> SesTransport:
    return SesTransport(client, SETS)


def set_environment(patch: pytest.MonkeyPatch, server: SesServer) -> None:
    patch.setenv("AWS_ENDPOINT_URL_SESV2", server.address)
    patch.setenv("AWS_REGION", "eu-central-1")
    patch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    patch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    patch.setenv("AWS_SECRET_ACCESS_KEY", "example")
    patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
