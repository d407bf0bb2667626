"""The commands about emails: templates, sending one, and the log."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from backend.domain.delivery import Outcome
from backend.domain.messages import MessageStatus, ShownStatus
from backend.domain.suppression import SuppressionReason
from backend.services.context import Shop
from backend.services.sending.ledger import get_message
from backend.services.suppression.entries import add_suppression
from tests.cli.conftest import Run
from tests.services.test_repairing import settled
from tests.support import add_customer, add_order


def test_templates_are_listed_with_kind_and_version(run: Run, shop: Shop) -> None:
    listed = run("templates", "list", "--json").json
    assert len(listed) >= 12
    assert {"name": "welcome", "title": "Welcome", "kind": "marketing", "version": 0} in listed
    assert "order-confirmation" in run("templates", "list").out


def test_the_templates_of_the_repository_can_be_sent(run: Run, shop: Shop) -> None:
    checked = run("templates", "check")
    problems = [line for line in checked.out.splitlines() if ": " in line]
    # A new shop has Add a postal address, which marketing mail needs; nothing else is wrong.
    assert [line for line in problems if "postal address" not in line] == []
    assert checked.code == (1 if problems else 0)


def test_a_template_is_rendered_into_files(run: Run, shop: Shop, tmp_path: Path) -> None:
    customer = add_customer(shop, "Bärbel Groß")
    order = add_order(shop, customer)
    out = tmp_path / "out"
    run("templates", "render", "order-confirmation", "--customer", customer.id, "--out", str(out))
    assert {path.name for path in out.iterdir()} == {"subject.txt", "body.html", "body.txt"}
    assert order.number in (out / "subject.txt").read_text(encoding="utf-8")
    assert "Bärbel" in (out / "body.html").read_text(encoding="utf-8")
    sample = tmp_path / "sample"
    assert run("templates", "render", "welcome", "--sample", "--out", str(sample)).code == 0
    assert (sample / "body.txt").stat().st_size > 100


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("templates", "render", "no-such", "--out", "x"), "There is no template"),
        (("templates", "render", "welcome", "--out", "x", "--sample", "--customer", "C"), "either --sample or"),
        (("templates", "render", "welcome", "--out", "x", "--customer", "NOBODY"), "customer"),
        (("send", "welcome"), "either --to or --customer"),
        (("send", "welcome", "--to", "a@example.com", "--customer", "C"), "either --to or --customer"),
        (("send", "welcome", "--to", "nobody@example.com"), "No customer has this email address"),
        (("send", "welcome", "--to", "not an address"), "address"),
        (("send", "no-such", "--to", "nobody@example.com"), "There is no template"),
        (("send", "welcome", "--to", "nobody@example.com", "--key", "a b"), "A key is"),
        (("send", "welcome", "--to", "nobody@example.com", "--field", "nonsense"), "is not NAME=VALUE"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_sentence(
    run: Run, shop: Shop, arguments: tuple[str, ...], said: str
) -> None:
    refused = run(*arguments)
    assert refused.code == 1
    assert said in refused.err
    assert refused.err.count("\n") == 1


def test_send_says_what_became_of_the_email(run: Run, shop: Shop) -> None:
    customer = add_customer(shop, "Maria", "maria@example.com")
    sent = run("send", "verify-address", "--to", "Maria@Example.com", "--json")
    assert sent.code == 0
    assert set(sent.json) == {"message_id", "status", "reason"}
    assert sent.json["message_id"].startswith(f"{customer.id}-")
    assert (sent.json["status"], sent.json["reason"]) == ("sent", "")


def test_the_same_key_sends_once(run: Run, shop: Shop) -> None:
    customer = add_customer(shop)
    command = ("send", "verify-address", "--customer", customer.id, "--key", "nightly-1")
    first, second = run(*command, "--json"), run(*command)
    assert first.json == {"message_id": f"{customer.id}-nightly-1", "status": "sent", "reason": ""}
    assert "It was requested before with this key." in second.out
    assert len(run("messages", "--customer", customer.id, "--json").json) == 1


def test_an_order_email_takes_its_order_and_fields(run: Run, shop: Shop) -> None:
    customer = add_customer(shop)
    order = add_order(shop, customer)
    refused = run("send", "order-shipped", "--customer", customer.id)
    assert (refused.code, "choose which one" in refused.err) == (1, True)
    field = "carrier=Parcel post"
    sent = run("send", "order-shipped", "--customer", customer.id, "--order", order.id, "--field", field, "--json")
    assert sent.json["status"] == "sent"


def test_whoever_must_not_get_it_is_skipped_with_the_reason(run: Run, shop: Shop) -> None:
    customer = add_customer(shop, "Maria", "maria@example.com")
    add_suppression(shop, "maria@example.com", SuppressionReason.HARD_BOUNCE, source="test")
    skipped = run("send", "verify-address", "--customer", customer.id, "--json")
    assert skipped.code == 0
    assert skipped.json["status"] == "skipped"
    assert skipped.json["reason"] == "mail to this address bounced"


def test_messages_are_listed_by_customer_status_and_template(run: Run, shop: Shop) -> None:
    maria, olga = add_customer(shop, "Maria"), add_customer(shop, "Olga")
    run("send", "verify-address", "--customer", maria.id)
    run("send", "welcome", "--customer", olga.id)
    everything = run("messages", "--json").json
    assert {line["status"] for line in everything} == {"sent", "skipped"}
    names = {"message_id", "template", "status", "outcome", "reason", "campaign", "requested_at", "cursor"}
    assert set(everything[0]) == names
    assert [line["template"] for line in run("messages", "--status", "sent", "--json").json] == ["verify-address"]
    assert [line["status"] for line in run("messages", "--template", "welcome", "--json").json] == ["skipped"]
    (line,) = run("messages", "--customer", maria.id, "--json").json
    assert line == next(each for each in everything if each["status"] == "sent")
    assert line["message_id"] in run("messages").out


def test_messages_are_listed_in_every_status(run: Run, shop: Shop) -> None:
    asked = {"requested_at": datetime.now(UTC), "due_at": datetime.now(UTC)}
    for number, status in enumerate(ShownStatus):
        claimed = {"lease_until": datetime.now(UTC)} if status is ShownStatus.SENDING else {}
        stored = MessageStatus.WAITING if claimed else MessageStatus(status)
        settled(shop, f"click-{number}", stored, **asked, **claimed)
    for number, status in enumerate(ShownStatus):
        for more in ((), ("--customer", "AAAAAAAAAA")):
            (line,) = run("messages", "--status", status.value, "--json", *more).json
            assert (line["message_id"], line["status"]) == (f"AAAAAAAAAA-click-{number}", status.value)


def test_messages_are_listed_by_what_was_reported_and_by_campaign(run: Run, shop: Shop) -> None:
    asked = {"requested_at": datetime.now(UTC), "due_at": datetime.now(UTC)}
    settled(shop, "KAAAA", MessageStatus.SENT, campaign="AAAA", outcomes={Outcome.OPENED: shop.clock()}, **asked)
    settled(shop, "click-1", MessageStatus.SENT, outcomes={Outcome.DELIVERED: shop.clock()}, **asked)
    (opened,) = run("messages", "--outcome", "opened", "--json").json
    assert (opened["outcome"], opened["campaign"]) == ("opened", "AAAA")
    (delivered,) = run("messages", "--outcome", "delivered", "--json").json
    assert (delivered["outcome"], delivered["campaign"]) == ("delivered", None)
    assert run("messages", "--campaign", "AAAA", "--json").json == [opened]


def test_more_messages_are_listed_than_one_page_holds(run: Run, shop: Shop) -> None:
    for number in range(30):
        settled(shop, f"click-{number}", MessageStatus.SENT, requested_at=datetime.now(UTC))
    assert len(run("messages", "--limit", "25", "--json").json) == 25
    assert len(run("messages", "--limit", "1000", "--json").json) == 30


def test_the_simulator_gets_the_sample_as_a_test_and_strangers_get_nothing(run: Run, shop: Shop) -> None:
    command = ("send", "order-shipped", "--to", "bounce+a@simulator.amazonses.com", "--key", "try-1")
    first, second = run(*command, "--json").json, run(*command, "--json").json
    assert first == second
    assert (first["status"], first["reason"]) == ("sent", "")
    message = get_message(shop, first["message_id"])
    assert (message.test, message.to) == (True, "bounce+a@simulator.amazonses.com")
    stranger = run("send", "order-shipped", "--to", "bounce@example.com")
    assert "No customer has this email address" in stranger.err


def test_an_address_of_the_simulator_that_a_customer_has_is_that_customers(run: Run, shop: Shop) -> None:
    customer = add_customer(shop, "Sim", "success@simulator.amazonses.com")
    sent = run("send", "verify-address", "--to", "success@simulator.amazonses.com", "--json").json
    assert sent["message_id"].startswith(f"{customer.id}-")
    assert not get_message(shop, sent["message_id"]).test


def test_lists_go_on_where_they_were_cut_off(run: Run, shop: Shop) -> None:
    customer = add_customer(shop, "Maria Lopez")
    for number in range(5):
        run("send", "verify-address", "--customer", customer.id, "--key", f"k{number}")
    for more in ((), ("--customer", customer.id)):
        whole = [line["message_id"] for line in run("messages", "--json", *more).json]
        seen, cursor = list[str](), list[str]()
        while True:
            lines = run("messages", "--limit", "2", "--json", *more, *cursor).json
            seen += [line["message_id"] for line in lines]
            assert [line["cursor"] for line in lines[:-1]] == [None] * (len(lines) - 1)
            if lines[-1]["cursor"] is None:
                break
            cursor = ["--cursor", lines[-1]["cursor"]]
        assert seen == whole
        assert len(seen) == 5
        cut = run("messages", "--limit", "2", *more)
        assert "--cursor " in cut.err
        assert run("messages", "--cursor", "nonsense", *more).code == 1
    assert "--cursor" not in run("messages").err
