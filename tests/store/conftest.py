"""`engine` and `store`: every test that asks for one runs on every engine, each time on empty tables of its own."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest

from backend.store.dynamodb import DynamoStore
from backend.store.dynamodb_calls import DynamoDBClient
from backend.store.dynamodb_client import open_client, parse_address
from backend.store.port import Store
from backend.store.sql import SqlStore
from tests.engines import Engine

SHARED = ("sqlite-file", "postgres", "dynamodb-ministack")
"""Engines that several threads and connections may use at once."""
ALL = ("sqlite-memory", *SHARED, "dynamodb-moto")

_MARKS = {"postgres": pytest.mark.postgres, "dynamodb-ministack": pytest.mark.ministack}
_numbers = itertools.count(1)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "emulator_differs(engine, how): the emulator is known not to do as AWS does")


def _params(names: tuple[str, ...]) -> list[object]:
    return [pytest.param(name, marks=_MARKS.get(name, ()), id=name) for name in names]


@pytest.fixture(params=_params(ALL))
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """Every engine."""
    for mark in request.node.iter_markers("emulator_differs"):
        if mark.args[0] == request.param:
            request.applymarker(pytest.mark.xfail(reason=f"{request.param} {mark.args[1]}", strict=True))
    with _engine(request.param, request) as engine:
        yield engine


@pytest.fixture(params=_params(SHARED))
def shared_engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """Every engine that may be used by several at once."""
    with _engine(request.param, request) as engine:
        yield engine


@pytest.fixture
def store(engine: Engine) -> Iterator[Store]:
    """A store on every engine."""
    with opened(engine) as store:
        yield store


@pytest.fixture
def shared_store(shared_engine: Engine) -> Iterator[Store]:
    """A store on every engine that may be used by several at once."""
    with opened(shared_engine) as store:
        yield store


@contextmanager
def opened(engine: Engine) -> Iterator[Store]:
    """A store of the engine with its tables, closed afterwards."""
    store = engine.open()
    try:
        store.create_tables()
        yield store
    finally:
        store.close()


@contextmanager
def _engine(name: str, request: pytest.FixtureRequest) -> Iterator[Engine]:
    if name == "dynamodb-moto":
        from moto import mock_aws

        with mock_aws():
            client, streams = _clients("dynamodb://tillpost?region=eu-west-1")
            yield Engine(name, lambda: DynamoStore(client, "tillpost", workers=1, streams=streams))
    else:
        yield Engine(name, _opener(name, request))


def _opener(name: str, request: pytest.FixtureRequest) -> Callable[[], Store]:
    number = next(_numbers)
    match name:
        case "sqlite-memory":
            return lambda: SqlStore("sqlite://")
        case "sqlite-file":
            path: Path = request.getfixturevalue("tmp_path") / "tillpost.db"
            return lambda: SqlStore(f"sqlite:///{path}")
        case "postgres":
            url: str = request.getfixturevalue("postgres_url")
            return lambda: SqlStore(url, prefix=f"t{number}_")
        case "dynamodb-ministack":
            address: str = request.getfixturevalue("ministack_address")
            client, streams = _clients(f"dynamodb://t?endpoint={address}")
            return lambda: DynamoStore(client, f"t{number}", streams=streams)
    raise AssertionError(name)


@cache
def _clients(url: str) -> tuple[DynamoDBClient, DynamoDBClient]:
    """One for DynamoDB and one for its streams, made once: it takes longer than most tests.

    For moto this must happen while it is active.
    """
    address = parse_address(url)
    client = open_client(address, connect_seconds=3, read_seconds=10)
    return client, open_client(address, "dynamodbstreams", connect_seconds=3, read_seconds=10)
