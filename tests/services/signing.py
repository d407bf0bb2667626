"""What the tests of signing in share."""

from __future__ import annotations

from datetime import timedelta

import bcrypt
import pytest

from backend.domain.team import Member, Role
from backend.services.context import Shop
from backend.services.team import members
from backend.services.team.sessions import SignInPolicy
from tests.support import ADMIN

POLICY = SignInPolicy(b"a key for tests that is long enough", timedelta(days=7), on_loopback=True)
PASSWORD = "nine-wooden-kettles"
OTHER_PASSWORD = "seven-copper-lanterns"
CLIENT = "192.0.2.7"


@pytest.fixture
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    hash_quickly(monkeypatch)


def hash_quickly(patch: pytest.MonkeyPatch) -> None:
    """bcrypt at its least cost, so that a test with many passwords takes no seconds."""
    real = bcrypt.gensalt
    patch.setattr(bcrypt, "gensalt", lambda rounds=12: real(4))


def add(shop: Shop, username: str = "sam", role: Role = Role.STAFF, *, password: str | None = PASSWORD) -> Member:
    """A member with an address of their own."""
    return members.add_member(
        shop,
        ADMIN,
        username=username,
        name=username.capitalize(),
        email=f"{username}@example.com",
        role=role,
        password=password,
    )
