"""Previews: what a person would get, and the checklist beside it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from backend.domain.emails import Need, TemplateSource
from backend.domain.messages import MessageStatus
from backend.email.template_files import read_templates
from backend.errors import InvalidInputError, NotFoundError, TemplateError
from backend.services import shop_settings
from backend.services.context import Shop
from backend.services.orders.orders import refund_order
from backend.services.orders.parts import new_part_id
from backend.services.sending.requests import SendRequest, request_message
from backend.services.templates.checklist import CheckResult, Level
from backend.services.templates.previews import Preview, Recipient, render_preview
from tests.services.emails import published
from tests.services.test_mailing import mailer_on
from tests.support import ADMIN, STAFF, TestClock, add_customer, add_order, ref

TEMPLATES = Path(__file__).parents[2] / "email_templates"
CONFIRMATION, NEWSLETTER = "order-confirmation", "newsletter"


@pytest.fixture
def addressed(shop: Shop) -> Shop:
    """A shop that has entered its postal address."""
    facts = shop_settings.get_shop_facts(shop)
    address = "Test shop\n1 High Street"
    shop_settings.save_shop_facts(shop, ADMIN, replace(facts, postal_address=address, url="https://a.example"))
    return shop


def with_content(
    shop: Shop, content: str, *, name: str = CONFIRMATION, subject: str = "Hello", **parts: str
) -> Preview:
    """A preview of a text that is being edited, with this content."""
    body = f"<mj-section><mj-column><mj-text>{content}</mj-text></mj-column></mj-section>"
    return render_preview(shop, name, source=TemplateSource(subject, parts.pop("body", body), **parts))


def check(preview: Preview, name: str) -> CheckResult:
    return next(result for result in preview.checks if result.name == name)


@pytest.mark.parametrize("name", sorted(read_templates(TEMPLATES).versions))
def test_every_shipped_template_passes_all_checks(addressed: Shop, name: str) -> None:
    preview = render_preview(addressed, name)
    assert preview.email is not None
    assert [result for result in preview.checks if result.level is not Level.OK] == []


@pytest.mark.parametrize("url", ["", "https://a.example"])
def test_a_logo_takes_the_place_of_the_name(addressed: Shop, url: str) -> None:
    facts = replace(shop_settings.get_shop_facts(addressed), logo_url="https://a.example/logo.png", url=url)
    shop_settings.save_shop_facts(addressed, ADMIN, facts)
    preview = render_preview(addressed, CONFIRMATION)
    assert preview.email is not None
    assert 'src="https://a.example/logo.png"' in preview.email.html
    assert [result for result in preview.checks if result.level is not Level.OK] == []


def test_a_preview_with_a_real_customer_shows_their_last_order(shop: Shop, clock: TestClock) -> None:
    customer = add_customer(shop, "Ines Faria", "ines@example.com")
    add_order(shop, customer, 1000)
    clock.forward(minutes=1)
    order = add_order(shop, customer, 2500)
    preview = render_preview(shop, CONFIRMATION, recipient=Recipient(customer.id))
    assert preview.email is not None
    assert order.number in preview.email.subject
    assert "$25.00" in preview.email.text
    assert (preview.to, preview.sampled) == ("ines@example.com", ())


def test_a_chosen_order_is_shown(shop: Shop) -> None:
    customer = add_customer(shop)
    order = add_order(shop, customer, 1000)
    add_order(shop, customer, 2500)
    preview = render_preview(shop, CONFIRMATION, recipient=Recipient(customer.id, order.id))
    assert preview.data["order"]["number"] == order.number


def test_what_is_not_real_is_named(shop: Shop) -> None:
    assert render_preview(shop, CONFIRMATION).sampled == (Need.CUSTOMER, Need.ORDER)
    customer = add_customer(shop)
    assert render_preview(shop, CONFIRMATION, recipient=Recipient(customer.id)).sampled == (Need.ORDER,)


def test_what_the_sender_types_is_shown_and_what_is_left_empty_is_empty(shop: Shop) -> None:
    typed = {"carrier": "Snail Post", "tracking_url": "", "tracking_number": ""}
    preview = render_preview(shop, "order-shipped", recipient=Recipient(fields=typed))
    assert preview.email is not None
    assert "Snail Post" in preview.email.text
    assert "Follow your parcel" not in preview.email.html


def test_a_text_that_does_not_render_gives_the_reason_instead_of_an_email(shop: Shop) -> None:
    preview = with_content(shop, "{{ customer.nickname }}")
    assert preview.email is None
    assert isinstance(preview.problem, TemplateError)
    assert [(result.name, result.level) for result in preview.checks] == [("Renders", Level.PROBLEM)]
    assert "“customer.nickname” in line 1 of its body" in preview.checks[0].sentence


def test_older_versions_can_be_seen(shop: Shop) -> None:
    published(shop, CONFIRMATION, subject="New")
    emails = [render_preview(shop, CONFIRMATION, number=number).email for number in (0, 1)]
    assert [email.subject for email in emails if email] == ["Your order T261124-1432-M9X at Test shop", "New"]


def test_unknown_templates_customers_and_orders_are_named(shop: Shop) -> None:
    with pytest.raises(NotFoundError):
        render_preview(shop, "nothing")
    with pytest.raises(NotFoundError):
        render_preview(shop, CONFIRMATION, recipient=Recipient("NOBODY"))
    with pytest.raises(InvalidInputError):
        render_preview(shop, CONFIRMATION, recipient=Recipient(order_id="1"))


@pytest.mark.parametrize(
    ("subject", "level", "said"),
    [
        ("A subject of usual length", Level.OK, "25 characters"),
        ("A subject that goes on and on, and will be cut off in most inboxes", Level.WARNING, "show about 60"),
        ("BUY NOW", Level.WARNING, "looks like spam"),
        ("{{ '' }}", Level.PROBLEM, "empty"),
    ],
)
def test_the_subject_is_looked_at(shop: Shop, subject: str, level: Level, said: str) -> None:
    result = check(with_content(shop, "Hello, this is the text.", subject=subject), "Subject")
    assert result.level is level
    assert said in result.sentence


@pytest.mark.parametrize(
    ("preheader", "level"),
    [("", Level.WARNING), ("Hello", Level.WARNING), ("x" * 200, Level.WARNING), ("What it is about", Level.OK)],
)
def test_the_preheader_is_looked_at(shop: Shop, preheader: str, level: Level) -> None:
    assert check(with_content(shop, "Text", preheader=preheader), "Preheader").level is level


@pytest.mark.parametrize(
    ("content", "level", "said"),
    [
        ("<a href='https://a.example/x?y=1'>x</a> <a href='mailto:a@b.example'>x</a>", Level.OK, "well-formed"),
        ("<a href='http://a.example'>x</a>", Level.WARNING, "not encrypted"),
        ("<a href='#'>x</a>", Level.PROBLEM, "leads nowhere: #"),
        ("<a href=''>x</a>", Level.PROBLEM, "an empty one"),
        ("<a href='www.example.com'>x</a>", Level.PROBLEM, "www.example.com"),
        ("<a href='https://shop'>x</a>", Level.PROBLEM, "https://shop"),
        ("<a href='https://a.example/ b'>x</a>", Level.PROBLEM, "https://a.example/ b"),
        ("<a href='https://[a'>x</a>", Level.PROBLEM, "https://[a"),
        ("<a href='ftp://a.example'>x</a>", Level.PROBLEM, "ftp"),
        ("<a href='{{ links.verify_url }}'>x</a>", Level.OK, "1 link is well-formed"),
        ("Nothing to press", Level.OK, "No links."),
    ],
)
def test_links_are_looked_at(shop: Shop, content: str, level: Level, said: str) -> None:
    result = check(with_content(shop, content), "Links")
    assert (result.level, said in result.sentence) == (level, True)


@pytest.mark.parametrize(
    ("content", "level"),
    [
        ("Hello", Level.OK),
        ("<img src='https://a.example/x.png' alt='A cup'/>", Level.OK),
        ("<img src='https://a.example/x.png' alt=''/>", Level.OK),
        ("<img src='https://a.example/x.png'/>", Level.WARNING),
        ("<a href='https://a.example'><img src='https://a.example/x.png' alt=''/></a>", Level.WARNING),
    ],
)
def test_pictures_need_words_unless_they_are_decoration(shop: Shop, content: str, level: Level) -> None:
    assert check(with_content(shop, content), "Alternative texts").level is level


def test_html_that_gmail_would_clip_is_found(shop: Shop) -> None:
    assert check(with_content(shop, "short"), "Size").level is Level.OK
    result = check(with_content(shop, "<p>word</p>" * 9_000), "Size")
    assert result.level is Level.WARNING
    assert "Gmail hides what comes after 102 KB" in result.sentence


def test_marketing_needs_a_visible_way_out_and_a_postal_address(shop: Shop, addressed: Shop) -> None:
    whole = "<mjml><mj-body><mj-section><mj-column><mj-text>{}</mj-text></mj-column></mj-section></mj-body></mjml>"
    link = "<a href='{{ links.unsubscribe_url }}'>Unsubscribe</a>"
    address = "{{ address(shop.address_lines) }}"
    expected = {
        link + address: (Level.OK, Level.OK),
        link: (Level.OK, Level.PROBLEM),
        address: (Level.PROBLEM, Level.OK),
        f"<div style='display: none'>{link}</div>{address}": (Level.PROBLEM, Level.OK),
        "<a href='{{ links.unsubscribe_url }}'></a>" + address: (Level.PROBLEM, Level.OK),
    }
    for content, levels in expected.items():
        preview = with_content(addressed, "", name=NEWSLETTER, body=whole.format(content))
        assert (check(preview, "Unsubscribe link").level, check(preview, "Postal address").level) == levels


def test_transactional_mail_needs_neither(shop: Shop) -> None:
    names = {result.name for result in render_preview(shop, CONFIRMATION).checks}
    assert not names & {"Unsubscribe link", "Postal address"}


def test_merge_fields_that_are_empty_for_this_person_are_named(shop: Shop) -> None:
    customer = add_customer(shop, city="")
    order = add_order(shop, customer)
    content = (
        "{{ customer.city }} {{ customer.phone | default('none', true) }} {{ customer.name }}"
        "{{ customer.country or '' }}"
        "{% if customer.country_name %}{{ customer.country_name }}{% endif %}"
        "{% for line in order.lines %}{{ line.title }}{% endfor %}"
    )
    body = f"<mj-section><mj-column><mj-text>{content}</mj-text></mj-column></mj-section>"
    preview = render_preview(
        shop, CONFIRMATION, source=TemplateSource("Hello", body), recipient=Recipient(customer.id, order.id)
    )
    assert check(preview, "Merge fields").sentence == "“customer.city” is empty for this person."


@pytest.mark.parametrize("left", ["lorem ipsum dolor", "TODO", "[your name]", "XXX", "{{ '{{ name }}' }}"])
def test_what_was_left_over_is_found(shop: Shop, left: str) -> None:
    assert check(with_content(shop, left), "Leftovers").level is Level.WARNING


def test_what_this_order_or_customer_lacks_is_reported_in_a_sentence_without_words_of_programs(addressed: Shop) -> None:
    customer = add_customer(addressed)
    order = add_order(addressed, customer)
    preview = render_preview(addressed, "refund", recipient=Recipient(customer.id, order.id))
    assert preview.email is None
    assert str(preview.problem) == "This email is about a refund, and this order has none."
    assert [result.sentence for result in preview.checks] == [str(preview.problem)]
    refund_order(addressed, STAFF, ref(order), 500, "Broken cup", new_part_id())
    assert render_preview(addressed, "refund", recipient=Recipient(customer.id, order.id)).email is not None


def test_whoever_has_no_address_is_skipped_although_the_email_would_need_one_in_its_text(shop: Shop) -> None:
    wanted = SendRequest("verify-address", "click-1", add_customer(shop, email="").id)
    message = request_message(shop, mailer_on(shop), STAFF, wanted).message
    assert (message.status, message.reason) == (MessageStatus.SKIPPED, "has no e-mail address")
