"""Tables of customers as other programs write them: titles, countries, tags, and words about consent."""

from __future__ import annotations

import pytest
from babel.core import Locale

from backend.errors import InvalidInputError
from backend.services.context import Shop
from backend.services.customers.customers import find_by_email
from backend.services.imports import guess_mapping, import_customers
from backend.services.imports.fields import consent_of, country_of, yes_or_no
from backend.services.imports.repair import repaired_tags
from tests.services.imports.shopify_csv import faults, written
from tests.support import STAFF

HEADERS = {
    "Shopify": (
        "Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Default Address Company,Default Address City,"
        "Default Address Country Code,Default Address Phone,Phone,Accepts SMS Marketing,Total Spent,Note,Tags",
        "Email,,First Name,Last Name,Default Address Country Code,Default Address City,Phone,Tags,"
        "Accepts Email Marketing,Customer ID",
    ),
    "Matrixify": (
        "ID,Email,Command,First Name,Last Name,Phone,State,Email Marketing: Status,SMS Marketing: Status,Tags,"
        "Tags Command,Address City,Address Country,Address Country Code",
        "Email,,First Name,Last Name,Address Country Code,Address City,Phone,Tags,Email Marketing: Status,",
    ),
    "snake case": (
        "id,email,first_name,last_name,phone_number,country_code,accepts_marketing",
        "email,,first_name,last_name,country_code,,phone_number,,accepts_marketing,",
    ),
    "camel case": ("emailAddress,firstName,lastName,fullName", "emailAddress,fullName,firstName,lastName,,,,,,"),
    "Google": (
        "First Name,Middle Name,Last Name,E-mail 1 - Label,E-mail 1 - Value,E-mail 2 - Value,Phone 1 - Label,"
        "Phone 1 - Value,Address 1 - City,Address 1 - Country,Labels",
        "E-mail 1 - Value,,First Name,Last Name,Address 1 - Country,Address 1 - City,Phone 1 - Value,Labels,,",
    ),
    "Mailchimp": (
        "Email Address,First Name,Last Name,Address,Phone Number,Birthday,MEMBER_RATING,OPTIN_TIME,LEID,NOTES,TAGS",
        "Email Address,,First Name,Last Name,,,Phone Number,TAGS,,",
    ),
    "Mailchimp's merge tags": ("EMAIL,FNAME,LNAME,PHONE", "EMAIL,,FNAME,LNAME,,,PHONE,,,"),
    "Klaviyo": (
        "Email,Klaviyo ID,First Name,Last Name,Organization,Title,Phone Number,Address,City,State / Region,Country,"
        "Zip Code,Source,Email Marketing Consent,SMS Marketing Consent",
        "Email,,First Name,Last Name,Country,City,Phone Number,,Email Marketing Consent,",
    ),
    "WooCommerce": (
        "user_login,user_email,first_name,last_name,billing_city,billing_country,billing_phone,shipping_city",
        "user_email,,first_name,last_name,billing_country,billing_city,billing_phone,,,",
    ),
    "Wix": (
        "First Name,Last Name,Email 1,Phone 1,Address 1 - City,Labels,Email subscriber status",
        "Email 1,,First Name,Last Name,,Address 1 - City,Phone 1,Labels,Email subscriber status,",
    ),
    "Square": (
        "First Name,Last Name,Email Address,Phone Number,City,Email Subscription Status,Square Customer ID",
        "Email Address,,First Name,Last Name,,City,Phone Number,,Email Subscription Status,",
    ),
    "German": (
        "Kundennummer;Vorname;Nachname;E-Mail-Adresse;Telefon;Land;Ort;Newsletter",
        "E-Mail-Adresse,,Vorname,Nachname,Land,Ort,Telefon,,Newsletter,Kundennummer",
    ),
    "German with half a name": ("Vorname;Name;E-Mail", "E-Mail,,Vorname,Name,,,,,,"),
    "German with one name": ("Name;E-Mail", "E-Mail,Name,,,,,,,,"),
    "French": (
        "Prénom;Nom;Adresse e-mail;Ville;Pays;Téléphone;Lettre d'information",
        "Adresse e-mail,,Prénom,Nom,Pays,Ville,Téléphone,,Lettre d'information,",
    ),
    "French with one name": ("Nom;Courriel", "Courriel,Nom,,,,,,,,"),
    "Spanish": (
        "Nombre;Apellidos;Correo electrónico;Ciudad;País;Teléfono;Etiquetas;Boletín",
        "Correo electrónico,,Nombre,Apellidos,País,Ciudad,Teléfono,Etiquetas,Boletín,",
    ),
    "Spanish with one name": ("Nombre;Correo", "Correo,Nombre,,,,,,,,"),
    "an opt-out": ("Email,Opted Out of Email", "Email,,,,,,,,Opted Out of Email,"),
}
FIELDS = ("email", "name", "first_name", "last_name", "country", "city", "phone", "tags", "consent", "id")


@pytest.mark.parametrize("program", HEADERS)
def test_the_titles_of_other_programs_are_understood(program: str) -> None:
    header, expected = HEADERS[program]
    titles = header.split(";" if ";" in header else ",")
    wanted = {field: title for field, title in zip(FIELDS, expected.split(","), strict=True) if title}
    guessed = guess_mapping(titles)
    assert {field: title for field, title in guessed.items() if field in FIELDS} == wanted


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        (
            "Email,Default Address Company,Default Address Address1,Default Address Address2,Default Address City,"
            "Default Address Province Code,Default Address Country Code,Default Address Zip",
            "Default Address Company,Default Address Address1,Default Address Address2,Default Address Zip,"
            "Default Address Province Code",
        ),
        ("Email,Organization,Address,City,State / Region,Zip Code", "Organization,Address,,Zip Code,State / Region"),
        (
            "email,billing_company,billing_address_1,billing_postcode",
            "billing_company,billing_address_1,,billing_postcode,",
        ),
        ("E-Mail;Firma;Straße;PLZ;Ort;Bundesland", "Firma,Straße,,PLZ,Bundesland"),
        (
            "E-mail 1 - Value,Address 1 - Street,Address 1 - Postal Code",
            ",Address 1 - Street,,Address 1 - Postal Code,",
        ),
    ],
)
def test_the_titles_of_postal_addresses_are_understood(header: str, wanted: str) -> None:
    guessed = guess_mapping(header.split(";" if ";" in header else ","))
    assert [guessed.get(field, "") for field in ("company", "street", "street2", "postcode", "region")] == wanted.split(
        ","
    )


def test_a_name_for_signing_in_is_no_name_of_a_person() -> None:
    assert guess_mapping(["User name", "Company name", "Email"]) == {"email": "Email", "company": "Company name"}


SHOPIFYS = {
    "United States": "US", "Hong Kong": "HK", "Congo, The Democratic Republic Of The": "CD", "Korea, Republic of": "KR",
    "Macedonia, Republic Of": "MK", "Iran, Islamic Republic Of": "IR", "Lao People's Democratic Republic": "LA",
    "Holy See (Vatican City State)": "VA", "Virgin Islands, British": "VG", "Côte d'Ivoire": "CI", "Viet Nam": "VN",
    "Moldova, Republic of": "MD", "Tanzania, United Republic Of": "TZ", "Russian Federation": "RU", "Turkey": "TR",
    "Saint Martin": "MF", "St. Lucia": "LC", "Trinidad and Tobago": "TT", "Bosnia And Herzegovina": "BA",
    "Palestinian Territory, Occupied": "PS", "Czech Republic": "CZ", "Swaziland": "SZ", "Cape Verde": "CV",
    "South Georgia And The South Sandwich Islands": "GS", "Republic of Cameroon": "CM", "Taiwan": "TW",
}  # fmt: skip
OTHERS = {
    "U.S.A.": "US", "U.K.": "GB", "uk": "GB", "England": "GB", "DEU": "DE", "840": "US", "United States (US)": "US",
    "Deutschland": "DE", "Allemagne": "DE", "Alemania": "DE", "Österreich": "AT", "Osterreich": "AT", "Schweiz": "CH",
    "Pays-Bas": "NL", "España": "ES", "日本": "JP", "Россия": "RU", "Ελλάδα": "GR", "": "", " fr ": "FR",
}  # fmt: skip


@pytest.mark.parametrize(("name", "code"), [*SHOPIFYS.items(), *OTHERS.items()])
def test_countries_are_known_by_code_and_by_names_in_many_languages(name: str, code: str) -> None:
    assert country_of(name) == code


@pytest.mark.parametrize("language", ["en", "de", "fr", "es", "it", "pt", "nl", "pl", "tr", "ja", "zh", "ar"])
def test_the_names_of_all_countries_in_a_language_mean_that_country(language: str) -> None:
    names = Locale.parse(language).territories
    codes = [
        code for code in Locale("en").territories if len(code) == 2 and code.isalpha() and not code.startswith("X")
    ]
    wrong = {names[code]: code for code in codes if code in names and code not in NO_COUNTRIES}
    wrong = {name: code for name, code in wrong.items() if country_of(name) != code}
    assert wrong == {}


NO_COUNTRIES = {"EU", "UN", "EZ", "QO", "ZZ"}


@pytest.mark.parametrize("name", ["Atlantis", "XYZ", "Republic", "12"])
def test_what_is_no_country_is_refused(name: str) -> None:
    with pytest.raises(InvalidInputError):
        country_of(name)


@pytest.mark.parametrize(
    ("cell", "tags"),
    [
        ("vip, tea", ("vip", "tea")),
        ("vip;tea", ("vip", "tea")),
        ("vip|tea", ("vip", "tea")),
        ("size;l, vip", ("size;l", "vip")),
        ('"tag one","tag, two"', ("tag one", "tag two")),
        ('"vip";"tea"', ("vip", "tea")),
        ('["vip", "tea"]', ("vip", "tea")),
        ("* myContacts ::: Friends", ("mycontacts", "friends")),
        ("vip\ntea", ("vip", "tea")),
        ("#vip, VIP", ("vip",)),
        ("", ()),
    ],
)
def test_tags_are_distinguished_as_the_program_wrote_them(cell: str, tags: tuple[str, ...]) -> None:
    assert repaired_tags(cell) == (tags, ())


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        *((word, True) for word in ("SUBSCRIBED", "yes", "TRUE", "1", "opted-in", "Opt In", "Ja", "Sí", "oui", "✓")),
        *((word, False) for word in ("UNSUBSCRIBED", "not_subscribed", "no", "false", "0", "OPTED_OUT", "Cleaned")),
        *((word, None) for word in ("NEVER_SUBSCRIBED", "never subscribed", "", "-", "N/A", "pending", "unknown")),
    ],
)
def test_words_about_consent_are_understood(words: str, answer: bool | None) -> None:
    assert yes_or_no(words, "Consent") is answer


@pytest.mark.parametrize(
    ("words", "answer"), [("yes", False), ("1", False), ("no", None), ("0", None), ("unsubscribed", False), ("", None)]
)
def test_yes_in_a_column_about_opting_out_refuses(words: str, answer: bool | None) -> None:
    assert consent_of(words, "Opted out", opt_out=True) is answer


def test_a_column_about_opting_out_never_gives_consent(shop: Shop) -> None:
    header = ["Email", "Unsubscribed"]
    path = written(shop.data_dir, "Email,Unsubscribed\nmaria@example.com,yes\nbob@example.com,no\n")
    import_customers(shop, STAFF, path, guess_mapping(header))
    found = [find_by_email(shop, f"{name}@example.com") for name in ("maria", "bob")]
    assert [customer and customer.consent and customer.consent.given for customer in found] == [False, None]


@pytest.mark.parametrize(
    ("first", "second", "given"),
    [
        ("yes", "no", False),
        ("no", "yes", False),
        ("SUBSCRIBED", "NEVER_SUBSCRIBED", None),
        ("NEVER_SUBSCRIBED", "UNSUBSCRIBED", False),
        ("yes", "", True),
        ("yes", "yes", True),
    ],
)
def test_of_two_rows_for_one_address_the_stricter_answer_counts(
    shop: Shop, first: str, second: str, given: bool | None
) -> None:
    text = f"Email,Marketing\nmaria@example.com,{first}\nbob@example.com,yes\nMARIA@example.com,{second}\n"
    result = import_customers(shop, STAFF, written(shop.data_dir, text), {"email": "Email", "consent": "Marketing"})
    customer, other = find_by_email(shop, "maria@example.com"), find_by_email(shop, "bob@example.com")
    assert customer is not None
    assert other is not None
    assert (customer.consent.given if customer.consent else None) is given
    assert other.consent is not None
    assert other.consent.given
    assert [fault["Line"] for fault in faults(result)] == ["4"]


def test_a_refusal_counts_though_its_row_is_left_out(shop: Shop) -> None:
    text = "Email,Marketing,Name\nmaria@example.com,yes,Maria\nmaria@example.com,no," + "x" * 2000 + "\n"
    mapping = {"email": "Email", "consent": "Marketing", "name": "Name"}
    import_customers(shop, STAFF, written(shop.data_dir, text), mapping)
    customer = find_by_email(shop, "maria@example.com")
    assert customer is not None
    assert customer.consent is not None
    assert not customer.consent.given


def test_two_parts_of_a_name_are_kept_as_they_came(shop: Shop) -> None:
    text = "Email,First Name,Last Name\nmaria@example.com,Mary Ann,Smith\nbob@example.com,,\n"
    mapping = guess_mapping(["Email", "First Name", "Last Name"])
    import_customers(shop, STAFF, written(shop.data_dir, text), mapping)
    maria, bob = find_by_email(shop, "maria@example.com"), find_by_email(shop, "bob@example.com")
    assert maria is not None
    assert bob is not None
    assert (maria.name, maria.given_name, maria.family_name, maria.greeting) == (
        "Mary Ann Smith", "Mary Ann", "Smith", "Mary Ann",
    )  # fmt: skip
    assert (bob.name, bob.real_name, bob.greeting) == ("bob@example.com", "", "")
