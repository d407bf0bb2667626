"""Recognises the columns of a table of customers by their titles in the exports of other programs.

It knows those of Shopify, Matrixify, WooCommerce, Square, Wix, BigCommerce, Google Contacts, Mailchimp, Klaviyo and
Brevo, and plain titles in English, German, French, Spanish, Italian, Portuguese and Dutch. Titles are compared as
`title_words` gives them: without case, accents and signs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from backend.services.imports.dialect import title_words

CUSTOMER_FIELDS: dict[str, str] = {
    "email": "E-mail address",
    "name": "Name",
    "first_name": "First name",
    "last_name": "Last name",
    "country": "Country",
    "city": "City",
    "company": "Company",
    "street": "Street and number",
    "street2": "Apartment, suite",
    "postcode": "Postcode",
    "region": "State or region",
    "phone": "Phone",
    "tags": "Tags",
    "consent": "Marketing",
    "consent_at": "Consent date",
    "consent_text": "Consent text",
    "consent_ip": "Consent IP address",
    "id": "Customer id",
}
"""What a column can be, and its label. Without a name column, first and last name together are the name."""

_TITLES: dict[str, tuple[str, ...]] = {
    "email": (
        *("e mail address", "email address", "email", "e mail", "emailaddress", "mail", "user email", "e mail adresse"),
        *("email adresse", "mailadresse", "e mailadresse", "emailadresse", "adresse e mail", "adresse email"),
        *("adresse mail", "courriel", "adresse electronique", "correo electronico", "correo", "direccion de correo"),
        *("direccion de correo electronico", "indirizzo e mail", "indirizzo email", "posta elettronica"),
        *("endereco de e mail", "e mailadres", "emailadres", "login email", "email id"),
    ),
    "name": (
        *("name", "full name", "fullname", "customer name", "display name", "contact name", "customer", "contact"),
        *("file as", "vollstandiger name", "ganzer name", "kundenname", "kunde", "nom complet", "nom et prenom"),
        *("nombre completo", "nombre y apellidos", "nome completo", "volledige naam", "naam", "client"),
        *("nom", "nombre", "nome"),
    ),
    "first_name": (
        *("first name", "firstname", "fname", "given name", "givenname", "forename", "first", "vorname", "prenom"),
        *("primer nombre", "nombre de pila", "voornaam", "nome proprio"),
    ),
    "last_name": (
        *("last name", "lastname", "lname", "surname", "family name", "familyname", "last", "nachname", "familienname"),
        *("nom de famille", "apellido", "apellidos", "cognome", "sobrenome", "apelido", "achternaam", "zuname"),
    ),
    "country": (
        *("country code", "country iso", "country iso code", "country iso2", "country", "country region", "landercode"),
        *("land", "landercode iso", "landeskurzel", "pays", "code pays", "pais", "codigo de pais", "paese", "nazione"),
        *("country name", "staat", "landcode", "cc"),
    ),
    "city": (
        *("city", "town", "city town", "locality", "ort", "stadt", "wohnort", "ville", "ciudad", "poblacion"),
        *("localidad", "citta", "comune", "cidade", "plaats", "woonplaats", "localite", "suburb"),
    ),
    "company": (
        *("company", "company name", "organization", "organisation", "organization name", "business name", "business"),
        *("firma", "firmenname", "unternehmen", "societe", "entreprise", "empresa", "azienda", "societa", "bedrijf"),
    ),
    "street": (
        *("address1", "address line 1", "address line1", "street address", "street", "street and number", "address"),
        *("street 1", "line 1", "strasse", "strasse und hausnummer", "strasse hausnummer", "anschrift", "adresse"),
        *("rue", "calle", "direccion", "via", "indirizzo", "rua", "endereco", "morada", "straat", "adres"),
    ),
    "street2": (
        *("address2", "address 2", "address line 2", "address line2", "street address 2", "street 2", "line 2"),
        *("apartment", "suite", "apartment suite", "adresszusatz", "complement d adresse", "complemento"),
    ),
    "postcode": (
        *("zip", "zip code", "zipcode", "postcode", "postal code", "post code", "postal", "zip postal code", "plz"),
        *("postleitzahl", "code postal", "codigo postal", "cap", "cep", "postcode zip"),
    ),
    "region": (
        *("province code", "state code", "province", "state", "region", "state province", "state region", "county"),
        *("bundesland", "departement", "provincia", "estado", "regione", "provincie", "province name"),
    ),
    "phone": (
        *("phone", "phone number", "telephone", "telephone number", "mobile", "mobile phone", "mobile number", "cell"),
        *("cell phone", "cellphone", "tel", "tel no", "phone no", "sms", "sms number", "sms phone number", "whatsapp"),
        *("telefon", "telefonnummer", "handy", "handynummer", "mobil", "mobilnummer", "rufnummer", "mobiltelefon"),
        *("numero de telephone", "portable", "telephone portable", "telefono", "numero de telefono", "movil"),
        *("telefono movil", "celular", "cellulare", "telefone", "telemovel", "telefoon", "telefoonnummer"),
    ),
    "tags": (
        *("tags", "tag", "labels", "label", "groups", "group", "customer group", "group membership", "segments"),
        *("segment", "lists", "customer tags", "schlagworte", "schlagworter", "gruppe", "gruppen", "kundengruppe"),
        *("etiquettes", "etiquette", "groupe", "groupes", "etiquetas", "etiqueta", "grupo", "etichette", "labels tags"),
    ),
    "consent": (
        *("accepts email marketing", "email marketing status", "accepts marketing", "email marketing consent"),
        *("email marketing", "marketing", "marketing consent", "email consent", "email subscription status"),
        *("email subscriber status", "email status", "subscription status", "subscribed", "subscribed to emails"),
        *("newsletter", "newsletter subscription", "newsletter subscriber", "newsletter consent", "opt in", "optin"),
        *("email opt in", "email optin", "marketing opt in", "double opt in", "consent", "subscriber status"),
        *("accepts email", "email permission status", "permission status", "receive emails", "marketing emails"),
        *("is subscribed", "consents to marketing", "accepts marketing emails", "agreed to marketing", "status"),
        *("einwilligung", "newsletter abonniert", "newsletter anmeldung", "werbeeinwilligung", "abonne"),
        *("inscrit a la newsletter", "lettre d information", "consentement", "suscrito", "suscrito al boletin"),
        *("boletin", "acepta marketing", "consentimiento", "iscritto", "inscrito", "nieuwsbrief"),
    ),
    "consent_at": (
        *("confirm time", "optin time", "opt in time", "consent date", "consent timestamp", "consent at"),
        *("marketing since", "subscribed at", "subscription date", "email marketing consent timestamp"),
    ),
    "consent_text": ("consent text", "consent version", "opt in text", "consent wording"),
    "consent_ip": ("confirm ip", "optin ip", "opt in ip", "consent ip", "consent ip address", "signup ip"),
    "id": ("customer id", "tillpost id", "kundennummer", "kunden id", "client id", "id client", "id cliente"),
}
_OPT_OUT = frozenset(
    {"unsubscribed", "opt out", "optout", "email opt out", "email optout", "opted out", "opted out of email"}
    | {"blocklisted", "blacklisted", "email blacklisted", "email blocklisted", "do not email", "do not contact"}
    | {"do not market", "unsubscribed from emails", "unsubscribed from all email", "email suppressed", "suppressed"}
    | {"email suppressions"}
    | {"abgemeldet", "desabonne", "desinscrit", "no contactar", "exclude from marketing", "is unsubscribed"}
)
"""Columns in which "yes" means that somebody does not want marketing."""
_BESIDE = (
    *(("vorname", "name", "last_name"), ("prenom", "nom", "last_name"), ("voornaam", "naam", "last_name")),
    *(("apellidos", "nombre", "first_name"), ("apellido", "nombre", "first_name"), ("cognome", "nome", "first_name")),
    *(("sobrenome", "nome", "first_name"), ("apelido", "nome", "first_name")),
)
"""Beside a column of the first title, one of the second is half a name only."""
_DECORATIONS = (
    re.compile(r"(?:customer|contact|client|subscriber|profile|member|person|buyer|primary|main|kunden)s? (.+)"),
    re.compile(r"(?:default |primary )?(?:address(?:es)?|adresse|direccion) (.+)"),
    re.compile(r"(.+?)(?: 1)(?: value| address)?"),
    re.compile(r"address 1 (.+)"),
    re.compile(r"(?:billing|rechnungs)(?: address)? (.+)"),
    re.compile(r"(?:shipping|home|mailing|delivery|liefer)(?: address)? (.+)"),
)
"""What may surround a title, the closest to the customer first."""


def guess_mapping(header: Sequence[str]) -> dict[str, str]:
    """Which column is which field, as far as the titles show: `{"email": "E-mail", …}`."""
    words = [title_words(title) for title in header]
    places = {field: place for field in CUSTOMER_FIELDS if (place := _place_of(field, words)) is not None}
    for beside, word, field in _BESIDE:
        if beside in words and word in words and field not in places:
            places[field] = words.index(word)
            if places.get("name") == places[field]:
                del places["name"]
    return {field: header[places[field]] for field in CUSTOMER_FIELDS if field in places}


def means_opt_out(title: str) -> bool:
    """Whether "yes" in this column means no marketing."""
    return any(form in _OPT_OUT for _, form in _forms(title_words(title)))


def _place_of(field: str, words: Sequence[str]) -> int | None:
    """The column of a field: the plainest title wins, then the most usual one, then the first."""
    titles = (*_TITLES[field], *(sorted(_OPT_OUT) if field == "consent" else ()))
    found = [
        (decoration, titles.index(form), place)
        for place, title in enumerate(words)
        for decoration, form in _forms(title)
        if form in titles
    ]
    return min(found)[2] if found else None


def _forms(title: str) -> Iterator[tuple[int, str]]:
    """The title, and its forms without decorations, each with a number that grows with what was removed."""
    yield 0, title
    for number, pattern in enumerate(_DECORATIONS, 1):
        if match := pattern.fullmatch(title):
            for further, form in _forms(match[1]):
                yield number + further, form
