"""What the shop says about itself in emails."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backend.domain.team import Actor
from backend.errors import ConflictError, InvalidInputError, PermissionDeniedError
from backend.services.context import Shop
from backend.services.shop_settings import get_shop_facts, save_shop_facts
from tests.support import ENGINEER, MANAGER, STAFF


def test_a_shop_that_has_set_nothing_has_the_name_and_zone_of_the_installation(shop: Shop) -> None:
    facts = get_shop_facts(shop)
    assert (facts.name, facts.currency, facts.zone, facts.version) == ("Test shop", "USD", "UTC", 0)


def test_what_is_saved_is_cleaned_and_kept(shop: Shop) -> None:
    saved = save_shop_facts(
        shop,
        MANAGER,
        replace(
            get_shop_facts(shop),
            name="  Fern & Fig ",
            brand="#1F5F5B",
            postal_address="1 High Street\r\nLondon\n",
            sender_name="Fern",
            sender_address=" shop@example.com ",
            reply_to="help@example.com",
            logo_url="https://a.example/logo.png",
            url="https://a.example",
            support_url="https://a.example/help",
        ),
    )
    assert saved == get_shop_facts(shop)
    assert (saved.name, saved.brand, saved.version) == ("Fern & Fig", "#1f5f5b", 1)
    assert saved.postal_address == "1 High Street\nLondon"
    assert saved.sender_address == "shop@example.com"


def test_a_value_can_be_emptied_again(shop: Shop) -> None:
    saved = save_shop_facts(shop, MANAGER, replace(get_shop_facts(shop), url="https://a.example"))
    assert save_shop_facts(shop, MANAGER, replace(saved, url="")).url == ""


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", " "),
        ("name", "A\nB"),
        ("brand", "green"),
        ("brand", "#12345"),
        ("brand", "#1f5f5b;x"),
        ("sender_address", "nobody"),
        ("sender_name", "Shop\r\nBcc: a@b.example"),
        ("reply_to", "a@b@c"),
        ("logo_url", "http://a.example/logo.png"),
        ("url", "javascript:alert(1)"),
        ("url", "https://a.example/\"onclick='x'"),
        ("support_url", "a.example"),
        ("support_url", "https://[a"),
        ("postal_address", "x" * 600),
    ],
)
def test_what_cannot_be_right_is_refused_by_the_name_of_its_field(shop: Shop, field: str, value: str) -> None:
    changed = {field: value}
    with pytest.raises(InvalidInputError) as refused:
        save_shop_facts(shop, MANAGER, replace(get_shop_facts(shop), **changed))  # type: ignore[arg-type]
    assert refused.value.field in (field, "email")
    assert get_shop_facts(shop).version == 0


def test_the_second_of_two_who_save_is_warned(shop: Shop) -> None:
    seen = get_shop_facts(shop)
    save_shop_facts(shop, MANAGER, replace(seen, name="One"))
    with pytest.raises(ConflictError):
        save_shop_facts(shop, MANAGER, replace(seen, name="Two"))
    assert get_shop_facts(shop).name == "One"


@pytest.mark.parametrize("actor", [STAFF, ENGINEER])
def test_staff_and_engineers_cannot_change_the_shop(shop: Shop, actor: Actor) -> None:
    with pytest.raises(PermissionDeniedError):
        save_shop_facts(shop, actor, get_shop_facts(shop))
