"""The first steps of a shop: each is done when what it asks for is there."""

from __future__ import annotations

from dataclasses import replace

from backend.domain.deliverability import Level
from backend.domain.sender_domain import DomainReport, Finding, Subject
from backend.domain.team import Role
from backend.records.system import report_item
from backend.services.automations.defaults import add_demo_automations
from backend.services.context import Shop
from backend.services.first_steps.checklist import Step, first_steps
from backend.services.shop_settings import get_shop_facts, save_shop_facts
from backend.services.team import members
from backend.store import schema
from backend.store.port import Put
from tests.support import ADMIN, MANAGER, add_customer, add_order

GIVEN = "Shop <shop@example.com>"


def done(shop: Shop, sender: str = GIVEN) -> set[Step]:
    return {state.step for state in first_steps(shop, MANAGER, sender) if state.done}


def check_domain(shop: Shop, domain: str, level: Level) -> None:
    finding = Finding(Subject.SPF, level, "The record is missing." if level is Level.BAD else "It is there.")
    report = DomainReport(domain, shop.clock(), (finding,))
    shop.store.put(Put(schema.meta_key("domain-check"), report_item(report)))


def test_a_new_shop_has_all_before_it_but_what_is_only_to_be_known(shop: Shop) -> None:
    states = first_steps(replace(shop, name="My shop"), MANAGER, GIVEN)
    assert [state.step for state in states] == list(Step)
    assert [state.step for state in states if state.done] == [Step.CURRENCY]
    assert "USD, UTC" in next(state.found for state in states if state.step is Step.CURRENCY)


def test_each_step_is_done_by_what_it_asks_for(shop: Shop) -> None:
    facts = get_shop_facts(shop)
    save_shop_facts(
        shop,
        MANAGER,
        replace(
            facts,
            name="Lina's shop",
            logo_url="https://shop.example/logo.png",
            postal_address="1 Example Street",
            sender_address="orders@shop.example",
        ),
    )
    assert {Step.NAME, Step.LOGO, Step.POSTAL_ADDRESS, Step.SENDER} <= done(shop)
    assert Step.DOMAIN not in done(shop)
    check_domain(shop, "shop.example", Level.BAD)
    assert "The record is missing." in [state.found for state in first_steps(shop, MANAGER, GIVEN)]
    check_domain(shop, "shop.example", Level.GOOD)
    assert Step.DOMAIN in done(shop)
    check_domain(shop, "another.example", Level.GOOD)
    assert Step.DOMAIN not in done(shop), "the sender's domain is another one"
    assert Step.IMPORT not in done(shop)
    add_order(shop, add_customer(shop), 500)
    assert Step.IMPORT in done(shop)


def test_a_colleague_counts_and_a_former_one_does_not(shop: Shop) -> None:
    for name in ("ada", "ben"):
        members.add_member(shop, ADMIN, username=name, name=name, email=f"{name}@example.com", role=Role.STAFF)
    assert Step.INVITE in done(shop)
    ben = members.find_member(shop, "ben")
    assert ben is not None
    members.disable(shop, ADMIN, "ben", version=ben.version)
    assert Step.INVITE not in done(shop)


def test_automations_count_when_one_is_on(shop: Shop) -> None:
    add_demo_automations(shop, shop.clock(), on=False)
    assert Step.AUTOMATIONS not in done(shop)


def test_automations_that_run_are_a_step_that_is_done(shop: Shop) -> None:
    add_demo_automations(shop, shop.clock(), on=True)
    assert Step.AUTOMATIONS in done(shop)
