"""The installation's one secret: the key that signs sign-in cookies. Made on the first start, kept out of the store."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import secrets
import tempfile
from pathlib import Path
from typing import Self

import orjson

from backend.config import Settings
from backend.errors import ConfigurationError

FILE_NAME = "secrets.json"
_SHORTEST = 32


def cookie_key(settings: Settings) -> bytes:
    """The key from COOKIE_KEY, or from `secrets.json` in the data folder, which is made when it is missing.

    Processes that start together end with the same key. With COOKIE_KEY_PREVIOUS it is a `RotatedKey`.

    Raises: `ConfigurationError` when the key is too short or the file cannot be read or written.
    """
    former = settings.cookie_key_previous.get_secret_value()
    present = _present_key(settings)
    return RotatedKey(present, _long_enough(former, "COOKIE_KEY_PREVIOUS")) if former else present


def _present_key(settings: Settings) -> bytes:
    given = settings.cookie_key.get_secret_value()
    if given:
        return _long_enough(given, "COOKIE_KEY")
    path = settings.data_dir / FILE_NAME
    try:
        with contextlib.suppress(FileExistsError):
            if not path.exists():
                _create(path)
        return _read(path)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read or written: {error.strerror}.") from error


def seal_key(settings: Settings) -> bytes:
    """The key with which the seals of the audit log are signed. Raises: as `cookie_key`."""
    return derived(cookie_key(settings), "seals of the audit log")


class RotatedKey(bytes):
    """The present key, with the one before it (`former`): what that one has made is still accepted."""

    former: bytes

    def __new__(cls, key: bytes, former: bytes) -> Self:
        made = super().__new__(cls, key)
        made.former = former
        return made


def accepted(key: bytes) -> list[bytes]:
    """The keys with which something may have been made that is still valid, the present one first."""
    return [bytes(key), key.former] if isinstance(key, RotatedKey) else [key]


def derived(key: bytes, purpose: str) -> bytes:
    """32 bytes that belong to one purpose, so that no two uses share a key; rotated as `key` is."""
    present, *former = (hmac.digest(each, purpose.encode(), hashlib.sha256) for each in accepted(key))
    return RotatedKey(present, former[0]) if former else present


def _create(path: Path) -> None:
    """Writes the whole file aside and links it into place, which fails when somebody else was faster."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, aside = tempfile.mkstemp(dir=path.parent, prefix=".secrets-")  # mkstemp makes it 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(orjson.dumps({"cookie_key": secrets.token_urlsafe(48)}))
            file.flush()
            os.fsync(file.fileno())
        os.link(aside, path)
    finally:
        Path(aside).unlink()


def _read(path: Path) -> bytes:
    if path.stat().st_mode & 0o077:
        path.chmod(0o600)
    try:
        content = orjson.loads(path.read_bytes())
        text = str(content["cookie_key"])
    except (ValueError, KeyError, TypeError):
        raise ConfigurationError(
            f"{path} is damaged. Delete it to end all sessions and start with a new one."
        ) from None
    return _long_enough(text, f"The key in {path}")


def _long_enough(text: str, label: str) -> bytes:
    if len(text) < _SHORTEST:
        raise ConfigurationError(f"{label} is too short: {_SHORTEST} characters at least.")
    return text.encode()
