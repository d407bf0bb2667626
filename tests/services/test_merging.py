"""Merging two customers: what moves, what is refused, and that totals equal a recount at every moment."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

import pytest

from backend.domain.addresses import Address, KnownAddress
from backend.domain.customers import ConsentMethod, ConsentProof, Customer
from backend.domain.merging import MergeStep
from backend.domain.messages import MessageStatus
from backend.domain.orders import OrderStatus
from backend.domain.suppression import SuppressionReason
from backend.errors import InvalidInputError, NotFoundError, PermissionDeniedError
from backend.services.context import Shop
from backend.services.customer_data import erasing, erasure
from backend.services.customer_data.merge import MergeRefusedError, begin_merge, find_merge, preview_merge
from backend.services.customer_data.merging import finish_merge, work_on_merges
from backend.services.customers import customers
from backend.services.customers.addresses import addresses_of, save_address
from backend.services.customers.customers import activity_of, add_note, find_by_email, get_customer, record_consent
from backend.services.customers.preferences import get_preferences, set_topics_off
from backend.services.imports import import_customers
from backend.services.orders import orders
from backend.services.orders.changes import get_order
from backend.services.orders.lists import orders_of
from backend.services.reconcile import reconcile
from backend.services.sending import ledger
from backend.services.sending.message_log import messages_of
from backend.services.suppression.entries import find_suppression, suppress
from backend.store import schema
from backend.store.port import Put
from tests.recount import assert_totals_hold
from tests.services.imports.shopify_csv import written
from tests.services.test_ledger import a_message
from tests.support import MANAGER, STAFF, add_customer, add_order, draft, ref


def two(shop: Shop) -> tuple[Customer, Customer]:
    kept = add_customer(shop, "Maria Lopez", "maria@example.com", country="ES", tags=["tea"])
    gone = add_customer(shop, "M. Lopez", "mraia@example.com", country="DE", city="Berlin", tags=["tea", "vip"])
    return kept, gone


def merge(shop: Shop, kept: Customer, gone: Customer, **options: bool) -> Customer:
    done = finish_merge(shop, begin_merge(shop, MANAGER, kept.id, gone.id, **options))
    assert done.is_done
    return get_customer(shop, kept.id)


def assert_sound(shop: Shop) -> None:
    assert_totals_hold(shop)
    found = reconcile(shop, pause=lambda _: None)
    assert not found.drift


def test_everything_moves_to_the_kept_customer(shop: Shop) -> None:
    kept, gone = two(shop)
    add_order(shop, kept, 1000)
    theirs = add_order(shop, gone, 2500, placed_at=shop.clock() - timedelta(days=60))
    add_note(shop, STAFF, gone.id, "Likes Assam")
    for customer, street in ((kept, "Calle Luna 2"), (gone, "Calle Sol 1")):
        save_address(shop, STAFF, customer.id, 0, KnownAddress("HOME01", Address(street=street)))
    set_topics_off(shop, gone.id, ["News"])
    suppress(shop, STAFF, "mraia@example.com", reason=SuppressionReason.UNSUBSCRIBED)
    message = replace(
        a_message("welcome-1"), recipient=gone.id, customer_id=gone.id, to="mraia@example.com",
        status=MessageStatus.SKIPPED,
    )  # fmt: skip
    ledger.request(shop, message)
    shop.store.put(Put(schema.identity_key("id#4711"), {"customer": gone.id}))
    preview = preview_merge(shop, MANAGER, kept.id, gone.id)
    assert (preview.orders, preview.messages, preview.notes, preview.addresses) == (1, 1, 3, 1)
    assert (preview.new_tags, preview.accounts) == (("vip",), ((), ("4711",)))
    assert (preview.suppressions, preview.reasons) == ((SuppressionReason.UNSUBSCRIBED,), ())

    after = merge(shop, kept, gone)

    assert (after.orders, after.revenue, after.tags) == (2, 3500, ("tea", "vip"))
    assert (after.name, after.country, after.city, after.email) == ("Maria Lopez", "ES", "Berlin", "maria@example.com")
    assert len(orders_of(shop, kept.id).orders) == 2
    assert get_order(shop, gone.id, theirs.id).customer_id == kept.id
    assert "Likes Assam" in [each.text for each in activity_of(shop, kept.id)]
    home, other = addresses_of(shop, kept.id).entries
    assert (home.address.street, other.address.street) == ("Calle Luna 2", "Calle Sol 1")
    assert home.id != other.id
    assert get_preferences(shop, kept.id).topics_off == ("News",)
    assert find_suppression(shop, "maria@example.com") is not None
    (moved,) = messages_of(shop, kept.id)
    assert (moved.id, moved.customer_id) == (message.id, kept.id)
    assert shop.store.get(schema.identity_key("id#4711")) == {"customer": kept.id}
    assert_sound(shop)


def test_whoever_names_the_other_gets_the_kept_customer(shop: Shop) -> None:
    kept, gone = two(shop)
    merge(shop, kept, gone)
    third = add_customer(shop, "Maria", "third@example.com")
    merge(shop, third, get_customer(shop, kept.id))
    assert get_customer(shop, gone.id).id == third.id
    for address in ("maria@example.com", "mraia@example.com"):
        assert (found := find_by_email(shop, address)) is not None
        assert found.id == third.id
    profile = customers.Profile("Maria", "mraia@example.com")
    changed = customers.edit_customer(shop, STAFF, third.id, get_customer(shop, third.id).version, profile)
    assert changed.email == "mraia@example.com"
    assert_sound(shop)


def test_a_file_with_the_other_address_changes_the_kept_customer_but_not_their_address(shop: Shop) -> None:
    kept, gone = two(shop)
    merge(shop, kept, gone)
    file = written(shop.data_dir, "Email,City\nmraia@example.com,Cadiz\n")
    result = import_customers(shop, STAFF, file, {"email": "Email", "city": "City"})
    assert (result.customers.created, result.customers.updated) == (0, 1)
    after = get_customer(shop, kept.id)
    assert (after.email, after.city) == ("maria@example.com", "Cadiz")
    assert_sound(shop)


def test_a_customer_without_an_address_gets_that_of_the_other(shop: Shop) -> None:
    gone = add_customer(shop, "Maria", "maria@example.com", consent=True)
    kept = add_customer(shop, "Maria Lopez", "")
    after = merge(shop, kept, gone)
    assert after.email == "maria@example.com"
    assert after.consent is not None
    assert after.consent.given
    assert_sound(shop)


@pytest.mark.parametrize(
    ("ours", "theirs", "after"),
    [(True, False, False), (False, True, False), (True, None, True), (None, True, None), (None, None, None)],
)
def test_the_stricter_answer_wins(shop: Shop, ours: bool | None, theirs: bool | None, after: bool | None) -> None:
    kept, gone = two(shop)
    for customer, given in ((kept, ours), (gone, theirs)):
        if given is not None:
            record_consent(shop, STAFF, customer.id, ConsentProof(given, shop.clock(), ConsentMethod.FORM, "News"))
    consent = merge(shop, kept, gone).consent
    assert (consent and consent.given) is after


def test_what_is_in_flight_or_has_two_accounts_is_refused(shop: Shop) -> None:
    kept, gone = two(shop)
    with pytest.raises(PermissionDeniedError):
        begin_merge(shop, STAFF, kept.id, gone.id)
    with pytest.raises(InvalidInputError):
        begin_merge(shop, MANAGER, kept.id, kept.id)
    for customer, name in ((kept, "1"), (gone, "2")):
        shop.store.put(Put(schema.identity_key(f"id#{name}"), {"customer": customer.id}))
    with pytest.raises(MergeRefusedError, match="id of their own"):
        begin_merge(shop, MANAGER, kept.id, gone.id)
    ledger.request(shop, replace(a_message("welcome-1"), recipient=gone.id, customer_id=gone.id))
    with pytest.raises(MergeRefusedError, match="waiting to be sent"):
        begin_merge(shop, MANAGER, kept.id, gone.id, two_accounts=True)


def test_a_merge_that_was_begun_goes_on_and_orders_that_come_meanwhile_move_too(shop: Shop) -> None:
    kept, gone = two(shop)
    for number in range(30):
        add_order(shop, gone, 100 + number)
    begun = begin_merge(shop, MANAGER, kept.id, gone.id)
    assert finish_merge(shop, begun, seconds=0) == begun
    assert_totals_hold(shop)
    late = orders.place_order(shop, STAFF, draft(gone, 700), orders.new_idempotency_key(shop)).order
    assert late.customer_id == kept.id
    while work_on_merges(shop):
        assert_totals_hold(shop)
    assert find_merge(shop, gone.id).step is MergeStep.DONE  # type: ignore[union-attr]
    assert begin_merge(shop, MANAGER, kept.id, gone.id).is_done
    assert get_customer(shop, kept.id).orders == 31
    assert_sound(shop)


@pytest.mark.parametrize("seed", range(6))
def test_totals_equal_a_recount_after_any_merges(shop: Shop, seed: int) -> None:
    chance = random.Random(seed)
    people = [
        add_customer(
            shop, f"Customer {n}", f"c{n}@example.com", country=chance.choice(["", "DE"]), tags=["tea"][: n % 2]
        )
        for n in range(5)
    ]
    for _ in range(40):
        placed = add_order(
            shop, chance.choice(people), chance.randint(0, 5000),
            placed_at=shop.clock() - timedelta(days=chance.randint(0, 400)),
        )  # fmt: skip
        if chance.random() < 0.2:
            orders.change_status(shop, STAFF, ref(placed), OrderStatus.CANCELLED)
    while len(people) > 1:
        kept, gone = chance.sample(people, 2)
        people.remove(gone)
        merge(shop, kept, gone)
        assert_sound(shop)


def test_an_erasure_takes_what_came_from_the_other(shop: Shop) -> None:
    kept, gone = two(shop)
    ledger.request(
        shop,
        replace(
            a_message("welcome-1"), recipient=gone.id, customer_id=gone.id, to="mraia@example.com", name="Mraia",
            status=MessageStatus.SKIPPED,
        ),
    )  # fmt: skip
    merge(shop, kept, gone)
    erasing.finish(shop, erasure.erase_customer(shop, MANAGER, kept.id))
    rows = [row for table in (schema.SHOP, schema.MAIL) for row in shop.store.scan(table).rows]
    assert [row.key for row in rows if "mraia" in str(row).casefold()] == []
    with pytest.raises(NotFoundError):
        get_customer(shop, gone.id)
