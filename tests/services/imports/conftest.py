"""The real export that the figures of the tests come from."""

from __future__ import annotations

from pathlib import Path

import pytest

from backend.services.imports import batches

_REAL_FILE = Path(__file__).parents[4] / "shared" / "data" / "superstore_orders.csv"


@pytest.fixture(scope="session")
def real_file() -> Path:
    """Four years of a real shop's orders as Shopify would export them."""
    if not _REAL_FILE.exists():
        pytest.skip("the real order export (../shared/data/superstore_orders.csv) is not here")
    return _REAL_FILE


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small file then has several steps."""
    monkeypatch.setattr(batches, "SIZE", 200)
