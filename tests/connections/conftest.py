"""`shop` is empty and lives in memory; `shared_shop` lives in a file, for tests with several threads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.services.context import Shop
from tests.support import TestClock, opened_shop


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture
def shop(clock: TestClock, tmp_path: Path) -> Iterator[Shop]:
    with opened_shop(clock=clock, data_dir=tmp_path) as shop:
        yield shop


@pytest.fixture
def shared_shop(clock: TestClock, tmp_path: Path) -> Iterator[Shop]:
    with opened_shop(f"sqlite:///{tmp_path}/tillpost.db", clock=clock, data_dir=tmp_path) as shop:
        yield shop
