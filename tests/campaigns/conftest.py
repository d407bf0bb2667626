"""A shop in memory, its clock, and a desk from which campaigns are planned and sent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.services.context import Shop
from tests.campaigns.support import Desk, prepare_shop
from tests.support import TestClock, opened_shop


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture
def shop(clock: TestClock, tmp_path: Path) -> Iterator[Shop]:
    with opened_shop(clock=clock, data_dir=tmp_path) as shop:
        prepare_shop(shop)
        yield shop


@pytest.fixture
def desk(shop: Shop) -> Desk:
    return Desk(shop)
