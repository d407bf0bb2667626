"""Rendering: what becomes of a template and the data of one person."""

from __future__ import annotations

from backend.email.rendering.renderer import one_line, render
from tests.email.support import CUSTOMER, ORDER, data, shipped, version


def test_the_same_version_and_data_give_the_same_email_to_the_byte() -> None:
    layout, shown = shipped("order-confirmation")
    one, other = (render(layout, shown, data(shown.facts, customer=CUSTOMER, order=ORDER)) for _ in range(2))
    assert one == other
    assert len(one.digest) == 64


def test_any_difference_in_what_is_sent_changes_the_digest() -> None:
    emails = [render(shipped()[0], version(subject=subject), data()) for subject in ("One", "Two")]
    assert emails[0].digest != emails[1].digest


def test_a_subject_is_one_line() -> None:
    assert one_line("Hello\r\nBcc: everybody@example.com\x00\u2028!") == "Hello Bcc: everybody@example.com !"
