"""Statistics are not repaired while a campaign runs: who takes over after a crash counts what was sent before."""

from __future__ import annotations

import pytest

from backend.errors import StoreUnreachableError
from backend.services.reconcile.findings import Reconciliation
from backend.services.reconcile.messages import reconcile_mail
from backend.services.sending import chunks
from backend.store import schema
from backend.store.port import Plus, Update
from tests.campaigns.support import Desk
from tests.support import TestClock


def reconciled(desk: Desk, *, fix: bool) -> Reconciliation:
    found = Reconciliation()
    reconcile_mail(desk.shop, found, fix=fix, pause=lambda seconds: None)
    return found


def crash(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Emails go out and are recorded; what would count them does not happen."""

    def die(*_: object, **__: object) -> None:
        raise StoreUnreachableError("The process ended here.")

    with monkeypatch.context() as patched:
        patched.setattr(chunks, "save", die)
        with pytest.raises(StoreUnreachableError):
            desk.send()


def test_what_a_crash_left_uncounted_is_counted_once(
    desk: Desk, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.people(6)
    campaign = desk.started()
    crash(desk, monkeypatch)
    assert sum(desk.submitted.values()) == 6
    meanwhile = reconciled(desk, fix=True)
    assert (meanwhile.drift, meanwhile.unsettled) == ([], 1)
    clock.forward(minutes=10)
    desk.work = type(desk.work)()
    desk.finished(campaign)
    assert sum(desk.submitted.values()) == 6
    after = reconciled(desk, fix=False)
    assert (after.drift, after.unsettled) == ([], 0)


def test_a_finished_campaign_hides_nothing(desk: Desk) -> None:
    desk.people(2)
    campaign = desk.finished(desk.started())
    (message, _) = desk.messages(campaign)
    desk.shop.store.update(Update(schema.hours_key(message.hour, message.template, message.id), add={"sent": Plus(5)}))
    assert reconciled(desk, fix=True).drift
    assert reconciled(desk, fix=False).drift == []
