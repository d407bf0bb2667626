"""What automations cost on DynamoDB, counted by AWS's rules: what the documentation says."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from backend.domain.automations import TriggerKind
from backend.services.automations.duty import answer_due
from backend.services.context import Shop
from backend.services.sending.delivery import deliver_due
from backend.services.triggers import active
from backend.store.meter import Meter
from tests.automations.making import running, step
from tests.services.test_mailing import mailer_on
from tests.support import TestClock, add_customer, add_order, opened_shop

DOC = (Path(__file__).parents[2] / "docs" / "automations.md").read_text()


@pytest.fixture
def meter() -> Meter:
    return Meter()


@pytest.fixture
def shop(meter: Meter, tmp_path: Path) -> Iterator[Shop]:
    with opened_shop(clock=TestClock(), meter=meter, data_dir=tmp_path) as shop:
        yield shop


def write_units(meter: Meter) -> float:
    return sum(usage.write_units for usage in meter.usage().values())


def said(what: str) -> int:
    """The units in the row of the table that begins so."""
    found = re.search(rf"^\| {re.escape(what)} \| (\d+) \|", DOC, re.MULTILINE)
    assert found is not None
    return int(found[1])


def of_an_order(shop: Shop, meter: Meter) -> float:
    customer = add_customer(shop)
    add_order(shop, customer)
    active.listening(shop, TriggerKind.ORDER_PLACED)
    clock = shop.clock
    assert isinstance(clock, TestClock)
    clock.forward(minutes=1)
    meter.reset()
    add_order(shop, customer)
    return write_units(meter)


def test_an_order_costs_nothing_more_when_none_is_on(shop: Shop, meter: Meter) -> None:
    assert of_an_order(shop, meter) == said("an order, and no automation listens") == 21


def test_an_automation_that_listens_costs_a_trigger(shop: Shop, meter: Meter) -> None:
    running(shop)
    assert of_an_order(shop, meter) == said("an order, and one automation listens to it")


def test_one_that_waits_for_lapsed_customers_moves_its_trigger(shop: Shop, meter: Meter) -> None:
    running(shop, TriggerKind.LAPSED, step("verify-address", timedelta(days=90)))
    assert of_an_order(shop, meter) == said("an order, and one automation waits for lapsed customers")


def test_an_email_of_an_automation_costs_what_is_said(shop: Shop, meter: Meter) -> None:
    running(shop)
    mailer = mailer_on(shop)
    customers = [add_customer(shop) for _ in range(40)]
    for customer in customers[:20]:
        add_order(shop, customer)
    answer_due(shop, mailer)
    deliver_due(shop, mailer)
    for customer in customers[20:]:
        add_order(shop, customer)
    meter.reset()
    answer_due(shop, mailer)
    answered = write_units(meter) / 20
    deliver_due(shop, mailer)
    assert answered <= said("answering a trigger with an email")
    assert write_units(meter) / 20 - answered <= said("sending that email")


def test_the_list_of_automations_is_not_read_for_each_order(shop: Shop, meter: Meter) -> None:
    running(shop)
    customer = add_customer(shop)
    add_order(shop, customer)
    meter.reset()
    began = time.monotonic()
    for _ in range(20):
        add_order(shop, customer)
    looked = meter.usage().get("automations")
    assert looked is None or looked.requests <= 1 + (time.monotonic() - began) / active.SECONDS


def test_a_process_looks_twice_before_an_automation_begins_to_listen() -> None:
    assert active.LEAD.total_seconds() >= 2 * active.SECONDS
