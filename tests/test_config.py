"""The settings: read from the environment and `.env`, and refused with a sentence that names what is wrong."""

from __future__ import annotations

import pprint
from pathlib import Path

import pytest

from backend.config import Settings, load_settings
from backend.errors import ConfigurationError


@pytest.fixture
def env(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The path of a `.env` that `load_settings` reads; nothing is there yet."""
    path = tmp_path / ".env"
    monkeypatch.setitem(Settings.model_config, "env_file", path)
    return path


def test_without_a_file_the_defaults_hold(env: Path) -> None:
    assert load_settings().port == 8501


def test_the_file_is_read_and_the_environment_wins(env: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    env.write_text("SHOP_NAME='Grüner Laden'\nPORT=9000\n", encoding="utf-8")
    monkeypatch.setenv("PORT", "9001")
    settings = load_settings()
    assert (settings.shop_name, settings.port) == ("Grüner Laden", 9001)


def test_lines_that_say_nothing_are_passed_over(env: Path) -> None:
    env.write_text('export PORT=9000\n===\nno setting at all\nSHOP_NAME="open')
    assert load_settings().port == 9000


def test_a_file_that_is_no_text_is_refused_with_a_sentence(env: Path) -> None:
    env.write_bytes(b"\xff\xfe\x00P\x00O\x00R\x00T")
    with pytest.raises(ConfigurationError, match="UTF-8"):
        load_settings()


@pytest.mark.parametrize(
    ("line", "setting"),
    [
        ("PORT=web", "PORT"),
        ("PORT=99999", "PORT"),
        ("SHOP_TIMEZONE=Mars/Olympus", "SHOP_TIMEZONE"),
        ("SHOP_CURRENCY=XQQ", "SHOP_CURRENCY"),
        ("SHOP_LOCALE=klingon", "SHOP_LOCALE"),
        ("SESSION_DAYS=0", "SESSION_DAYS"),
        ("LOG_LEVEL=LOUD", "LOG_LEVEL"),
        ("TRUSTED_PROXIES=everybody", "TRUSTED_PROXIES"),
    ],
)
def test_a_wrong_setting_is_named(env: Path, line: str, setting: str) -> None:
    env.write_text(line)
    with pytest.raises(ConfigurationError, match=setting):
        load_settings()


def test_a_secret_is_in_no_message_and_in_no_text_of_the_settings(env: Path) -> None:
    env.write_text("OIDC_CLIENT_SECRET=hunter2-hunter2\nCOOKIE_KEY=hunter2-hunter2\nPORT=web")
    with pytest.raises(ConfigurationError) as caught:
        load_settings()
    env.write_text("OIDC_CLIENT_SECRET=hunter2-hunter2\nCOOKIE_KEY=hunter2-hunter2")
    assert "hunter2" not in f"{caught.value} {load_settings()!r}"


def test_the_address_of_the_store_may_hold_a_password_and_is_in_no_text_of_the_settings() -> None:
    settings = load_settings(store_url="postgresql+psycopg://tillpost:hunter2@db.example.com/shop")
    assert settings.store_url.endswith("/shop")
    for text in (repr(settings), str(settings), f"{settings}", pprint.pformat(settings)):
        assert "hunter2" not in text
        assert "db.example.com" not in text
