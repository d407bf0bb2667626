"""`shop` is empty and lives in memory; snapshots of it lie in the test's folder."""

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
