"""A rotation of the installation's key: what the former key has made still works, and new things need the new one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from backend.config import Settings
from backend.email.links import LinkProblem, Links, Purpose, Target
from backend.errors import ConfigurationError
from backend.sealed_text import seal, unseal
from backend.secret_file import accepted, cookie_key, derived, seal_key
from backend.services.context import Shop
from backend.services.team import members, second_factor, sessions
from tests.services.signing import CLIENT, POLICY, add, quick_hashes
from tests.services.test_second_factor import code_at, turn_on
from tests.support import TestClock

__all__ = ["quick_hashes"]
OLD, NEW = "the key that was used until today", "the key that is used from today on"


def key(folder: Path, *, present: str, former: str = "") -> bytes:
    given = Settings(data_dir=folder, cookie_key=present, cookie_key_previous=former, _env_file=None)  # type: ignore[arg-type]
    return cookie_key(given)


@pytest.fixture
def keys(tmp_path: Path) -> tuple[bytes, bytes, bytes]:
    """The old key, both during the rotation, and the new one after it."""
    return key(tmp_path, present=OLD), key(tmp_path, present=NEW, former=OLD), key(tmp_path, present=NEW)


def test_each_use_of_a_key_is_rotated_with_it(keys: tuple[bytes, bytes, bytes]) -> None:
    old, both, new = keys
    assert accepted(derived(both, "links")) == [derived(new, "links"), derived(old, "links")]
    assert derived(both, "links") == derived(new, "links")
    assert accepted(derived(derived(both, "a"), "b"))[1] == derived(derived(old, "a"), "b")


def test_sessions_go_on_during_a_rotation_and_end_after_it(shop: Shop, keys: tuple[bytes, bytes, bytes]) -> None:
    old, both, new = (replace(POLICY, key=each) for each in keys)
    session = sessions.Session("sam", shop.clock())
    token = sessions.session_token(old, session)
    assert [sessions.session_of(policy, token) for policy in (old, both, new)] == [session, session, None]
    assert sessions.session_of(new, sessions.session_token(both, session)) == session


def test_links_in_emails_work_during_a_rotation(keys: tuple[bytes, bytes, bytes]) -> None:
    old, both, new = (
        Links(derived(each, "links"), "https://shop.example", lambda: datetime(2026, 12, 1, tzinfo=UTC))
        for each in keys
    )
    target = Target("C1", "M1", "d")
    token = old.url(Purpose.UNSUBSCRIBE, target).rpartition("/")[2]
    assert both.read(Purpose.UNSUBSCRIBE, token) == target
    assert new.read(Purpose.UNSUBSCRIBE, token) is LinkProblem.WRONG
    assert new.read(Purpose.UNSUBSCRIBE, both.url(Purpose.UNSUBSCRIBE, target).rpartition("/")[2]) == target


def test_sealed_texts_are_read_with_both_and_sealed_with_the_new_one(keys: tuple[bytes, bytes, bytes]) -> None:
    old, both, new = keys
    assert unseal(both, "x", seal(old, "x", "secret")) == "secret"
    assert unseal(new, "x", seal(both, "x", "secret")) == "secret"
    assert unseal(old, "x", seal(both, "x", "secret")) is None


@pytest.mark.usefixtures("quick_hashes")
def test_a_second_factor_goes_over_to_the_new_key_when_it_is_used(
    shop: Shop, clock: TestClock, keys: tuple[bytes, bytes, bytes]
) -> None:
    add(shop)
    turn_on(shop, clock, policy=replace(POLICY, key=keys[0]))
    for each in keys[1:]:
        clock.forward(seconds=60)
        assert second_factor.check(shop, replace(POLICY, key=each), "sam", code_at(shop), CLIENT) is None
    assert members.find_member(shop, "sam") is not None


def test_a_short_previous_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="COOKIE_KEY_PREVIOUS is too short"):
        key(tmp_path, present=NEW, former="short")


def test_the_file_s_key_can_be_the_new_one(tmp_path: Path) -> None:
    given = Settings(data_dir=tmp_path, cookie_key_previous=OLD, _env_file=None)  # type: ignore[arg-type]
    assert accepted(cookie_key(given))[1] == OLD.encode()
    assert len(accepted(seal_key(given))) == 2
