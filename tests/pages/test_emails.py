"""The gallery of emails as people see it, and the frame in which every email is drawn."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

import pytest

from backend.domain.emails import Kind
from backend.domain.team import Role
from backend.services.templates import catalogue
from backend.services.templates.overview import email_overview
from backend.services.templates.versions import save_working_copy
from pages.components.templates.email_frame import DESKTOP, Scheme, document
from pages.components.ui import caching
from tests.pages.dashboard import Dashboard
from tests.pages.reading import field, links, said
from tests.support import STAFF

HOSTILE = (
    '<html><head><script>alert(1)</script><link rel="stylesheet" href="https://elsewhere.example/x.css">'
    "<style>@import url(https://elsewhere.example/y.css); @media (prefers-color-scheme: dark) { p { color: red } }"
    '</style></head><body onload="alert(2)"><img src="https://elsewhere.example/p.png">"></iframe><p>text</p></body></html>'
)


def drawn(page: str) -> str:
    """The inner document, as a browser gets it."""
    (inner,) = re.findall(r'srcdoc="([^"]*)"', page)
    return unescape(inner)


def test_every_template_is_in_the_gallery_with_a_thumbnail_and_a_link(dashboard: Dashboard) -> None:
    app = dashboard.open("emails.py", Role.ENGINEER)
    assert not app.exception
    states = catalogue.list_templates(dashboard.shop)
    assert len(states) >= 12
    assert len(app.get("iframe")) == len(states)
    assert {state.facts.title: {"name": [state.facts.name]} for state in states}.items() <= links(app).items()


def test_the_gallery_shows_one_kind_and_finds_by_a_word(dashboard: Dashboard) -> None:
    app = dashboard.open("emails.py", Role.STAFF)
    app.pills[0].set_value(Kind.MARKETING).run()
    assert "Win-back" in links(app)
    assert "Refund" not in links(app)
    field(app, "Search").set_value("nothing like this").run()
    assert "No email matches" in said(app)


def test_who_is_editing_is_reported(dashboard: Dashboard) -> None:
    current = catalogue.current_version(dashboard.shop, "refund")
    text = replace(current.source, subject="Money *back*")
    save_working_copy(dashboard.shop, STAFF, "refund", text, seen_revision=0)
    assert "sam is editing" in said(dashboard.open("emails.py", Role.STAFF))


def test_a_working_copy_does_not_change_the_thumbnail(dashboard: Dashboard) -> None:
    before = {card.state.facts.name: card.email for card in email_overview(dashboard.shop)}
    text = replace(catalogue.current_version(dashboard.shop, "refund").source, subject="Another")
    save_working_copy(dashboard.shop, STAFF, "refund", text, seen_revision=0)
    after = {card.state.facts.name: card.email for card in email_overview(dashboard.shop)}
    assert after == before


def test_marketing_without_a_postal_address_is_marked_as_not_sendable(dashboard: Dashboard) -> None:
    cards = {card.state.facts.name: card for card in email_overview(dashboard.shop)}
    assert any("postal address" in problem for problem in cards["newsletter"].problems)
    assert not cards["refund"].problems
    assert "Cannot be sent yet" in said(dashboard.open("emails.py", Role.STAFF))


def test_the_gallery_is_read_once_for_everybody_until_something_is_written(dashboard: Dashboard) -> None:
    first = caching.email_cards(dashboard.shop)
    text = replace(catalogue.current_version(dashboard.shop, "refund").source, subject="Another")
    save_working_copy(dashboard.shop, STAFF, "refund", text, seen_revision=0)
    assert caching.email_cards(dashboard.shop) == first
    caching.changed()
    assert caching.email_cards(dashboard.shop) != first


def test_an_email_is_in_a_frame_without_any_right_and_cannot_leave_it() -> None:
    page = document(HOSTILE, 'A "label"', width=DESKTOP, scheme=Scheme.LIGHT, remote=False)
    assert page.count("<iframe") == 1
    assert page.count("</iframe>") == 1
    assert 'sandbox=""' in page
    assert "<script" not in page.replace(re.findall(r'srcdoc="[^"]*"', page)[0], "")
    assert "script" not in page.partition("srcdoc")[0]
    assert drawn(page).startswith('<!doctype html><meta http-equiv="Content-Security-Policy"')


@pytest.mark.parametrize(("remote", "images"), [(False, "img-src data:"), (True, "img-src data: https:")])
def test_nothing_but_pictures_is_loaded_and_those_from_elsewhere_only_if_asked(remote: bool, images: str) -> None:
    page = document(HOSTILE, "label", width=DESKTOP, scheme=Scheme.LIGHT, remote=remote)
    policies = re.findall(r'content="(default-src[^"]*)"', page.replace("&quot;", '"'))
    quoted = f"default-src &#x27;none&#x27;; style-src &#x27;unsafe-inline&#x27;; {images}"
    assert policies == [f"default-src 'none'; style-src 'unsafe-inline'; {images}", quoted]
    assert "elsewhere.example/x.css" not in drawn(page)
    assert "elsewhere.example/y.css" not in drawn(page)


@pytest.mark.parametrize(("scheme", "query"), [(Scheme.DARK, "(min-width: 0px)"), (Scheme.LIGHT, "(max-width: 0px)")])
def test_the_view_decides_about_dark_mode_and_not_the_device(scheme: Scheme, query: str) -> None:
    inner = drawn(document(HOSTILE, "label", width=DESKTOP, scheme=scheme, remote=False))
    assert f"@media {query} {{ p {{ color: red }} }}" in inner
    assert "prefers-color-scheme" not in inner
