"""How long records are kept: nothing goes by default, old days go by the setting, and the seals still hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from backend.domain.messages import MessageStatus
from backend.domain.retention import Kept, Retention
from backend.errors import ConflictError, InvalidInputError, PermissionDeniedError
from backend.services.audit import log as audit_log
from backend.services.audit import seals
from backend.services.context import Shop
from backend.services.customer_data import retention
from backend.services.sending import ledger
from backend.store import schema
from backend.store.port import Delete, Put, Query, Update
from tests.services.test_ledger import a_message, counts
from tests.support import ADMIN, MANAGER, TestClock

KEY = b"the key of this installation 123"
EVENT = schema.event_key("AAAAAAAAAA", "old", "2026-11-26T12:00:00.000000Z", "d1")


@pytest.fixture
def old(shop: Shop, clock: TestClock) -> None:
    """A message with a report and three sealed days of the audit log, all older than a year; and younger ones."""
    ledger.request(shop, replace(a_message("old"), status=MessageStatus.SKIPPED))
    shop.store.put(Put(EVENT, {"type": "sent"}))
    for _ in range(3):
        audit_log.note(shop, ADMIN, "removed a suppression")
        clock.forward(days=1)
        seals.seal_days(shop, KEY)
    clock.forward(days=400)
    ledger.request(shop, replace(a_message("young"), status=MessageStatus.SKIPPED, requested_at=shop.clock()))
    audit_log.note(shop, ADMIN, "removed a suppression")
    clock.forward(days=1)
    seals.seal_days(shop, KEY)


def work(shop: Shop) -> None:
    while retention.work_on_retention(shop, KEY):
        pass


@pytest.mark.usefixtures("old")
def test_nothing_goes_by_default(shop: Shop) -> None:
    before = [shop.store.scan(table, limit=1000).rows for table in (schema.SHOP, schema.MAIL)]
    assert retention.preview_retention(shop, ADMIN, Retention()) == {}
    work(shop)
    assert [shop.store.scan(table, limit=1000).rows for table in (schema.SHOP, schema.MAIL)] == before


@pytest.mark.usefixtures("old")
def test_what_is_older_goes_and_what_is_counted_stays(shop: Shop) -> None:
    wanted = Retention(messages=365, events=7)
    assert retention.preview_retention(shop, ADMIN, wanted) == {Kept.MESSAGES: 1, Kept.EVENTS: 1}
    retention.change_retention(shop, ADMIN, wanted)
    counted = counts(shop)
    work(shop)
    gone, kept = (ledger.get_message(shop, f"AAAAAAAAAA-{key}") for key in ("old", "young"))
    assert (gone.to, gone.name, gone.status) == ("", "", MessageStatus.SKIPPED)
    assert kept.to == "maria@example.com"
    assert shop.store.get(EVENT) is None
    assert counts(shop) == counted
    assert ledger.request(shop, a_message("old")).duplicate
    assert retention.preview_retention(shop, ADMIN, wanted) == {Kept.MESSAGES: 0, Kept.EVENTS: 0}


@pytest.mark.usefixtures("old")
def test_the_seals_of_the_audit_log_hold_after_old_days_are_gone(shop: Shop) -> None:
    retention.change_retention(shop, ADMIN, Retention(audit=365))
    work(shop)
    found = seals.verify(shop, ADMIN, KEY)
    assert (found.entries, found.faults) == (1, [])
    removed = schema.meta_key("audit-removed")
    item = shop.store.get(removed)
    assert item is not None
    shop.store.update(Update(removed, set={"until": "2999-01-01"}))
    assert len(seals.verify(shop, ADMIN, KEY).faults) == 3  # a mark that was not signed here hides nothing
    shop.store.put(Put(removed, item))
    day = f"{shop.clock() - timedelta(days=1):%Y-%m-%d}"
    young = Query(schema.SHOP, schema.audit_partition(day[:7]), between=(day, f"{day}~"))
    for row in shop.store.query(young).rows:
        shop.store.delete(Delete(row.key))
    assert len(seals.verify(shop, ADMIN, KEY).faults) == 1


def test_only_admins_change_it_within_bounds_in_the_version_they_saw(shop: Shop) -> None:
    with pytest.raises(PermissionDeniedError):
        retention.change_retention(shop, MANAGER, Retention(messages=365))
    for wrong in (Retention(audit=30), Retention(events=31), Retention(events=0), Retention(messages=1)):
        with pytest.raises(InvalidInputError):
            retention.change_retention(shop, ADMIN, wrong)
    retention.change_retention(shop, ADMIN, Retention(messages=365))
    with pytest.raises(ConflictError):
        retention.change_retention(shop, ADMIN, Retention(messages=400))
