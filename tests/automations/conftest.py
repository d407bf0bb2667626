"""`shop` is empty and lives in memory; its clock is `clock`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.services.context import Shop
from backend.services.sending.mailer import Mailer
from tests.services.test_mailing import mailer_on
from tests.support import TestClock, opened_shop


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture
def shop(clock: TestClock, tmp_path: Path) -> Iterator[Shop]:
    with opened_shop(clock=clock, data_dir=tmp_path) as shop:
        yield shop


@pytest.fixture
def mailer(shop: Shop) -> Mailer:
    return mailer_on(shop)
