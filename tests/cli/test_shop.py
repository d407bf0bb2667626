"""The shop's settings and a pause of sending from the command line."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backend.domain.time import utc_now
from backend.services.context import Shop
from backend.services.sending import account
from backend.services.shop_settings import get_shop_facts
from tests.cli.conftest import Run


def test_what_emails_say_about_the_shop_is_changed_and_shown(run: Run, shop: Shop) -> None:
    changed = run("shop", "set", "--postal-address", "1 Mill Lane\\nBath", "--sender-name", "Café Söhne", "--json")
    assert (changed.json["postal_address"], changed.json["sender_name"]) == ("1 Mill Lane\nBath", "Café Söhne")
    run("shop", "set", "--sender-name", "")
    facts = get_shop_facts(shop)
    assert (facts.postal_address, facts.sender_name) == ("1 Mill Lane\nBath", "")
    assert run("shop", "show", "--json").json["postal_address"] == "1 Mill Lane\nBath"
    assert "Bath" in run("shop", "show").out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "Say what to change"),
        (("--name", " "), "Name"),
        (("--reply-to", "nobody"), "address"),
        (("--brand", "green"), "not a colour"),
    ],
)
def test_what_makes_no_sense_changes_nothing(run: Run, shop: Shop, arguments: tuple[str, ...], sentence: str) -> None:
    refused = run("shop", "set", *arguments)
    assert (refused.code, sentence in refused.err) == (1, True), refused.err
    assert get_shop_facts(shop).version == 0


def test_a_pause_is_reported_and_lifted(run: Run, shop: Shop) -> None:
    assert run("mail", "status", "--json").json == {"paused": False, "reason": "", "until": None}
    until = utc_now() + timedelta(minutes=5)
    account.pause(shop, "SES has suspended the account.", until)
    assert run("mail", "status", "--json").json["reason"] == "SES has suspended the account."
    assert "SES has suspended the account." in run("mail", "status").out
    assert run("mail", "resume", "--json").json == {"was_paused": True}
    assert run("mail", "status").out == "Sending is not paused.\n"
    assert run("mail", "resume").out == "Sending was not paused.\n"


def test_mail_is_kept_back_for_a_reason_until_the_hours_are_over(run: Run, shop: Shop) -> None:
    paused = run("mail", "pause", "--reason", "A backup was restored.", "--hours", "72", "--json").json
    assert (paused["reason"], run("mail", "status", "--json").json["reason"]) == ("A backup was restored.",) * 2
    kept = account.current_pause(shop)
    assert kept is not None
    assert abs(kept.until - (utc_now() + timedelta(hours=72))) < timedelta(minutes=1)
    assert run("mail", "pause", "--reason", "x", "--hours", "0").code == 2
