"""The dashboard on an empty store of its own; `dashboard.open("orders.py", Role.STAFF)` runs a page as somebody."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import streamlit as st
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import app_test

from backend import logs
from tests.pages.dashboard import Dashboard


@pytest.fixture(scope="session", autouse=True)
def no_folder_stays() -> Iterator[None]:
    """AppTest makes a folder when it is imported, and leaves it to the end of the process, which warns of it."""
    yield
    app_test.TMP_DIR.cleanup()


@pytest.fixture(scope="session", autouse=True)
def components_are_looked_for_once() -> Iterator[None]:
    """Each run of AppTest otherwise reads the files of all installed packages, which takes longer than the page."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", cache(manifest_scanner.scan_component_manifests))
        yield


@pytest.fixture
def dashboard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Dashboard]:
    monkeypatch.setenv("STORE_URL", f"sqlite:///{tmp_path}/tillpost.db")
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setattr(logs, "is_configured", lambda: True)  # the main script leaves the logs of the tests alone
    st.cache_resource.clear()
    st.cache_data.clear()
    opened = Dashboard()
    yield opened
    opened.close()
    st.cache_resource.clear()
    st.cache_data.clear()
