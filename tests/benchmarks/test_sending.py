"""The bench of sending: that it measures what it says. How fast anything is decides no test."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import mail_sending
from benchmarks.mail_post_office import PostOfficeMissingError
from benchmarks.results import AS_FAST, Measurement, Rate


def test_sending_is_measured_by_both_transports_and_says_what_could_not_be_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def offline(*_: object) -> list[Rate]:
        raise PostOfficeMissingError("there is no network")

    monkeypatch.setattr(mail_sending, "post_office_rates", offline)
    found = list(mail_sending.measure(tmp_path, 5))
    measured = [each for each in found if isinstance(each, Measurement)]
    assert [each for each in found if isinstance(each, str)] == [
        "sending beside django-post_office: there is no network"
    ]
    assert len(measured) == 9
    assert all(each.value > 0 for each in measured)
    assert list(tmp_path.iterdir()) == []


def test_it_compares_with_django_post_office_in_the_same_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail_sending, "post_office_rates", lambda *_: [Rate(0.5, 0.25)] * 3)
    found = [each for each in mail_sending.measure(tmp_path, 5) if isinstance(each, Measurement)]
    compared = next(each for each in found if each.naive == 0.5)
    ratio = next(each for each in found if "as a multiple" in each.what)
    assert ratio.value == pytest.approx(compared.value / 0.5)
    assert (ratio.unit, ratio.reached) == (AS_FAST, True)
