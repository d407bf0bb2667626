"""The installation's secret, and the first admin who needs it."""

from __future__ import annotations

import stat
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import pytest
from pydantic import SecretStr

from backend.config import Settings
from backend.domain.team import Member, Role
from backend.errors import AlreadyExistsError, ConfigurationError, PermissionDeniedError
from backend.secret_file import FILE_NAME, cookie_key, derived
from backend.services.context import Shop
from backend.services.team import first_admin, members
from tests.services.signing import CLIENT, PASSWORD, POLICY, add, quick_hashes
from tests.support import ADMIN, outcomes_of

pytestmark = pytest.mark.usefixtures("quick_hashes")
__all__ = ["quick_hashes"]


def create(shop: Shop, code: str | None, username: str = "ada") -> Member:
    return first_admin.create_first_admin(
        shop,
        POLICY,
        code=code or "",
        username=username,
        name="Ada",
        email=f"{username}@example.com",
        password=PASSWORD,
        client=CLIENT,
    )


def test_the_code_creates_an_admin_once(shop: Shop) -> None:
    code = first_admin.setup_code(shop, POLICY)
    assert create(shop, code).role is Role.ADMIN
    assert first_admin.setup_code(shop, POLICY) is None
    with pytest.raises(AlreadyExistsError, match="created already"):
        create(shop, code, "eve")


def test_the_code_is_the_same_in_all_servers_and_may_be_typed_in_any_case(shop: Shop) -> None:
    code = first_admin.setup_code(shop, POLICY)
    assert code == first_admin.setup_code(shop, POLICY)
    assert create(shop, f" {str(code).lower()} ").username == "ada"


def test_a_code_that_was_used_is_worth_nothing_when_the_team_is_empty_again(shop: Shop) -> None:
    old = first_admin.setup_code(shop, POLICY)
    members.add_demo_team(shop)
    members.remove_demo_team(shop)
    assert first_admin.setup_code(shop, POLICY) not in (None, old)
    with pytest.raises(PermissionDeniedError):
        create(shop, old)


def test_a_wrong_code_is_refused_and_counted(shop: Shop) -> None:
    for _ in range(20):
        with pytest.raises(PermissionDeniedError, match="code is wrong"):
            create(shop, "AAAA-AAAA-AAAA-AAAA")
    with pytest.raises(PermissionDeniedError, match="Wait 2 seconds"):
        create(shop, first_admin.setup_code(shop, POLICY))
    assert members.team_is_empty(shop)


def test_of_two_people_with_the_code_one_becomes_the_admin(shared_shop: Shop) -> None:
    code = first_admin.setup_code(shared_shop, POLICY)
    outcomes = outcomes_of([partial(create, shared_shop, code, f"admin{number}") for number in range(6)])
    assert sum(isinstance(outcome, Member) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, AlreadyExistsError) for outcome in outcomes) == 5
    assert len(members.list_members(shared_shop, ADMIN)) == 1


def test_a_member_added_on_the_command_line_closes_the_door(shop: Shop) -> None:
    code = first_admin.setup_code(shop, POLICY)
    add(shop, "ada", Role.ADMIN)
    with pytest.raises(AlreadyExistsError):
        create(shop, code, "eve")


def test_the_key_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "new")
    key = cookie_key(settings)
    assert len(key) >= 32
    assert cookie_key(settings) == key
    assert stat.S_IMODE((tmp_path / "new" / FILE_NAME).stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "new").iterdir()] == [FILE_NAME]


def test_a_key_that_others_can_read_is_closed_again(tmp_path: Path) -> None:
    cookie_key(Settings(data_dir=tmp_path))
    (tmp_path / FILE_NAME).chmod(0o644)
    cookie_key(Settings(data_dir=tmp_path))
    assert stat.S_IMODE((tmp_path / FILE_NAME).stat().st_mode) == 0o600


def test_processes_that_start_together_end_with_one_key(tmp_path: Path) -> None:
    with ProcessPoolExecutor(4) as pool:
        keys = set(pool.map(_key_of, [tmp_path] * 12))
    assert len(keys) == 1


def _key_of(folder: Path) -> bytes:
    return cookie_key(Settings(data_dir=folder))


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    given = "k" * 40
    assert cookie_key(Settings(data_dir=tmp_path, cookie_key=SecretStr(given))) == given.encode()
    assert not list(tmp_path.iterdir())


def test_a_short_key_is_refused_without_being_shown(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="COOKIE_KEY is too short") as refused:
        cookie_key(Settings(data_dir=tmp_path, cookie_key=SecretStr("pony")))
    assert "pony" not in str(refused.value)


@pytest.mark.parametrize("content", ["", "{}", "[]", "not json"])
def test_a_damaged_file_stops_the_start_and_is_left_alone(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE_NAME).write_text(content)
    with pytest.raises(ConfigurationError, match="is damaged"):
        cookie_key(Settings(data_dir=tmp_path))
    assert (tmp_path / FILE_NAME).read_text() == content


def test_keys_for_different_purposes_differ() -> None:
    assert derived(b"key", "one") != derived(b"key", "two")
