"""Finding and listing customers: by the beginning of any word, by tag and country, in pages without gaps."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backend.errors import InvalidInputError
from backend.services.context import Shop
from backend.services.customers import customers, lists
from backend.services.customers.customers import Profile
from backend.services.customers.lists import CustomerFilter, CustomerPage, Sort
from backend.store.limits import encode_cursor
from backend.store.meter import Meter, access_pattern
from tests.support import STAFF, TestClock, add_customer, add_order, opened_shop


def _pages(shop: Shop, wanted: CustomerFilter, limit: int = 50) -> list[CustomerPage]:
    pages = [lists.list_customers(shop, wanted, limit=limit)]
    while pages[-1].cursor:
        pages.append(lists.list_customers(shop, wanted, limit=limit, cursor=pages[-1].cursor))
    return pages


def _names(shop: Shop, wanted: CustomerFilter, limit: int = 50) -> list[str]:
    return [each.name for page in _pages(shop, wanted, limit) for each in page.customers]


def _found(shop: Shop, search: str, **rest: object) -> list[str]:
    return sorted(_names(shop, CustomerFilter(search=search, **rest)))  # type: ignore[arg-type]


# --- search ------------------------------------------------------------------------------------------------------


@pytest.fixture
def people(shop: Shop) -> Shop:
    for name, email in (
        ("Maria Lopez", "maria.lopez@example.com"),
        ("José María Álvarez", "chema@example.org"),
        ("Søren Łukasz O'Neil-Smith", "soren@example.net"),
        ("Straßer & Söhne", ""),
        ("王小明", "wang@example.cn"),
        ("김민준", ""),
        ("नीला शर्मा", ""),
        ("Мария Петрова", ""),
        ("Renée d'Arc", "jeanne_d_arc+shop@example.com"),
    ):
        add_customer(shop, name, email)
    return shop


@pytest.mark.parametrize(
    ("search", "names"),
    [
        ("mar", ["José María Álvarez", "Maria Lopez"]),
        ("MARÍA", ["José María Álvarez", "Maria Lopez"]),
        ("lop", ["Maria Lopez"]),
        ("opez", []),
        ("lopez maria", ["Maria Lopez"]),
        ("ma lo", ["Maria Lopez"]),
        ("maria alvarez", ["José María Álvarez"]),
        ("maria smith", []),
        ("alvarez", ["José María Álvarez"]),
        ("a\u0301lvarez", ["José María Álvarez"]),
        ("soren", ["Søren Łukasz O'Neil-Smith"]),
        ("søren lukasz", ["Søren Łukasz O'Neil-Smith"]),
        ("o'neil", ["Søren Łukasz O'Neil-Smith"]),
        ("neil-smi", ["Søren Łukasz O'Neil-Smith"]),
        ("strasser", ["Straßer & Söhne"]),
        ("sohne", ["Straßer & Söhne"]),
        ("王", ["王小明"]),
        ("王小", ["王小明"]),
        ("김", ["김민준"]),
        ("शर्मा", ["नीला शर्मा"]),
        ("нет", []),
        ("мар", ["Мария Петрова"]),
        ("renee", ["Renée d'Arc"]),
        ("jeanne_d", ["Renée d'Arc"]),
        ("chema", ["José María Álvarez"]),
        ("maria.lopez", ["Maria Lopez"]),
        ("maria.lopez@example.com", ["Maria Lopez"]),
        ("MARIA.LOPEZ@EXAMPLE.COM", ["Maria Lopez"]),
        ("maria.lopez@exa", ["Maria Lopez"]),
        ("jeanne_d_arc+shop@example.com", ["Renée d'Arc"]),
        ("example.org", ["José María Álvarez"]),
        ("@example.cn", ["王小明"]),
        ("maria a.b", []),
    ],
)
def test_customers_are_found_by_the_beginnings_of_their_words(people: Shop, search: str, names: list[str]) -> None:
    assert _found(people, search) == sorted(names)


@pytest.mark.parametrize("search", ["m", " m ", "-", "@", "a b c", "м", "#", "\x00", "🎉"])
def test_a_search_that_would_find_everybody_is_refused(people: Shop, search: str) -> None:
    with pytest.raises(InvalidInputError, match="at least two letters"):
        lists.list_customers(people, CustomerFilter(search=search))


def test_a_search_of_nothing_but_spaces_is_no_search(people: Shop) -> None:
    assert len(_names(people, CustomerFilter(search="   ", sort=Sort.NEWEST))) == 9


def test_a_search_of_a_megabyte_finds_nothing(people: Shop) -> None:
    assert _found(people, "maria " * 200_000) != []
    assert _found(people, "x" * 1_000_000) == []


def test_a_name_of_many_words_is_found_by_its_longest(shop: Shop) -> None:
    add_customer(shop, " ".join(f"name{number:02}" for number in range(25)), "")
    assert len(_found(shop, "name00")) == 1


def test_long_words_are_found_in_full(shop: Shop) -> None:
    add_customer(shop, "x" * 60)
    assert len(_found(shop, "x" * 60)) == 1
    assert len(_found(shop, "x" * 41)) == 1


def test_a_renamed_customer_is_found_by_the_new_words_only(shop: Shop) -> None:
    customer = add_customer(shop, "Maria Lopez", "maria@example.com")
    customers.edit_customer(shop, STAFF, customer.id, 1, Profile("Maria Perez", "mp@example.com"))
    assert _found(shop, "perez") == ["Maria Perez"]
    assert _found(shop, "lopez") == []
    assert _found(shop, "maria") == ["Maria Perez"]


def test_a_search_within_a_tag_or_country_finds_those_alone(shop: Shop) -> None:
    add_customer(shop, "Maria One", country="DE", tags=["vip"])
    add_customer(shop, "Maria Two", country="FR")
    assert _found(shop, "maria", tag="vip") == ["Maria One"]
    assert _found(shop, "maria", country="FR") == ["Maria Two"]
    assert _found(shop, "maria", tag="vip", country="FR") == []


def test_a_search_that_matches_too_many_says_so(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "_MATCHES", 5)
    for number in range(6):
        add_customer(shop, f"Maria {number}")
    page = lists.list_customers(shop, CustomerFilter(search="maria"))
    assert len(page.customers) == 5
    assert "More than 5 customers match" in page.note


def test_a_whole_address_is_found_however_many_share_each_of_its_words(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "_MATCHES", 3)
    for number in range(9):
        add_customer(shop, f"Maria Lopez {number}", f"maria.lopez{number}@example.com")
    assert _found(shop, "MARIA.LOPEZ7@example.com") == ["Maria Lopez 7"]
    assert _found(shop, "maria.lopez7@exam") == ["Maria Lopez 7"]


def test_another_word_narrows_a_search_that_too_many_match(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "_MATCHES", 3)
    for number in range(9):
        add_customer(shop, f"Maximilian {chr(ord('a') + number) * 3}", "")
    assert _found(shop, "maximilian eee") == ["Maximilian eee"]
    page = lists.list_customers(shop, CustomerFilter(search="maximilian"))
    assert "More than 3 customers match" in page.note


def test_customers_with_two_words_of_one_beginning_do_not_hide_that_there_are_more(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "_MATCHES", 4)
    for _ in range(3):
        add_customer(shop, "Maria Mariana", "")
    assert "More than 4" in lists.list_customers(shop, CustomerFilter(search="maria")).note


def test_archived_customers_are_found_when_asked_for_alone(shop: Shop) -> None:
    add_customer(shop, "Maria Here")
    gone = add_customer(shop, "Maria Gone", country="DE", tags=["vip"])
    customers.archive_customer(shop, STAFF, gone.id, 1)
    assert _found(shop, "maria") == ["Maria Here"]
    assert _found(shop, "maria", archived=True) == ["Maria Gone"]
    assert _names(shop, CustomerFilter(tag="vip")) == []
    assert _names(shop, CustomerFilter(tag="vip", archived=True)) == ["Maria Gone"]
    assert _names(shop, CustomerFilter(country="DE", sort=Sort.NEWEST, archived=True)) == ["Maria Gone"]


@pytest.mark.parametrize("matches", [3, 500])
@pytest.mark.parametrize("sort", list(Sort))
def test_all_archived_customers_are_listed_whether_few_or_many_and_whether_they_ordered(
    shop: Shop, clock: TestClock, monkeypatch: pytest.MonkeyPatch, matches: int, sort: Sort
) -> None:
    monkeypatch.setattr(lists, "_MATCHES", matches)
    for number in range(12):
        customer = add_customer(shop, f"Customer {number:02}", country="DE" if number % 2 else "FR")
        if number % 3 == 0:
            add_order(shop, customer, 100 * number)
        if number < 9:
            customers.archive_customer(shop, STAFF, customer.id, 1)
        clock.forward(seconds=1)
    wanted = CustomerFilter(archived=True, sort=sort)
    found = _numbers(_names(shop, wanted, 4))
    assert sorted(found) == list(range(9))
    if sort is Sort.NEWEST or matches == 3:
        assert found == list(reversed(range(9)))
    elif sort is Sort.REVENUE:
        assert found[:2] == [6, 3]
    assert sorted(_numbers(_names(shop, replace(wanted, country="DE"), 4))) == [1, 3, 5, 7]


def test_restored_customers_leave_the_list_of_the_archived(shop: Shop) -> None:
    customer = add_customer(shop, "Maria")
    customers.archive_customer(shop, STAFF, customer.id, 1)
    customers.restore_customer(shop, STAFF, customer.id, 2)
    assert _names(shop, CustomerFilter(archived=True)) == []
    assert _names(shop, CustomerFilter(sort=Sort.NEWEST)) == ["Maria"]


# --- lists -------------------------------------------------------------------------------------------------------


@pytest.fixture
def crowd(shop: Shop, clock: TestClock) -> Shop:
    """30 customers, a second apart: every second is a vip, every third from DE; number n has n orders of 1.00 each."""
    for number in range(30):
        customer = add_customer(
            shop,
            f"Customer {number:02}",
            country="DE" if number % 3 == 0 else "FR",
            tags=["vip"] if number % 2 == 0 else [],
        )
        for _ in range(number % 5):
            add_order(shop, customer, 100 * (30 - number))
        clock.forward(seconds=1)
    return shop


def _numbers(names: list[str]) -> list[int]:
    return [int(name[-2:]) for name in names]


_BUYERS = [number for number in range(30) if number % 5]


def _by_revenue(number: int) -> int:
    return -(number % 5) * (30 - number)


@pytest.mark.parametrize("limit", [1, 4, 7, 30, 100])
@pytest.mark.parametrize("matches", [3, 500])
@pytest.mark.parametrize(
    ("tag", "country"),
    [("", ""), ("vip", ""), ("", "DE"), ("vip", "DE")],
)
def test_lists_are_complete_sorted_and_without_doubles_whether_a_tag_is_small_or_large(
    crowd: Shop, monkeypatch: pytest.MonkeyPatch, limit: int, matches: int, tag: str, country: str
) -> None:
    monkeypatch.setattr(lists, "_MATCHES", matches)
    members = [n for n in range(30) if (not tag or n % 2 == 0) and (not country or n % 3 == 0)]
    newest = _numbers(_names(crowd, CustomerFilter(tag=tag, country=country, sort=Sort.NEWEST), limit))
    assert newest == sorted(members, reverse=True)
    small = (tag or country) and matches == 500
    listed = members if small else [n for n in members if n in _BUYERS]
    revenue = _numbers(_names(crowd, CustomerFilter(tag=tag, country=country, sort=Sort.REVENUE), limit))
    assert [_by_revenue(n) for n in revenue] == sorted(_by_revenue(n) for n in listed)
    assert sorted(revenue) == sorted(listed)
    by_orders = _numbers(_names(crowd, CustomerFilter(tag=tag, country=country, sort=Sort.ORDERS), limit))
    assert [-(n % 5) for n in by_orders] == sorted(-(n % 5) for n in listed)
    assert sorted(by_orders) == sorted(listed)


def test_a_list_shows_what_the_profile_says(shop: Shop) -> None:
    customer = add_customer(shop, "Maria", "maria@example.com", country="ES", tags=["vip"])
    add_order(shop, customer, 700)
    for wanted in (
        CustomerFilter(),
        CustomerFilter(sort=Sort.NEWEST),
        CustomerFilter(tag="vip"),
        CustomerFilter(search="maria"),
    ):
        (found,) = lists.list_customers(shop, wanted).customers
        assert (found.id, found.name, found.email) == (customer.id, "Maria", "maria@example.com")
        assert (found.country, found.tags, found.orders, found.revenue) == ("ES", ("vip",), 1, 700)
        assert found.created_at == customer.created_at


def test_a_list_that_looks_at_many_stops_says_so_and_goes_on(crowd: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "_MATCHES", 3)
    monkeypatch.setattr(lists, "_SCAN", 4)
    pages = _pages(crowd, CustomerFilter(tag="vip", country="DE", sort=Sort.REVENUE), limit=10)
    assert "Looked at 4 customers" in pages[0].note
    names = [each.name for page in pages for each in page.customers]
    assert sorted(_numbers(names)) == [n for n in _BUYERS if n % 6 == 0]


def test_customers_created_at_one_moment_are_all_listed(shop: Shop) -> None:
    ids = {add_customer(shop, country="DE").id for _ in range(9)}
    for wanted in (CustomerFilter(sort=Sort.NEWEST), CustomerFilter(country="DE", sort=Sort.NEWEST)):
        assert {each.id for page in _pages(shop, wanted, 2) for each in page.customers} == ids


@pytest.mark.parametrize(
    "wanted",
    [
        CustomerFilter(),
        CustomerFilter(sort=Sort.NEWEST),
        CustomerFilter(tag="vip"),
        CustomerFilter(search="customer"),
    ],
)
@pytest.mark.parametrize(
    "cursor", ["nonsense", encode_cursor({"other": "x"}), encode_cursor({"rank": "x"}), "bnVsbA=="]
)
def test_a_page_link_of_another_list_is_refused(crowd: Shop, wanted: CustomerFilter, cursor: str) -> None:
    with pytest.raises(InvalidInputError, match="first page"):
        lists.list_customers(crowd, wanted, cursor=cursor)


def test_pages_of_the_whole_list_cost_the_same_first_and_last() -> None:
    meter = Meter()
    with opened_shop(meter=meter) as shop:
        for number in range(60):
            add_order(shop, add_customer(shop), number)
        for sort in Sort:
            pages, cursor = [], None
            for number in range(6):
                with access_pattern(f"{sort} {number}"):
                    cursor = lists.list_customers(shop, CustomerFilter(sort=sort), limit=10, cursor=cursor).cursor
                pages.append(meter.usage()[f"{sort} {number}"].requests)
            assert max(pages) <= min(pages) + 8
