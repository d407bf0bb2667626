"""The commands about automations."""

from __future__ import annotations

from dataclasses import replace

from backend.domain.time import utc_now
from backend.services.context import Shop
from backend.services.triggers import active
from tests.cli.conftest import Run
from tests.support import add_customer, add_order


def test_the_usual_four_are_added_once_and_are_off(run: Run, shop: Shop) -> None:
    for _ in range(2):
        run("automation", "add-defaults")
    listed = run("automation", "list", "--json").json
    assert [each["id"] for each in listed] == ["auto-confirmation", "auto-shipping", "auto-review", "auto-win-back"]
    assert not any(each["on"] for each in listed)
    assert {"waiting", "answered", "requested", "sent", "failed", "skipped", "ended"} <= set(listed[0])
    assert "Order confirmation" in run("automation", "list").out


def test_one_is_switched_on_and_off(run: Run, shop: Shop) -> None:
    run("automation", "add-defaults")
    assert run("automation", "on", "auto-confirmation", "--json").json == {"id": "auto-confirmation", "on": True}
    assert [each.id for each in active.all_automations(shop) if each.on] == ["auto-confirmation"]
    assert "is off" in run("automation", "off", "auto-confirmation").out


def test_one_that_would_fail_for_everybody_is_not_switched_on(run: Run, shop: Shop) -> None:
    run("automation", "add-defaults")
    refused = run("automation", "on", "auto-review")
    assert refused.code == 1
    assert "Link to the review form" in refused.err
    assert run("automation", "on", "auto-nothing").code == 1


def test_a_dry_run_says_what_would_have_been_sent(run: Run, shop: Shop) -> None:
    run("automation", "add-defaults")
    today = replace(shop, clock=utc_now)
    add_order(today, add_customer(today))
    found = run("automation", "dry-run", "auto-confirmation", "--json").json
    assert (found["would_send"], found["left_out"], found["complete"]) == (1, {}, True)
    assert "1 email from" in run("automation", "dry-run", "auto-confirmation").out
