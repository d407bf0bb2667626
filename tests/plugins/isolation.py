"""Keeps tests away from the settings and the data of whoever runs them, and from what other tests leave behind."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.config import Settings


@pytest.fixture(scope="session", autouse=True)
def settings_of_nobody(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """No `.env`, no setting from the environment, and a data folder that is thrown away; gives that folder."""
    folder = tmp_path_factory.mktemp("var")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(Settings.model_config, "env_file", None)
        for name in os.environ.keys() & {name.upper() for name in Settings.model_fields}:
            patch.delenv(name)
        patch.setenv("STORE_URL", "sqlite://")
        patch.setenv("DATA_DIR", str(folder))
        yield folder


@pytest.fixture(autouse=True)
def the_main_module_stays() -> Iterator[None]:
    """Streamlit's script runner puts the page in the place of `__main__`; processes that tests spawn would run it."""
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main
