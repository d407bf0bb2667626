"""Log records are kept for people to look at, without addresses; errors are counted."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from loguru import logger

from backend import logs
from backend.config import Settings
from backend.domain.time import utc_now
from backend.observability import ring
from backend.observability.masking import mask
from backend.observability.measures import MEASURES, Measures
from backend.observability.ring import LogRecord, Ring


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> Iterator[Ring]:
    mine = Ring()
    monkeypatch.setattr(logs, "RING", mine)
    logs.configure(Settings(log_format="json"), stream=io.StringIO())
    yield mine
    logger.remove()


def test_records_are_kept_with_their_action_and_without_addresses(kept: Ring) -> None:
    with logs.action("page orders", "abcd1234"):
        logger.info("Told maria@example.com something")
    (record,) = kept.records()
    assert (record.action, record.action_id) == ("page orders", "abcd1234")
    assert record.message == "Told [address] something"


def test_errors_are_kept_with_their_traceback_and_counted(kept: Ring, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = Measures()
    monkeypatch.setattr(logs, "MEASURES", mine)
    with logs.action("page orders", measured=False):
        try:
            raise ValueError("maria@example.com is wrong")
        except ValueError as error:
            logger.opt(exception=error).error("Incident {}", "ABCD1234")
    (trouble,) = kept.troubles(5)
    assert (trouble.sentence, trouble.action) == ("Incident ABCD1234", "page orders")
    (record,) = kept.records()
    assert "ValueError: [address] is wrong" in record.error
    assert mine.measured().counts == {("errors", "page"): 1}


def test_the_ring_is_bounded_and_newest_first() -> None:
    small = Ring(3)
    for number in range(10):
        small.add(LogRecord(utc_now(), "ERROR", f"{number}" + 5000 * "x"))
    assert [record.message[0] for record in small.records()] == ["9", "8", "7"]
    assert all(len(record.message) <= 2000 for record in small.records())
    assert len(small.troubles(100)) == 10


def test_actions_are_measured_unless_asked_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = Measures()
    monkeypatch.setattr(logs, "MEASURES", mine)
    with logs.action("page orders"):
        assert logs.current_action()[0] == "page orders"
    with logs.action("GET /u/secret-token", measured=False):
        pass
    assert set(mine.measured().actions) == {("page", "orders")}


def test_the_process_has_one_of_each() -> None:
    assert isinstance(MEASURES, Measures)
    assert isinstance(ring.RING, Ring)


@pytest.mark.parametrize(
    "text",
    [
        "GET /api/mail/unsubscribe/SECRET.abc-DEF_1",
        "POST https://shop.example.com/api/mail/preferences/SECRET",
        "cut off: /mail/view/SECRE",
        "Authorization: Bearer SECRET",
        "https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&Token=SECRET",
        "/oauth2callback?code=SECRET&state=SECRET",
    ],
)
def test_tokens_are_hidden_wherever_they_are(text: str) -> None:
    assert "SECRE" not in mask(text)
    assert "[token]" in mask(text)
