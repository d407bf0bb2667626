"""Dead letters are kept with their reason, replayed singly or all together, and each replay is in the audit log."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from backend.domain.delivery import Outcome
from backend.domain.team import COMMAND_LINE
from backend.errors import InvalidInputError, NotFoundError, PermissionDeniedError
from backend.records.events import LARGEST_BODY
from backend.services.audit.log import AuditFilter, list_entries
from backend.services.context import Shop
from backend.services.events.dead_letters import (
    add_dead_letter,
    count_dead_letters,
    discard_dead_letter,
    get_dead_letter,
    list_dead_letters,
)
from backend.services.events.replay import Replay, replay_all, replay_dead_letter
from backend.store import schema
from backend.store.port import Put, Update
from tests.events.samples import event
from tests.events.test_applying import drift, now, sent, took
from tests.services.test_ledger import a_message
from tests.support import ENGINEER, MANAGER, TestClock

STRANGE = "strange"


def broken(shop: Shop, key: str) -> Callable[[], None]:
    """A message whose reports cannot be applied, until what is returned is called."""
    message = sent(shop, key)
    where = schema.message_key(message.recipient, message.key)
    item = shop.store.get(where) or {}
    shop.store.update(Update(where, set={"status": STRANGE}))
    took(shop, event("Delivery", message))
    return lambda: shop.store.put(Put(where, item))


def actions(shop: Shop) -> list[str]:
    return [entry.action for entry in list_entries(shop, COMMAND_LINE, AuditFilter("2026-11")).entries]


def test_a_letter_is_replayed_when_what_was_wrong_is_repaired(shop: Shop) -> None:
    repair = broken(shop, "k1")
    (letter,) = list_dead_letters(shop, ENGINEER).letters
    assert (letter.source, letter.tries, letter.whole) == ("test", 1, True)
    again = replay_dead_letter(shop, ENGINEER, letter.id)
    assert (again.done, again.dead) == (0, 1)
    assert get_dead_letter(shop, letter.id).tries == 2
    repair()
    assert replay_dead_letter(shop, ENGINEER, letter.id) == Replay(1, 0)
    assert count_dead_letters(shop) == 0
    assert now(shop, a_message("k1")).outcome is Outcome.DELIVERED
    assert actions(shop) == ["replayed a dead letter"] * 2
    assert drift(shop) == []


def test_all_letters_are_replayed_and_those_that_stay_dead_stay(shop: Shop) -> None:
    repairs = [broken(shop, f"k{number}") for number in range(3)]
    add_dead_letter(shop, b"nonsense", "This is not JSON.", "sqs")
    for repair in repairs[:2]:
        repair()
    assert replay_all(shop, ENGINEER) == Replay(2, 2)
    assert sorted(letter.tries for letter in list_dead_letters(shop, ENGINEER).letters) == [2, 2]
    assert actions(shop) == ["replayed all dead letters"]


def test_a_letter_can_be_thrown_away_once(shop: Shop) -> None:
    add_dead_letter(shop, b"nonsense", "This is not JSON.", "sqs")
    (letter,) = list_dead_letters(shop, ENGINEER).letters
    discard_dead_letter(shop, ENGINEER, letter.id)
    with pytest.raises(NotFoundError):
        discard_dead_letter(shop, ENGINEER, letter.id)
    assert actions(shop) == ["threw away a dead letter"]


def test_a_letter_that_was_cut_off_cannot_be_replayed(shop: Shop) -> None:
    add_dead_letter(shop, b"x" * (LARGEST_BODY + 1), "Too large.", "sqs")
    (letter,) = list_dead_letters(shop, ENGINEER).letters
    assert not letter.whole
    assert len(letter.body) == LARGEST_BODY
    with pytest.raises(InvalidInputError):
        replay_dead_letter(shop, ENGINEER, letter.id)
    assert replay_all(shop, ENGINEER) == Replay(0, 1)


def test_letters_are_listed_newest_first_by_pages(shop: Shop, clock: TestClock) -> None:
    for number in range(7):
        clock.forward(seconds=1)
        add_dead_letter(shop, b"%d" % number, "This is not JSON.", "sqs")
    first = list_dead_letters(shop, ENGINEER, limit=4)
    second = list_dead_letters(shop, ENGINEER, limit=4, cursor=first.cursor)
    assert [letter.body for letter in first.letters + second.letters] == [b"%d" % n for n in range(6, -1, -1)]
    assert second.cursor is None


@pytest.mark.parametrize(
    "wrong", ["", "nothing", "#", "a#", "#b", "2026-11-26T12:00:00.000000Z#0000", "x" * 200 + "#a"]
)
def test_a_letter_that_is_not_there_is_not_found(shop: Shop, wrong: str) -> None:
    with pytest.raises(NotFoundError):
        replay_dead_letter(shop, ENGINEER, wrong)


def test_managers_neither_see_nor_replay_them(shop: Shop) -> None:
    for verb in (list_dead_letters, replay_all):
        with pytest.raises(PermissionDeniedError):
            verb(shop, MANAGER)
