"""Seals of the audit log: what is changed, removed or added later is noticed, and an erasure of texts is no change."""

from __future__ import annotations

import pytest

from backend.domain.team import COMMAND_LINE
from backend.errors import PermissionDeniedError
from backend.records.system import audit_from, without_texts
from backend.secret_file import RotatedKey
from backend.services.audit import log as audit_log
from backend.services.audit import seals
from backend.services.context import Shop
from backend.store import schema
from backend.store.port import Delete, Put, Query, Row, Update
from tests.support import ADMIN, MANAGER, STAFF, TestClock, outcomes_of

KEY, OTHER = b"the key of this installation 123", b"another key of the same length 1"


@pytest.fixture
def sealed(shop: Shop, clock: TestClock) -> None:
    """Three sealed days with three entries each."""
    for _ in range(3):
        for number in range(3):
            audit_log.note(shop, ADMIN, "removed a suppression", f"suppression:{number}", "at their request")
            clock.forward(minutes=1)
        clock.forward(days=1)
        seals.seal_days(shop, KEY)


def faults(shop: Shop, key: bytes = KEY, *, since: str = "") -> list[str]:
    return seals.verify(shop, MANAGER, key, since=since).faults


def rows(shop: Shop, day: str) -> list[Row]:
    query = Query(schema.SHOP, schema.audit_partition(day[:7]), between=(day, f"{day}~"))
    return list(shop.store.query(query).rows)


@pytest.mark.usefixtures("sealed")
def test_what_nobody_touched_is_as_it_was_sealed(shop: Shop) -> None:
    found = seals.verify(shop, COMMAND_LINE, KEY)
    assert (found.entries, found.faults) == (9, [])
    assert found.since < found.until


def test_entries_from_before_the_first_seal_are_not_covered(shop: Shop, clock: TestClock) -> None:
    audit_log.note(shop, ADMIN, "removed a suppression")
    assert seals.verify(shop, ADMIN, KEY) == seals.Verification()
    clock.forward(days=40)
    assert seals.seal_days(shop, KEY) == 1
    assert seals.verify(shop, ADMIN, KEY).entries == 0
    clock.forward(days=5)
    assert seals.seal_days(shop, KEY) == 5  # a worker that was away for days
    assert seals.seal_days(shop, KEY) == 0


@pytest.mark.usefixtures("sealed")
def test_a_changed_a_missing_and_a_later_entry_are_noticed_with_their_day(shop: Shop) -> None:
    days = [row.key.sk for row in shop.store.query(Query(schema.SHOP, schema.AUDIT_SEALS)).rows]
    shop.store.update(Update(rows(shop, days[0])[1].key, set={"actor": "somebody-else"}))
    shop.store.delete(Delete(rows(shop, days[1])[0].key))
    shop.store.put(Put(schema.audit_key(f"{days[2]}T23:00:00.000000Z", "X"), rows(shop, days[2])[0].item))
    assert faults(shop) == [
        f"{days[0]}: an entry was changed.",
        f"{days[1]}: 1 of 3 entries are missing.",
        f"{days[2]}: 1 entries were added after the day was sealed.",
    ]
    assert faults(shop, since=days[2]) == faults(shop)[2:]


@pytest.mark.usefixtures("sealed")
def test_a_seal_that_is_made_again_after_a_change_needs_the_key(shop: Shop, clock: TestClock) -> None:
    last = shop.store.query(Query(schema.SHOP, schema.AUDIT_SEALS, descending=True, limit=1)).rows[0]
    shop.store.delete(Delete(rows(shop, last.key.sk)[0].key))
    shop.store.delete(Delete(last.key))
    seals.seal_days(shop, OTHER)
    assert faults(shop)[-1] == f"The seals from {last.key.sk} on are signed with a key that is not known here."
    clock.forward(days=1)
    seals.seal_days(shop, KEY)  # does not sign for what somebody else has made
    assert any("does not follow" in fault for fault in faults(shop))


@pytest.mark.usefixtures("sealed")
def test_seals_that_were_removed_or_changed_are_noticed(shop: Shop) -> None:
    first, second, third = (row.key for row in shop.store.query(Query(schema.SHOP, schema.AUDIT_SEALS)).rows)
    shop.store.update(Update(third, set={"count": 2}))
    assert faults(shop)[0] == f"The seal of {third.sk} was changed."
    shop.store.delete(Delete(second))
    assert faults(shop)[0] == f"The seals between {first.sk} and {third.sk} are missing."


@pytest.mark.usefixtures("sealed")
def test_an_erasure_of_texts_leaves_the_entry_as_it_was_sealed(shop: Shop) -> None:
    day = seals.verify(shop, ADMIN, KEY).until
    row = rows(shop, day)[0]
    shop.store.put(Put(row.key, without_texts(row, "target", "detail")))
    (changed, *_) = rows(shop, day)
    assert "at their request" not in str(changed.item)
    assert (audit_from(changed).action, audit_from(changed).target) == ("removed a suppression", "")
    assert faults(shop) == []


@pytest.mark.usefixtures("sealed")
def test_the_chain_goes_on_through_a_rotation(shop: Shop, clock: TestClock) -> None:
    clock.forward(days=1)
    seals.seal_days(shop, RotatedKey(OTHER, KEY))
    assert faults(shop, RotatedKey(OTHER, KEY)) == []
    assert faults(shop, OTHER) == []  # the newest signature holds for all before it
    assert len(faults(shop, KEY)) == 1


def test_many_workers_at_once_write_one_chain(shared_shop: Shop) -> None:
    audit_log.note(shared_shop, ADMIN, "removed a suppression")
    outcomes = outcomes_of([lambda: seals.seal_days(shared_shop, KEY)] * 4)
    assert sorted(outcomes, key=str) == [0, 0, 0, 1]
    assert faults(shared_shop) == []


def test_who_may_not_see_the_audit_log_cannot_check_it(shop: Shop) -> None:
    with pytest.raises(PermissionDeniedError):
        seals.verify(shop, STAFF, KEY)
