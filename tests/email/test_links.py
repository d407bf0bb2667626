"""Links of emails: each is for one purpose and one time, and says nothing to others."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backend.email.links import LIFETIMES, LinkProblem, Links, Purpose, Target, without_tokens
from tests.support import TestClock

TARGET = Target("AAAAAAAAAA", "AAAAAAAAAA-click-1", "detail")


def links_at(clock: TestClock, secret: bytes = b"k" * 32) -> Links:
    return Links(secret, "https://shop.example/", clock)


def token_of(url: str) -> str:
    return url.rsplit("/", 1)[1]


@pytest.mark.parametrize("purpose", Purpose)
def test_a_link_leads_to_its_target_for_its_purpose_only(purpose: Purpose) -> None:
    links = links_at(TestClock())
    token = token_of(links.url(purpose, TARGET))
    for other in Purpose:
        assert links.read(other, token) == (TARGET if other is purpose else LinkProblem.WRONG)


@pytest.mark.parametrize("purpose", Purpose)
def test_a_link_ends_with_its_time(purpose: Purpose) -> None:
    clock = TestClock()
    links = links_at(clock)
    token = token_of(links.url(purpose, TARGET))
    clock.now += LIFETIMES[purpose]
    assert links.read(purpose, token) == TARGET
    clock.now += timedelta(seconds=2)
    assert links.read(purpose, token) is LinkProblem.OLD


def test_another_secret_or_a_changed_letter_makes_it_wrong() -> None:
    clock = TestClock()
    token = token_of(links_at(clock).url(Purpose.VERIFY, TARGET))
    assert links_at(clock, b"x" * 32).read(Purpose.VERIFY, token) is LinkProblem.WRONG
    for place in (0, len(token) // 2):
        changed = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        assert links_at(clock).read(Purpose.VERIFY, changed) is LinkProblem.WRONG
    for nonsense in ("", ".", "a.b.c", "é", "x" * 5000):
        assert links_at(clock).read(Purpose.VERIFY, nonsense) is LinkProblem.WRONG


def test_what_others_see_of_an_email_has_no_tokens() -> None:
    url = links_at(TestClock()).url(Purpose.UNSUBSCRIBE, TARGET)
    shown = without_tokens(f'<a href="{url}">Unsubscribe</a> and {url}.')
    assert token_of(url).rpartition(".")[2] not in shown
    assert shown.count("/api/mail/unsubscribe/…") == 2
