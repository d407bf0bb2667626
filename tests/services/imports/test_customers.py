"""Plain tables of customers: what the columns are, what becomes of a row, and what is refused."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import pytest

from backend.domain.customers import LISTED_TAGS, MOST_TAGS, ConsentMethod, ConsentProof, ConsentSource
from backend.domain.imports import ImportResult
from backend.errors import InvalidInputError
from backend.services.context import Shop
from backend.services.customers import customers
from backend.services.customers.customers import activity_of, consent_history, find_by_email, get_customer
from backend.services.customers.leaderboards import Measure, top_customers
from backend.services.customers.lists import CustomerFilter, list_customers
from backend.services.exports import Format, export_customers
from backend.services.imports import guess_mapping, import_customers, read_preview
from backend.services.statistics.figures import counts_of
from tests.services.imports.shopify_csv import faults, written
from tests.support import MANAGER, NOW, STAFF, add_customer, add_order

HEADER = "E-Mail;Full name;Land;Town;Mobile;Groups;Newsletter"
MAPPING = {
    "email": "E-Mail", "name": "Full name", "country": "Land", "city": "Town",
    "phone": "Mobile", "tags": "Groups", "consent": "Newsletter",
}  # fmt: skip


def imported(shop: Shop, *rows: str, header: str = HEADER, mapping: Mapping[str, str] = MAPPING) -> ImportResult:
    return import_customers(shop, STAFF, written(shop.data_dir, "\n".join((header, *rows)) + "\n"), mapping)


def test_a_row_becomes_a_customer_who_can_be_found(shop: Shop) -> None:
    result = imported(shop, "Maria@Example.com;María López;Germany;Köln;'+49 30 1;VIP, tea;yes")

    assert result.figures() | {"seconds": 0} == {
        "customers": {"created": 1, "updated": 0, "unchanged": 0, "failed": 0},
        "seconds": 0,
    }
    customer = find_by_email(shop, "maria@example.com")
    assert customer is not None
    assert (customer.name, customer.country, customer.city, customer.phone) == ("María López", "DE", "Köln", "+49 30 1")
    assert (customer.tags, customer.source, customer.orders) == (("vip", "tea"), "import", 0)
    assert customer.consent is not None
    assert (customer.consent.given, customer.consent.source) == (True, ConsentSource.IMPORT)
    assert [activity.text for activity in activity_of(shop, customer.id)] == ["Imported"]
    assert [c.id for c in list_customers(shop, CustomerFilter(search="lop")).customers] == [customer.id]
    assert counts_of(shop, "country") == {"DE": 1}


def test_the_proof_of_a_consent_is_taken_over(shop: Shop) -> None:
    header = "Email,Consent,CONFIRM_TIME,CONFIRM_IP,Consent text"
    row = "maria@example.com,yes,2026-01-02 10:00:00,192.0.2.7,Send me news"
    mapping = guess_mapping(header.split(","))
    result = imported(shop, row, "olga@example.com,yes,01/02/26,my house,", header=header, mapping=mapping)
    maria, olga = (find_by_email(shop, f"{name}@example.com") for name in ("maria", "olga"))
    assert maria is not None
    assert olga is not None
    assert maria.consent is not None
    at = datetime(2026, 1, 2, 10, tzinfo=shop.zone)
    expected = ConsentProof(True, at, ConsentMethod.IMPORT, "Send me news", "", "192.0.2.7")
    assert [each.proof for each in consent_history(shop, maria.id)] == [expected]
    assert maria.consent.at == at
    assert [(each.proof.at, each.proof.ip) for each in consent_history(shop, olga.id) if each.proof] == [(NOW, "")]
    assert result.repaired == 2  # a date that can be read in two ways, and no address


def test_the_same_file_again_writes_nothing_and_undoes_nothing(shop: Shop) -> None:
    row = "maria@example.com;Maria;DE;;;;"
    imported(shop, row)
    customer = find_by_email(shop, "maria@example.com")
    assert customer is not None
    customers.edit_customer(shop, STAFF, customer.id, customer.version, customers.Profile("Mia", "maria@example.com"))
    before = shop.store.scan("shop", limit=1000).rows

    assert imported(shop, row).customers.unchanged == 1
    assert shop.store.scan("shop", limit=1000).rows == before


def test_a_newer_file_changes_what_it_says_and_leaves_the_rest(shop: Shop) -> None:
    known = add_customer(shop, "Maria", "maria@example.com", city="Berlin", tags=["regular"], consent=True)
    add_order(shop, known, 1000)

    result = imported(shop, "MARIA@example.com;Maria López;FR;;;new;no")

    assert result.customers.updated == 1
    now = get_customer(shop, known.id)
    assert (now.name, now.country, now.city, now.tags) == ("Maria López", "FR", "Berlin", ("regular", "new"))
    assert now.consent is not None
    assert (now.consent.given, now.consent.source) == (True, ConsentSource.STAFF)
    assert [c.name for c in top_customers(shop, Measure.REVENUE, "2026-11")] == ["Maria López"]
    assert "import: name, country, tags" in [activity.text for activity in activity_of(shop, known.id)]


def test_an_answer_about_marketing_from_an_earlier_import_follows_the_newer_one(shop: Shop) -> None:
    imported(shop, "maria@example.com;Maria;;;;;yes")
    imported(shop, "maria@example.com;Maria;;;;;no")

    customer = find_by_email(shop, "maria@example.com")
    assert customer is not None
    assert customer.consent is not None
    assert not customer.consent.given


@pytest.mark.parametrize(
    ("row", "column", "reason"),
    [
        ("no-address;Maria;;;;;", "", "There is no e-mail address, phone or id"),
        (";Maria;;;;;", "", "There is no e-mail address"),
        ("maria@example.com;Maria", "", "2 cells where the header has 7"),
    ],
)
def test_a_broken_row_is_reported_and_the_others_come_in(shop: Shop, row: str, column: str, reason: str) -> None:
    result = imported(shop, row, "good@example.com;Good;;;;;")

    assert (result.customers.created, result.customers.failed) == (1, 1)
    [fault] = faults(result)
    assert (fault["Line"], fault["Column"]) == ("2", column)
    assert reason in fault["Reason"]


def test_a_customer_who_is_in_the_file_twice_is_taken_once(shop: Shop) -> None:
    rows = ("maria@example.com;Maria;;;;;", "MARIA@example.com;Mia;;;;;")
    result = imported(shop, *rows)

    assert (result.customers.created, result.customers.failed) == (1, 1)
    assert faults(result)[0]["Reason"] == "The same customer is in line 2 already."
    assert imported(shop, *rows).customers.unchanged == 1


@pytest.mark.parametrize(
    ("title", "cell", "consent"),
    [
        ("BLOCKLISTED", "EMAIL", False),
        ("BLOCKLISTED", "SMS", True),
        ("BLOCKLISTED", "", True),
        ("Email Suppressions", "USER_SUPPRESSED", False),
        ("Unsubscribed", "yes", False),
        ("Unsubscribed", "no", True),
        ("Opted out", "2026-01-05", False),
    ],
)
def test_a_column_that_refuses_is_heard_beside_the_one_that_agrees(
    shop: Shop, title: str, cell: str, consent: bool
) -> None:
    path = written(shop.data_dir, f"EMAIL;OPT_IN;{title}\nmaria@example.com;true;{cell}\n")
    import_customers(shop, STAFF, path, {"email": "EMAIL", "consent": "OPT_IN"})
    customer = find_by_email(shop, "maria@example.com")
    assert customer is not None
    assert customer.consent is not None
    assert customer.consent.given is consent


@pytest.mark.parametrize("cell", ["maria@example.com ::: bob@example.com", "maria@example.com/bob@example.com"])
def test_of_several_addresses_in_a_cell_the_first_counts(shop: Shop, cell: str) -> None:
    path = written(shop.data_dir, f"Email;Name\n{cell};Maria\n")
    result = import_customers(shop, STAFF, path, {"email": "Email", "name": "Name"})
    assert find_by_email(shop, "maria@example.com") is not None
    assert "2 addresses" in faults(result)[0]["Reason"]


def test_tags_of_several_imports_do_not_grow_without_end(shop: Shop) -> None:
    known = add_customer(shop, email="maria@example.com", tags=[f"t{n}" for n in range(MOST_TAGS)])
    result = imported(shop, "maria@example.com;Maria;;;;one more;")
    assert f"would have {MOST_TAGS + 1}" in faults(result)[0]["Reason"]
    assert get_customer(shop, known.id) == known


def test_an_export_can_be_imported_again_here_and_in_another_shop(
    shop: Shop, shared_shop: Shop, tmp_path: Path
) -> None:
    add_customer(shop, "=SUM(1)", "maria@example.com", country="DE", city="Köln", phone="+49 30", tags=["a", "b"])
    add_customer(shop, "Walk-in", "")
    path = tmp_path / "customers.csv"
    export_customers(shop, MANAGER, path, Format.CSV)
    mapping = guess_mapping(read_preview(path).header)

    here = import_customers(shop, STAFF, path, mapping)
    there = import_customers(shared_shop, STAFF, path, mapping)
    again = import_customers(shared_shop, STAFF, path, mapping)

    assert (here.customers.unchanged, there.customers.created, again.customers.unchanged) == (2, 2, 2)
    profiles = [
        {(c.id, c.name, c.email, c.country, c.tags) for c in list_customers(each, newest()).customers}
        for each in (shop, shared_shop)
    ]
    assert profiles[0] == profiles[1]


def newest() -> CustomerFilter:
    from backend.services.customers.lists import Sort

    return CustomerFilter(sort=Sort.NEWEST)


def test_a_row_with_an_id_changes_the_address_of_that_customer(shop: Shop) -> None:
    known = add_customer(shop, "Maria", "old@example.com")
    mapping = {"id": "id", "email": "email"}

    imported(shop, f"{known.id};new@example.com", header="id;email", mapping=mapping)

    assert get_customer(shop, known.id).email == "new@example.com"
    assert find_by_email(shop, "old@example.com") is None


FOREIGN = {"id": "id", "email": "email", "name": "name", "phone": "phone"}


def test_an_id_of_another_program_that_is_one_of_ours_too_overwrites_nobody(shop: Shop) -> None:
    known = add_customer(shop, "Maria", "maria@example.com")
    row = f"{known.id};otto@example.com;Otto;"

    first = imported(shop, row, header="id;email;name;phone", mapping=FOREIGN)
    again = imported(shop, row, header="id;email;name;phone", mapping=FOREIGN)

    assert get_customer(shop, known.id) == known
    other = find_by_email(shop, "otto@example.com")
    assert other is not None
    assert other.id != known.id
    assert (first.customers.created, again.customers.unchanged) == (1, 1)


def test_an_id_of_digits_is_that_of_another_program_and_finds_its_customer_again(shop: Shop) -> None:
    header = "id;email;name;phone"
    imported(shop, "6543210987;;Maria;", header=header, mapping=FOREIGN)
    again = imported(shop, "6543210987;;Maria;", header=header, mapping=FOREIGN)
    named = imported(shop, "6543210987;maria@example.com;Maria Lopez;", header=header, mapping=FOREIGN)

    assert (again.customers.unchanged, named.customers.updated) == (1, 1)
    customer = find_by_email(shop, "maria@example.com")
    assert customer is not None
    assert (customer.name, customer.id != "6543210987") == ("Maria Lopez", True)


def test_a_customer_without_an_address_is_found_again_by_the_phone(shop: Shop) -> None:
    header = "id;email;name;phone"
    imported(shop, ";;Maria;+49 30 123456", header=header, mapping=FOREIGN)
    again = imported(shop, ";;Maria Lopez;0049 30/123456", header=header, mapping=FOREIGN)
    assert (again.customers.created, again.customers.updated) == (0, 1)


def test_an_address_that_belongs_to_somebody_else_is_refused(shop: Shop) -> None:
    known, other = add_customer(shop), add_customer(shop, email="other@example.com")
    result = imported(
        shop, f"{known.id};other@example.com", header="id;email", mapping={"id": "id", "email": "email"}
    )  # fmt: skip
    assert other.id in faults(result)[0]["Reason"]


@pytest.mark.parametrize(
    ("header", "mapping"),
    [
        (["Email", "Name"], {"email": "Email", "name": "Name"}),
        (["E-mail address", "Full name", "City"], {"email": "E-mail address", "name": "Full name", "city": "City"}),
        (
            ["First Name", "Last Name", "Email", "Accepts Email Marketing", "Default Address Country Code", "Tags"],
            {
                "first_name": "First Name", "last_name": "Last Name", "email": "Email", "tags": "Tags",
                "consent": "Accepts Email Marketing", "country": "Default Address Country Code",
            },
        ),
        (["Name", "First name"], {"name": "Name", "first_name": "First name"}),
        (["Foo"], {}),
    ],
)  # fmt: skip
def test_columns_are_guessed_from_their_titles(header: list[str], mapping: dict[str, str]) -> None:
    assert guess_mapping(header) == mapping


@pytest.mark.parametrize(
    ("row", "column", "reason"),
    [
        ("maria@example.com;Ma\u202eria;;;;;", "Full name", "Characters that are not allowed"),
        ("maria@example.com;Maria;Atlantis;;;;", "Land", "no country's name"),
        ("maria@example.com;Maria;;;;;perhaps", "Newsletter", "neither yes nor no"),
        ("maria@example.com;Maria;;;;" + ",".join(map(str, range(40))) + ";", "Groups", f"the first {LISTED_TAGS};"),
        ("maria@example.com;Maria;;;4.93E+10;;", "Mobile", "rounded this number"),
    ],
)
def test_an_odd_cell_costs_itself_and_is_reported_as_a_repair(shop: Shop, row: str, column: str, reason: str) -> None:
    result = imported(shop, row)

    assert (result.customers.created, result.customers.failed, result.repaired) == (1, 0, 1)
    (repair,) = faults(result)
    assert (repair["Customer"], repair["Column"], repair["Outcome"]) == ("maria@example.com", column, "repaired")
    assert reason in repair["Reason"]
    customer = find_by_email(shop, "maria@example.com")
    assert customer is not None
    assert (customer.name, customer.country, customer.phone, customer.consent) == ("Maria", "", "", None)


def everybody(shop: Shop) -> list[tuple[str, str | None, str]]:
    return sorted((c.name, c.email, c.phone) for c in
                  (get_customer(shop, each.id) for each in list_customers(shop, newest()).customers))  # fmt: skip


@pytest.mark.parametrize(
    "row",
    [
        "maria@docomo..example;Maria;DE;;;;yes",
        ";Maria;DE;;+49 30 123456;;yes",
        "n/a;Maria;DE;;+49 30 123456;;yes",
    ],
)
def test_a_row_whose_address_is_refused_is_a_customer_who_cannot_be_emailed(shop: Shop, row: str) -> None:
    first, again = imported(shop, row), imported(shop, row)
    assert (first.customers.created, again.customers.unchanged) == (1, 1)
    ((name, email, _),) = everybody(shop)
    assert (name, email) == ("Maria", None)


def test_two_addresses_with_one_phone_are_two_customers(shop: Shop) -> None:
    rows = ("maria@example.com;Maria;;;+49 30 123456;;", "bob@example.com;Bob;;;+49 30 123456;;")
    assert imported(shop, *rows).customers.created == 2
    assert imported(shop, *rows).customers.unchanged == 2


def test_the_id_of_another_program_says_who_has_no_address(shop: Shop) -> None:
    mapping = {"id": "Customer ID", "name": "Name", "email": "Email"}
    rows = ("6543210987,Maria,", "6543210988,Bob,")
    for _ in range(2):
        imported(shop, *rows, header="Customer ID,Name,Email", mapping=mapping)
    assert everybody(shop) == [("Bob", None, ""), ("Maria", None, "")]


def test_first_and_last_names_are_put_together(shop: Shop) -> None:
    mapping = {"first_name": "First", "last_name": "Last", "email": "Mail"}
    imported(shop, "Maria,López,maria@example.com", header="First,Last,Mail", mapping=mapping)
    customer = find_by_email(shop, "maria@example.com")
    assert customer is not None
    assert customer.name == "Maria López"


@pytest.mark.parametrize(
    ("mapping", "sentence"),
    [
        ({"name": "Full name"}, "Choose the column with the e-mail addresses"),
        ({"email": "Mail"}, "The file has no column “Mail”"),
        ({"email": "E-Mail", "shoe_size": "Land"}, "There is no field “shoe_size”"),
    ],
)
def test_a_mapping_that_does_not_fit_is_refused(shop: Shop, mapping: dict[str, str], sentence: str) -> None:
    with pytest.raises(InvalidInputError, match=sentence):
        imported(shop, "maria@example.com;Maria;;;;;", mapping=mapping)


def test_a_preview_shows_the_first_rows(tmp_path: Path) -> None:
    path = tmp_path / "customers.csv"
    with path.open("w", newline="", encoding="cp1252") as file:
        csv.writer(file, delimiter=";").writerows([["Name", "City"], *([f"Jürgen {n}", "Köln"] for n in range(9))])

    preview = read_preview(path, rows=2)

    assert (preview.header, preview.encoding) == (("Name", "City"), "cp1252")
    assert preview.rows == [["Jürgen 0", "Köln"], ["Jürgen 1", "Köln"]]
