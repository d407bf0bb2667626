"""API keys: shown once, limited to their scopes and creator's rights, rotated with overlap, revoked at once."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from backend.domain.api_keys import ApiKey, KeyState, Scope, parts_of
from backend.domain.team import Permission
from backend.errors import ConflictError, InvalidInputError, NotFoundError, PermissionDeniedError
from backend.services.api_keys import keys
from backend.services.api_keys.authentication import NotSignedInError, OutOfScopeError, authenticated, require
from backend.services.api_keys.keys import Issued
from backend.services.context import Shop
from backend.services.team.members import names_of_actors
from backend.store import schema
from backend.store.meter import Meter
from tests.services.test_repairing import audit_entries
from tests.support import ADMIN, ENGINEER, STAFF, TestClock, opened_shop, outcomes_of


def created(shop: Shop, *scopes: Scope, **more: object) -> Issued:
    return keys.create_key(shop, ADMIN, "Online shop", scopes or (Scope.ORDERS_WRITE,), **more)


def test_the_secret_is_in_no_item_of_the_store(shop: Shop) -> None:
    issued = created(shop)
    secret = parts_of(issued.text)[1]
    rows = shop.store.scan(schema.SHOP).rows
    assert len(secret) >= 43
    assert any(row.key == schema.api_key_key(issued.key.prefix) for row in rows)
    assert not any(secret in repr(row) for row in rows)


def test_a_key_is_recognised_and_acts_with_the_permissions_of_its_scopes(shop: Shop) -> None:
    issued = created(shop, Scope.ORDERS_WRITE, Scope.CUSTOMERS_READ)
    actor = authenticated(shop, issued.text).actor
    assert actor.may(Permission.REFUND_ORDERS)
    assert not actor.may(Permission.EDIT_CUSTOMERS)
    assert names_of_actors(shop)[actor.username] == "API key Online shop"


@pytest.mark.parametrize("damaged", ["", "tp_", "x", "tp_0000000000_x", "tp_é_x", "tp_A_B_C", "\udcff" * 9])
def test_texts_that_are_no_key_get_one_answer(shop: Shop, damaged: str) -> None:
    created(shop)
    with pytest.raises(NotSignedInError, match="does not work"):
        authenticated(shop, damaged)


def test_unknown_wrong_expired_and_revoked_keys_get_the_same_answer(shop: Shop, clock: TestClock) -> None:
    issued = created(shop, expires_at=clock() + timedelta(days=1))
    prefix = issued.key.prefix
    said = set()
    revoked = created(shop)
    keys.revoke_key(shop, ADMIN, revoked.key.prefix)
    for text in (f"tp_{prefix}_wrong", issued.text.replace(prefix, "ZZZZZZZZZZ"), revoked.text):
        with pytest.raises(NotSignedInError) as caught:
            authenticated(shop, text)
        said.add(caught.value.sentence)
    clock.forward(days=1)
    with pytest.raises(NotSignedInError) as caught:
        authenticated(shop, issued.text)
    assert said == {caught.value.sentence}


def test_an_unknown_key_takes_the_same_steps_as_a_wrong_one(clock: TestClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """So how long the answer takes does not tell which prefixes exist."""
    hashed: list[str] = []
    monkeypatch.setattr("backend.services.api_keys.authentication.is_right", lambda secret, _: hashed.append(secret))
    meter = Meter()
    with opened_shop(clock=clock, meter=meter) as shop:
        prefix = created(shop).key.prefix
        costs = []
        for text in (f"tp_{prefix}_wrong", "tp_ZZZZZZZZZZ_wrong", "no key at all"):
            meter.reset()
            with pytest.raises(NotSignedInError):
                authenticated(shop, text)
            costs.append([used.requests for used in meter.usage().values()])
    assert costs == [[1], [1], [1]]
    assert hashed == ["wrong", "wrong", ""]


def test_a_write_scope_includes_reading_and_nothing_of_other_resources(shop: Shop) -> None:
    key = created(shop, Scope.ORDERS_WRITE).key.caller
    require(key, Scope.ORDERS_READ)
    for scope in (Scope.CUSTOMERS_READ, Scope.SUPPRESSIONS_WRITE):
        with pytest.raises(OutOfScopeError, match=scope):
            require(key, scope)
    with pytest.raises(OutOfScopeError):
        require(created(shop, Scope.ORDERS_READ).key.caller, Scope.ORDERS_WRITE)


def test_nobody_gives_a_key_more_than_they_may_do(shop: Shop) -> None:
    strong = created(shop, Scope.CUSTOMERS_WRITE)
    with pytest.raises(PermissionDeniedError, match="customers:write"):
        keys.create_key(shop, ENGINEER, "Mine", [Scope.CUSTOMERS_WRITE])
    with pytest.raises(PermissionDeniedError, match="customers:write"):
        keys.rotate_key(shop, ENGINEER, strong.key.prefix)
    with pytest.raises(PermissionDeniedError, match="manage API keys"):
        keys.create_key(shop, STAFF, "Mine", [Scope.ORDERS_READ])
    with pytest.raises(PermissionDeniedError, match="manage API keys"):
        keys.create_key(shop, strong.key.actor, "Child", [Scope.CUSTOMERS_READ])
    assert keys.create_key(shop, ENGINEER, "Mine", [Scope.STATISTICS_READ]).key.created_by == "eli"


def test_rotation_lets_both_keys_work_for_the_overlap(shop: Shop, clock: TestClock) -> None:
    old = created(shop, expires_at=clock() + timedelta(days=10))
    clock.forward(days=4)
    new = keys.rotate_key(shop, ADMIN, old.key.shown, overlap=timedelta(hours=2))
    assert (new.key.scopes, new.key.family) == (old.key.scopes, old.key.family)
    assert new.key.expires_at == clock() + timedelta(days=10)
    assert authenticated(shop, old.text).replaced_by == new.key.prefix
    clock.forward(hours=2)
    assert authenticated(shop, new.text).prefix == new.key.prefix
    with pytest.raises(NotSignedInError):
        authenticated(shop, old.text)
    with pytest.raises(ConflictError, match="cannot be rotated"):
        keys.rotate_key(shop, ADMIN, old.key.prefix)


def test_of_two_rotations_at_once_one_wins(shared_shop: Shop) -> None:
    old = created(shared_shop)
    found = outcomes_of([lambda: keys.rotate_key(shared_shop, ADMIN, old.key.prefix)] * 2)
    assert [type(each) for each in sorted(found, key=lambda each: isinstance(each, Issued))] == [ConflictError, Issued]
    assert len(keys.list_keys(shared_shop, ADMIN)) == 2


def test_the_last_use_is_written_once_a_minute(shop: Shop, clock: TestClock) -> None:
    issued = created(shop)
    moments = []
    for _ in range(4):
        authenticated(shop, issued.text)
        moments.append(last_use(shop, issued.key))
        clock.forward(seconds=30)
    assert [(moment - moments[0]).total_seconds() for moment in moments] == [0, 0, 60, 60]


def last_use(shop: Shop, key: ApiKey) -> datetime:
    found = keys.get_key(shop, ADMIN, key.prefix).last_used_at
    assert found is not None
    return found


def test_what_happens_to_keys_is_in_the_audit_log_without_the_secret(shop: Shop, clock: TestClock) -> None:
    issued = created(shop)
    clock.forward(seconds=1)
    keys.rotate_key(shop, ADMIN, issued.key.prefix)
    clock.forward(seconds=1)
    keys.revoke_key(shop, ADMIN, issued.key.prefix)
    keys.revoke_key(shop, ADMIN, issued.key.prefix)
    told = [(entry.action, entry.target) for entry in audit_entries(shop)]
    target = f"api-key:{issued.key.prefix}"
    actions = ("created an API key", "rotated an API key", "revoked an API key")
    assert told == [(action, target) for action in actions]
    assert parts_of(issued.text)[1] not in repr(audit_entries(shop))


def test_keys_that_make_no_sense_are_refused(shop: Shop, clock: TestClock) -> None:
    with pytest.raises(InvalidInputError, match="at least one scope"):
        keys.create_key(shop, ADMIN, "Nothing", [])
    with pytest.raises(InvalidInputError, match="Name"):
        keys.create_key(shop, ADMIN, " ", [Scope.ORDERS_READ])
    for moment in (clock(), clock() + timedelta(days=800)):
        with pytest.raises(InvalidInputError, match="within two years"):
            created(shop, expires_at=moment)
    with pytest.raises(NotFoundError):
        keys.revoke_key(shop, ADMIN, "tp_NOSUCHKEY")


def test_the_number_of_active_keys_is_limited(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "MOST_ACTIVE", 2)
    first = created(shop)
    created(shop)
    with pytest.raises(InvalidInputError, match="Revoke one first"):
        created(shop)
    keys.revoke_key(shop, ADMIN, first.key.prefix)
    assert created(shop).key.state(shop.clock()) is KeyState.ACTIVE
