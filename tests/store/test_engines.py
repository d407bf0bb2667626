"""No engine is left out silently."""

from __future__ import annotations

import pytest

from tests import engines


def test_an_engine_that_is_not_installed_is_skipped_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REQUIRE_ENGINES", raising=False)
    with pytest.raises(pytest.skip.Exception, match="postgres is not tested: it is not there"):
        engines.unavailable("postgres", "it is not there")


def test_an_engine_that_is_required_fails_the_run_instead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUIRE_ENGINES", "all")
    with pytest.raises(pytest.fail.Exception, match="postgres is not tested: it is not there"):
        engines.unavailable("postgres", "it is not there")
