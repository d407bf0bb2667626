"""Customers: created, edited, tagged, archived and asked for consent, with their unique address and their counters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest

from backend.domain.customers import LISTED_TAGS, MOST_TAGS, ActivityKind, ConsentSource
from backend.errors import (
    AlreadyExistsError,
    ConflictError,
    EmailTakenError,
    InvalidInputError,
    NotFoundError,
    PermissionDeniedError,
)
from backend.services.context import Shop
from backend.services.customers import customers, leaderboards
from backend.services.customers.customers import Profile
from backend.services.customers.leaderboards import Measure
from backend.services.statistics import figures
from tests.support import (
    ADMIN,
    ENGINEER,
    MANAGER,
    NOW,
    STAFF,
    TestClock,
    add_customer,
    add_order,
    opened_shop,
    outcomes_of,
)


def test_a_created_customer_is_read_back_as_entered(shop: Shop) -> None:
    profile = Profile("  Zoë Müller ", "Zoe.Mueller@Example.com", "de", "Köln", "+49 221 1", ("VIP", "vip", "Tea"))
    created = customers.create_customer(shop, STAFF, profile, consent=True)
    read = customers.get_customer(shop, created.id)
    assert read == created
    assert (read.name, read.country, read.city, read.tags) == ("Zoë Müller", "DE", "Köln", ("vip", "tea"))
    assert read.email == "Zoe.Mueller@example.com"
    assert read.created_at == NOW


def test_consent_says_when_where_and_by_whom(shop: Shop) -> None:
    created = add_customer(shop, consent=True)
    assert created.consent is not None
    assert (created.consent.given, created.consent.at) == (True, NOW)
    assert (created.consent.source, created.consent.by) == (ConsentSource.STAFF, "sam")


def test_a_customer_who_was_not_asked_has_no_consent(shop: Shop) -> None:
    assert add_customer(shop).consent is None


def test_a_refused_consent_is_kept_as_an_answer(shop: Shop) -> None:
    customer = add_customer(shop)
    changed = customers.set_consent(shop, STAFF, customer.id, 1, given=False)
    assert changed.consent is not None
    assert not changed.consent.given


def test_nobody_without_an_address_can_consent(shop: Shop) -> None:
    customer = add_customer(shop, email="")
    with pytest.raises(InvalidInputError, match="without an email address"):
        customers.set_consent(shop, STAFF, customer.id, 1, given=True)
    with pytest.raises(InvalidInputError, match="without an email address"):
        add_customer(shop, email="", consent=True)


def test_several_customers_may_have_no_address(shop: Shop) -> None:
    assert add_customer(shop, email="").id != add_customer(shop, email=" ").id


@pytest.mark.parametrize("address", ["Maria@Example.com", "MARIA@EXAMPLE.COM", " maria@example.com "])
def test_an_address_that_is_taken_names_its_customer_whatever_the_case(shop: Shop, address: str) -> None:
    owner = add_customer(shop, "Maria Lopez", "maria@example.com")
    with pytest.raises(EmailTakenError, match="Maria Lopez") as caught:
        add_customer(shop, "Somebody Else", address)
    assert caught.value.customer_id == owner.id


def test_a_customer_is_found_by_address_whatever_its_case(shop: Shop) -> None:
    owner = add_customer(shop, email="Maria@example.com")
    assert customers.find_by_email(shop, "mARIA@EXAMPLE.com") == owner
    assert customers.find_by_email(shop, "nobody@example.com") is None
    assert customers.find_by_email(shop, "not an address") is None


def test_an_edit_frees_the_old_address_and_takes_the_new_one(shop: Shop) -> None:
    customer = add_customer(shop, email="old@example.com")
    customers.edit_customer(shop, STAFF, customer.id, 1, Profile("Maria", "new@example.com"))
    second = add_customer(shop, "Second", "old@example.com")
    assert customers.find_by_email(shop, "old@example.com") == second
    with pytest.raises(EmailTakenError, match="Maria"):
        add_customer(shop, email="NEW@example.com")


def test_an_edit_to_an_address_that_is_taken_changes_nothing(shop: Shop) -> None:
    add_customer(shop, "Owner", "taken@example.com")
    customer = add_customer(shop, "Maria", "maria@example.com")
    with pytest.raises(EmailTakenError, match="Owner"):
        customers.edit_customer(shop, STAFF, customer.id, 1, Profile("Renamed", "Taken@example.com"))
    assert customers.get_customer(shop, customer.id) == customer
    assert customers.find_by_email(shop, "maria@example.com") == customer


def test_removing_the_address_frees_it(shop: Shop) -> None:
    customer = add_customer(shop, email="maria@example.com")
    changed = customers.edit_customer(shop, STAFF, customer.id, 1, Profile("Maria"))
    assert changed.email is None
    assert customers.get_customer(shop, customer.id).email is None
    assert customers.find_by_email(shop, "maria@example.com") is None


def test_changing_only_the_case_of_an_address_is_allowed(shop: Shop) -> None:
    customer = add_customer(shop, email="maria@example.com")
    customers.edit_customer(shop, STAFF, customer.id, 1, Profile("Maria", "Maria@example.com"))
    found = customers.find_by_email(shop, "maria@example.com")
    assert found is not None
    assert found.email == "Maria@example.com"


def test_of_two_people_editing_one_customer_the_second_is_warned(shop: Shop) -> None:
    customer = add_customer(shop)
    customers.edit_customer(shop, STAFF, customer.id, 1, Profile("First", customer.email or ""))
    with pytest.raises(ConflictError, match="Someone else has changed this customer"):
        customers.edit_customer(shop, ADMIN, customer.id, 1, Profile("Second", customer.email or ""))
    assert customers.get_customer(shop, customer.id).name == "First"


def test_an_edit_that_changes_nothing_leaves_no_trace(shop: Shop) -> None:
    customer = add_customer(shop)
    same = customers.edit_customer(shop, STAFF, customer.id, 1, Profile(customer.name, customer.email or ""))
    assert same.version == 1
    assert len(customers.activity_of(shop, customer.id)) == 1


def test_an_order_at_the_same_time_is_no_conflict_with_an_edit(shop: Shop) -> None:
    customer = add_customer(shop)
    add_order(shop, customer, 500)
    edited = customers.edit_customer(shop, STAFF, customer.id, 1, Profile("Renamed", customer.email or ""))
    assert (edited.orders, edited.revenue) == (1, 500)
    assert customers.get_customer(shop, customer.id) == edited


def test_a_rename_reaches_every_leaderboard(shop: Shop, clock: TestClock) -> None:
    customer = add_customer(shop, "Old Name", country="DE")
    for months_ago in range(3):
        add_order(shop, customer, placed_at=NOW.replace(month=11 - months_ago))
    customers.edit_customer(shop, STAFF, customer.id, 1, Profile("New Name", "new@example.com", "FR"))
    for month in ("", "2026-11", "2026-10", "2026-09"):
        (best,) = leaderboards.top_customers(shop, Measure.REVENUE, month)
        assert (best.name, best.email, best.country) == ("New Name", "new@example.com", "FR")


def test_a_profile_can_be_replaced_altogether_in_one_edit(shop: Shop) -> None:
    words = " ".join(f"word{number:02}" for number in range(16))
    customer = add_customer(shop, words, "a@example.com", country="DE", tags=[f"old{n}" for n in range(MOST_TAGS)])
    for month in range(1, 12):
        add_order(shop, customer, placed_at=NOW.replace(month=month))
    new_words = words.replace("word", "other")
    tags = tuple(f"new{n:03}" for n in range(MOST_TAGS))
    edited = customers.edit_customer(shop, STAFF, customer.id, 1, Profile(new_words, "b@example.com", "FR", tags=tags))
    assert customers.get_customer(shop, customer.id) == edited
    assert figures.counts_of(shop, "tag") == dict.fromkeys(tags[:LISTED_TAGS], 1)


def test_more_tags_than_a_customer_can_have_are_refused(shop: Shop) -> None:
    customer = add_customer(shop)
    tags = [f"tag{number}" for number in range(MOST_TAGS + 1)]
    with pytest.raises(InvalidInputError, match="tags at most"):
        customers.set_tags(shop, STAFF, customer.id, 1, tags)
    with pytest.raises(InvalidInputError, match="tags at most"):
        add_customer(shop, tags=tags)


def test_counters_follow_tags_countries_and_archiving(shop: Shop) -> None:
    one = add_customer(shop, country="DE", tags=["vip"])
    add_customer(shop, country="DE", tags=["vip", "tea"])
    add_customer(shop)
    assert figures.counts_of(shop, "country") == {"DE": 2, "-": 1}
    assert figures.counts_of(shop, "tag") == {"vip": 2, "tea": 1}
    archived = customers.archive_customer(shop, STAFF, one.id, 1)
    assert figures.counts_of(shop, "country") == {"-": 1, "DE": 1}
    assert figures.counts_of(shop, "tag") == {"tea": 1, "vip": 1}
    restored = customers.restore_customer(shop, STAFF, one.id, archived.version)
    customers.set_tags(shop, STAFF, one.id, restored.version, ["tea"])
    assert figures.counts_of(shop, "country") == {"DE": 2, "-": 1}
    assert figures.counts_of(shop, "tag") == {"tea": 2, "vip": 1}


def test_archiving_twice_counts_once(shop: Shop) -> None:
    customer = add_customer(shop, country="DE")
    archived = customers.archive_customer(shop, STAFF, customer.id, 1)
    assert customers.archive_customer(shop, STAFF, customer.id, archived.version) == archived
    assert figures.counts_of(shop, "country") == {}


def test_activity_says_what_happened_newest_first_without_old_values(shop: Shop, clock: TestClock) -> None:
    customer = add_customer(shop, "Maria Lopez")
    clock.forward(minutes=1)
    customers.add_note(shop, MANAGER, customer.id, "Prefers\nred paper")
    clock.forward(minutes=1)
    customers.edit_customer(shop, ADMIN, customer.id, 1, Profile("Maria Perez", customer.email or "", "ES"))
    edited, note, created = customers.activity_of(shop, customer.id)
    assert (edited.kind, edited.by, edited.text) == (ActivityKind.EDITED, "ada", "name, country")
    assert (note.kind, note.by, note.text) == (ActivityKind.NOTE, "mara", "Prefers\nred paper")
    assert (created.kind, created.at) == (ActivityKind.CREATED, NOW)


def test_a_note_about_nobody_is_refused(shop: Shop) -> None:
    with pytest.raises(NotFoundError):
        customers.add_note(shop, STAFF, "NOBODY0000", "Hello")
    with pytest.raises(NotFoundError):
        customers.get_customer(shop, "")


def test_engineers_may_not_change_customers(shop: Shop) -> None:
    customer = add_customer(shop)
    profile = Profile("Maria")
    for attempt in (
        lambda: customers.create_customer(shop, ENGINEER, profile),
        lambda: customers.edit_customer(shop, ENGINEER, customer.id, 1, profile),
        lambda: customers.set_tags(shop, ENGINEER, customer.id, 1, ["vip"]),
        lambda: customers.set_consent(shop, ENGINEER, customer.id, 1, given=True),
        lambda: customers.archive_customer(shop, ENGINEER, customer.id, 1),
        lambda: customers.restore_customer(shop, ENGINEER, customer.id, 1),
        lambda: customers.add_note(shop, ENGINEER, customer.id, "Hello"),
    ):
        with pytest.raises(PermissionDeniedError, match="engineer"):
            attempt()
    assert customers.get_customer(shop, customer.id) == customer
    assert len(customers.activity_of(shop, customer.id)) == 1


def test_managers_may_change_customers(shop: Shop) -> None:
    assert add_customer(shop, actor=MANAGER).version == 1


# --- bad input ---------------------------------------------------------------------------------------------------

_MEGABYTE = "x" * 1_000_000


@pytest.mark.parametrize(
    ("profile", "field"),
    [
        (Profile(""), "name"),
        (Profile("   "), "name"),
        (Profile("\u200b\u200b"), "name"),
        (Profile(_MEGABYTE), "name"),
        (Profile("Maria\x00Lopez"), "name"),
        (Profile("Maria\nLopez"), "name"),
        (Profile("Maria\u2028Lopez"), "name"),
        (Profile("Maria \u202egnp.exe"), "name"),
        (Profile("Maria\ud800"), "name"),
        (Profile("Maria", "maria"), "email"),
        (Profile("Maria", "maria@"), "email"),
        (Profile("Maria", "maria@@example.com"), "email"),
        (Profile("Maria", "maria@example"), "email"),
        (Profile("Maria", "maria lopez@example.com"), "email"),
        (Profile("Maria", "maria@example.com\nBcc: all@example.com"), "email"),
        (Profile("Maria", "maria@example.com\x00"), "email"),
        (Profile("Maria", _MEGABYTE + "@example.com"), "email"),
        (Profile("Maria", country="Germany"), "country"),
        (Profile("Maria", country="D1"), "country"),
        (Profile("Maria", country="ÄÖ"), "country"),
        (Profile("Maria", city="x" * 101), "city"),
        (Profile("Maria", phone="\u202e123"), "phone"),
        (Profile("Maria", tags=("",)), "tag"),
        (Profile("Maria", tags=("a#b",)), "tag"),
        (Profile("Maria", tags=("a,b",)), "tag"),
        (Profile("Maria", tags=("x" * 51,)), "tag"),
    ],
)
def test_what_cannot_be_kept_is_refused_with_its_field_and_a_sentence(shop: Shop, profile: Profile, field: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        customers.create_customer(shop, STAFF, profile)
    assert caught.value.field == field
    assert caught.value.sentence.endswith((".", ")"))
    assert len(caught.value.sentence) < 400


def test_html_in_a_text_is_kept_as_text(shop: Shop) -> None:
    name = "<script>alert(1)</script> & <b>Co</b>"
    assert customers.get_customer(shop, add_customer(shop, name).id).name == name


@pytest.mark.parametrize("note", ["", "  ", _MEGABYTE, "x" * 5001, "a\x07b", "\u202eabc"])
def test_notes_that_cannot_be_kept_are_refused(shop: Shop, note: str) -> None:
    customer = add_customer(shop)
    with pytest.raises(InvalidInputError):
        customers.add_note(shop, STAFF, customer.id, note)


def test_right_to_left_names_are_welcome(shop: Shop) -> None:
    assert add_customer(shop, "مريم لوبيز").name == "مريم لوبيز"


# --- several at once ---------------------------------------------------------------------------------------------


def test_of_sixteen_people_who_take_one_address_one_gets_it(shared_shop: Shop) -> None:
    calls = [partial(add_customer, shared_shop, f"Person {n}", "Same@example.com") for n in range(16)]
    outcomes = outcomes_of(calls)
    errors = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    assert len(errors) == 15
    assert all(isinstance(error, EmailTakenError) for error in errors)
    assert figures.counts_of(shared_shop, "country") == {"-": 1}


def test_of_sixteen_people_who_edit_one_customer_one_wins(shared_shop: Shop) -> None:
    customer = add_customer(shared_shop, email="")
    calls = [
        partial(customers.edit_customer, shared_shop, STAFF, customer.id, 1, Profile(f"Name {n}")) for n in range(16)
    ]
    outcomes = outcomes_of(calls)
    (winner,) = [outcome for outcome in outcomes if not isinstance(outcome, BaseException)]
    assert all(isinstance(outcome, ConflictError) for outcome in outcomes if isinstance(outcome, BaseException))
    assert customers.get_customer(shared_shop, customer.id) == replace(winner, version=2)


def test_a_rename_while_orders_come_in_reaches_all_months(shared_shop: Shop) -> None:
    customer = add_customer(shared_shop, "Old Name")
    rename = partial(
        customers.edit_customer, shared_shop, STAFF, customer.id, 1, Profile("New Name", customer.email or "")
    )
    placing = [partial(add_order, shared_shop, customer, placed_at=NOW.replace(month=m)) for m in range(1, 12)]
    calls: list[Callable[[], object]] = [*placing[:6], rename, *placing[6:]]
    outcomes = outcomes_of(calls)
    assert not [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    for month in range(1, 12):
        (best,) = leaderboards.top_customers(shared_shop, Measure.ORDERS, f"2026-{month:02}")
        assert best.name == "New Name"


def test_an_id_that_is_taken_is_not_overwritten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(customers, "new_customer_id", lambda: "AAAAAAAAAA")
    with opened_shop() as shop:
        add_customer(shop, "First")
        with pytest.raises(AlreadyExistsError, match="taken"):
            add_customer(shop, "Second")
        assert customers.get_customer(shop, "AAAAAAAAAA").name == "First"


def test_a_name_is_made_of_its_two_parts_and_each_may_change(shop: Shop) -> None:
    made = customers.create_customer(shop, STAFF, Profile("", given_name=" Mary Ann ", family_name="de la Cruz"))
    assert (made.name, made.given_name, made.family_name, made.greeting) == (
        "Mary Ann de la Cruz",
        "Mary Ann",
        "de la Cruz",
        "Mary Ann",
    )
    same = customers.edit_customer(shop, STAFF, made.id, 1, Profile(made.name, city="Lyon"))
    assert (same.given_name, same.family_name) == ("Mary Ann", "de la Cruz")
    married = Profile("", city="Lyon", given_name="Mary Ann", family_name="Weber")
    assert customers.edit_customer(shop, STAFF, made.id, 2, married).name == "Mary Ann Weber"
    renamed = customers.edit_customer(shop, STAFF, made.id, 3, Profile("Shop of Mary"))
    assert (renamed.name, renamed.given_name, renamed.family_name) == ("Shop of Mary", "", "")
