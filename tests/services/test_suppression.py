"""The suppression list: who is on it, why, for which mail, and what is remembered of who was."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest

from backend.domain.emails import Kind
from backend.domain.suppression import SuppressionChange, SuppressionReason
from backend.domain.team import Actor
from backend.errors import InvalidInputError, NotFoundError, PermissionDeniedError
from backend.services.audit import log as audit_log
from backend.services.context import Shop
from backend.services.suppression.entries import (
    Added,
    add_suppression,
    find_suppression,
    lift_unsubscribe,
    list_suppressions,
    suppress,
    suppressed,
    suppression_history,
    unsuppress,
)
from backend.store import schema
from backend.store.meter import Meter
from tests.support import ADMIN, ENGINEER, MANAGER, NOW, STAFF, TestClock, opened_shop, outcomes_of

MARIA = "maria@example.com"
COMPLAINT, BOUNCE = SuppressionReason.COMPLAINT, SuppressionReason.HARD_BOUNCE
MANUAL, UNSUBSCRIBED = SuppressionReason.MANUAL, SuppressionReason.UNSUBSCRIBED


def reasons(shop: Shop, address: str = MARIA) -> list[SuppressionReason]:
    entry = find_suppression(shop, address)
    return [cause.reason for cause in entry.causes] if entry else []


def test_an_entry_says_why_since_when_and_by_whom(shop: Shop) -> None:
    added = suppress(shop, STAFF, "Maria@Example.com", note="asked on the phone")
    assert added.changed
    entry = find_suppression(shop, MARIA)
    assert entry == added.entry
    assert (entry.address, entry.reason, entry.at) == ("Maria@example.com", MANUAL, NOW)
    (cause,) = entry.causes
    assert (cause.source, cause.by, cause.note) == ("staff", "sam", "asked on the phone")


def test_an_address_is_found_in_any_spelling(shop: Shop) -> None:
    add_suppression(shop, "Jane@Bücher.example", BOUNCE, source="event")
    for spelling in (
        "jane@bücher.example",
        "JANE@BÜCHER.EXAMPLE",
        "jane@xn--bcher-kva.example",
        " jane@bücher.example ",
    ):
        assert reasons(shop, spelling) == [BOUNCE], spelling
    assert reasons(shop, "june@bücher.example") == []


def test_an_unsubscribed_address_still_gets_transactional_mail(shop: Shop) -> None:
    entry = add_suppression(shop, MARIA, UNSUBSCRIBED, source="link").entry
    assert (entry.holds_for(Kind.MARKETING), entry.holds_for(Kind.TRANSACTIONAL)) == (True, False)


@pytest.mark.parametrize("reason", [COMPLAINT, BOUNCE, MANUAL])
def test_other_reasons_stop_all_mail(shop: Shop, reason: SuppressionReason) -> None:
    entry = add_suppression(shop, MARIA, reason, source="event").entry
    assert (entry.holds_for(Kind.MARKETING), entry.holds_for(Kind.TRANSACTIONAL)) == (True, True)


def test_adding_the_same_reason_again_changes_nothing(shop: Shop, clock: TestClock) -> None:
    first = add_suppression(shop, MARIA, BOUNCE, source="event", note="first")
    clock.forward(days=1)
    second = add_suppression(shop, MARIA, BOUNCE, source="import", note="second")
    assert second == Added(first.entry, changed=False)
    assert len(suppression_history(shop, MARIA)) == 1


def test_a_weaker_reason_never_replaces_a_stronger_one(shop: Shop, clock: TestClock) -> None:
    for reason in (BOUNCE, UNSUBSCRIBED, COMPLAINT, MANUAL):
        add_suppression(shop, MARIA, reason, source="event")
        clock.forward(minutes=1)
    assert reasons(shop) == [COMPLAINT, BOUNCE, MANUAL, UNSUBSCRIBED]
    entry = find_suppression(shop, MARIA)
    assert entry is not None
    assert (entry.reason, entry.at) == (COMPLAINT, NOW + timedelta(minutes=2))


def test_taking_one_reason_away_leaves_the_others(shop: Shop) -> None:
    add_suppression(shop, MARIA, UNSUBSCRIBED, source="link")
    add_suppression(shop, MARIA, BOUNCE, source="event")
    left = unsuppress(shop, STAFF, MARIA, why="mailbox works again", reason=BOUNCE)
    assert left is not None
    assert left.reason is UNSUBSCRIBED
    assert reasons(shop) == [UNSUBSCRIBED]


def test_a_removed_address_stays_known_by_its_history(shop: Shop, clock: TestClock) -> None:
    suppress(shop, STAFF, MARIA, note="wrong person")
    clock.forward(hours=1)
    add_suppression(shop, MARIA, UNSUBSCRIBED, source="link")
    clock.forward(hours=1)
    assert unsuppress(shop, ADMIN, MARIA, why="right person after all") is None
    assert find_suppression(shop, MARIA) is None
    assert suppressed(shop, [MARIA]) == {}
    newest, _, oldest = suppression_history(shop, MARIA)
    assert (newest.change, newest.reasons) == (SuppressionChange.REMOVED, (MANUAL, UNSUBSCRIBED))
    assert (newest.at, newest.by, newest.note) == (NOW + timedelta(hours=2), "ada", "right person after all")
    assert (oldest.change, oldest.reasons, oldest.by) == (SuppressionChange.ADDED, (MANUAL,), "sam")


def test_the_history_holds_no_address(shop: Shop) -> None:
    suppress(shop, STAFF, MARIA)
    unsuppress(shop, STAFF, MARIA, why="gone")
    rows = shop.store.scan(schema.MAIL).rows
    assert len(rows) == 2
    assert "maria" not in str(rows)


def test_removing_needs_a_reason_and_something_to_remove(shop: Shop) -> None:
    with pytest.raises(NotFoundError):
        unsuppress(shop, STAFF, MARIA, why="because")
    suppress(shop, STAFF, MARIA)
    with pytest.raises(InvalidInputError):
        unsuppress(shop, STAFF, MARIA, why=" ")
    with pytest.raises(NotFoundError):
        unsuppress(shop, STAFF, MARIA, why="because", reason=COMPLAINT)
    assert reasons(shop) == [MANUAL]


def test_subscribing_again_lifts_the_unsubscription_and_nothing_else(shop: Shop, clock: TestClock) -> None:
    lift_unsubscribe(shop, MARIA, source="link")
    add_suppression(shop, MARIA, UNSUBSCRIBED, source="link")
    add_suppression(shop, MARIA, COMPLAINT, source="event")
    clock.forward(hours=1)
    lift_unsubscribe(shop, MARIA, source="link of AAAAAAAAAA-news")
    lift_unsubscribe(shop, MARIA, source="link of AAAAAAAAAA-news")
    lift_unsubscribe(shop, "", source="link")
    assert reasons(shop) == [COMPLAINT]
    assert suppression_history(shop, MARIA)[0].source == "link of AAAAAAAAAA-news"


@pytest.mark.parametrize("address", ["", "maria", "a@b.example, c@d.example", "a\n@b.example"])
def test_what_is_no_address_is_refused(shop: Shop, address: str) -> None:
    with pytest.raises(InvalidInputError):
        suppress(shop, STAFF, address)


def test_managers_look_and_others_change(shop: Shop) -> None:
    with pytest.raises(PermissionDeniedError):
        suppress(shop, MANAGER, MARIA)
    for actor in (STAFF, ENGINEER, ADMIN):
        suppress(shop, actor, f"{actor.username}@example.com")
    with pytest.raises(PermissionDeniedError):
        unsuppress(shop, MANAGER, "sam@example.com", why="because")
    assert len(list_suppressions(shop, MANAGER).entries) == 3


# --- many --------------------------------------------------------------------------------------------------------


def test_a_batch_is_looked_up_at_once() -> None:
    meter = Meter()
    with opened_shop(meter=meter) as shop:
        for number in range(0, 300, 3):
            add_suppression(shop, f"c{number}@example.com", BOUNCE, source="event")
        meter.reset()
        found = suppressed(shop, [f"C{number}@example.com" for number in range(300)])
        assert sorted(found) == sorted(f"c{number}@example.com" for number in range(0, 300, 3))
        assert meter.usage()["look up suppressions"].requests == 1


def test_the_list_goes_from_the_newest_to_the_oldest_by_pages(shop: Shop, clock: TestClock) -> None:
    expected: list[str] = []
    for number in range(23):
        address = f"c{number}@example.com"
        add_suppression(shop, address, list(SuppressionReason)[number % 4], source="event")
        expected.insert(0, address)
        clock.forward(seconds=number % 2)
    seen: list[str] = []
    cursor: str | None = None
    pages = 0
    while pages == 0 or cursor is not None:
        page = list_suppressions(shop, STAFF, limit=5, cursor=cursor)
        seen += [entry.address for entry in page.entries]
        cursor, pages = page.cursor, pages + 1
    assert pages == 5
    assert sorted(seen) == sorted(expected)
    assert [find_suppression(shop, address).at for address in seen] == sorted(  # type: ignore[union-attr]
        (find_suppression(shop, address).at for address in seen),  # type: ignore[union-attr]
        reverse=True,
    )


def test_the_list_shows_one_reason_when_asked(shop: Shop) -> None:
    add_suppression(shop, "a@example.com", BOUNCE, source="event")
    add_suppression(shop, "b@example.com", COMPLAINT, source="event")
    add_suppression(shop, "b@example.com", BOUNCE, source="event")
    page = list_suppressions(shop, STAFF, reason=BOUNCE)
    assert [entry.address for entry in page.entries] == ["a@example.com"]


def test_a_cursor_of_another_list_is_refused(shop: Shop) -> None:
    with pytest.raises(InvalidInputError):
        list_suppressions(shop, STAFF, cursor="nonsense")


# --- at once -----------------------------------------------------------------------------------------------------


def test_all_reasons_that_come_at_the_same_moment_are_kept(shared_shop: Shop) -> None:
    calls = [partial(add_suppression, shared_shop, MARIA, reason, source="event") for reason in SuppressionReason] * 2
    outcomes = outcomes_of(calls)
    assert sorted(outcome.changed for outcome in outcomes if isinstance(outcome, Added)) == [False] * 4 + [True] * 4
    assert reasons(shared_shop) == list(SuppressionReason)
    assert len(suppression_history(shared_shop, MARIA)) == 4


def _churn(shop: Shop, actor: Actor) -> None:
    for _ in range(5):
        suppress(shop, actor, MARIA)
        try:
            unsuppress(shop, actor, MARIA, why="again")
        except NotFoundError:
            continue


def test_adding_and_removing_at_once_leaves_a_history_that_adds_up(shared_shop: Shop) -> None:
    outcomes = outcomes_of([partial(_churn, shared_shop, actor) for actor in (STAFF, ENGINEER, ADMIN)])
    assert outcomes == [None] * 3
    history = suppression_history(shared_shop, MARIA)
    added = sum(event.change is SuppressionChange.ADDED for event in history)
    assert added - (len(history) - added) == len(reasons(shared_shop))


def test_who_changed_the_list_is_in_the_audit_log_without_the_address(shop: Shop) -> None:
    suppress(shop, STAFF, "maria@example.com", note="asked by phone")
    suppress(shop, STAFF, "maria@example.com")
    unsuppress(shop, STAFF, "maria@example.com", why="asked again")
    found = audit_log.list_entries(shop, ADMIN, audit_log.AuditFilter(f"{shop.clock():%Y-%m}")).entries
    assert sorted(entry.action for entry in found) == [
        "suppressed an address",
        "took an address off the suppression list",
    ]
    assert {entry.actor for entry in found} == {"sam"}
    assert len({entry.target for entry in found}) == 1
    assert "maria" not in repr(found)
