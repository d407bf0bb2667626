"""One search finds what a person may see, by what is at hand: half a name, a number, an address, an id."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backend.domain.messages import MessageStatus
from backend.domain.segments import Rule
from backend.domain.team import Actor, Permission, Role
from backend.services.campaigns.drafts import create_campaign
from backend.services.context import Shop
from backend.services.search.everything import Hit, HitKind, search_everything
from backend.services.segments.library import create_segment
from backend.services.sending import ledger
from tests.campaigns.support import draft, prepare_shop
from tests.services.test_ledger import a_message, claimed
from tests.support import MANAGER, NOW, STAFF, add_customer, add_order


def found(shop: Shop, text: str, actor: Actor = STAFF) -> list[tuple[HitKind, str]]:
    return [(hit.kind, hit.title) for hit in search_everything(shop, actor, text)]


@pytest.mark.parametrize("text", ["mar", "lópez", "Maria Lopez", "maria@example.com", "LOP mar"])
def test_a_customer_is_found_by_half_a_name_or_the_address(shop: Shop, text: str) -> None:
    maria = add_customer(shop, "Maria López", "maria@example.com")
    add_customer(shop, "Noor Haddad")
    (hit,) = [hit for hit in search_everything(shop, STAFF, text) if hit.kind is HitKind.CUSTOMER]
    assert hit == Hit(HitKind.CUSTOMER, maria.id, "Maria López", "maria@example.com")


def test_an_order_is_found_by_its_number(shop: Shop) -> None:
    maria = add_customer(shop, "Maria Lopez")
    order = add_order(shop, maria, 500)
    assert search_everything(shop, STAFF, f" {order.number.lower()} ")[0] == Hit(
        HitKind.ORDER, order.id, order.number, "Maria Lopez", maria.id
    )


def test_a_message_is_found_by_our_id_and_the_providers(shop: Shop) -> None:
    mine = claimed(shop, ledger.request(shop, a_message("click-1")).message)
    ledger.record(shop, [replace(mine, status=MessageStatus.SENT, sent_at=NOW, provider_id="0100-abc")])
    for text in (mine.id, "0100-abc", "<0100-abc@eu-west-1.amazonses.com>"):
        assert [hit.id for hit in search_everything(shop, STAFF, text) if hit.kind is HitKind.MESSAGE] == [mine.id]


def test_campaigns_segments_and_emails_are_found_by_a_part_of_their_name(shop: Shop) -> None:
    prepare_shop(shop)
    create_campaign(shop, STAFF, draft(name="Blue mugs of May"))
    create_segment(shop, MANAGER, "MUGLOVERS1", "Lovers of mugs", Rule())
    assert found(shop, "mugs") == [(HitKind.CAMPAIGN, "Blue mugs of May"), (HitKind.SEGMENT, "Lovers of mugs")]
    assert found(shop, "order conf") == [(HitKind.EMAIL, "Order confirmation")]
    assert (HitKind.SEGMENT, "VIPs") in found(shop, "vip")


@pytest.mark.parametrize("text", ["", " ", "m", "zzzz", "a" * 5000, "% _ *", "\x00\x00"])
def test_what_names_nothing_finds_nothing(shop: Shop, text: str) -> None:
    add_customer(shop, "Maria Lopez")
    assert found(shop, text) == []


def test_nobody_finds_what_they_may_not_see(shop: Shop) -> None:
    maria = add_customer(shop, "Maria Lopez")
    order = add_order(shop, maria, 500)
    key = Actor("key", Role.STAFF, permissions=frozenset({Permission.VIEW_CUSTOMERS}))
    assert found(shop, order.number, key) == []
    assert found(shop, "maria", key) == [(HitKind.CUSTOMER, "Maria Lopez")]
    assert found(shop, "maria", replace(key, permissions=frozenset())) == []
