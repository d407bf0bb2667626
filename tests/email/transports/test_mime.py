"""What is built reads back as it was meant, for the standard library as judge."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domain.emails import Attachment
from backend.email.transports.addresses import UnsendableError
from backend.email.transports.mime import LARGEST, build_mime, check_sendable
from tests.email.transports.samples import AT, body_of, email, parsed

UNSUBSCRIBE = {
    "List-Unsubscribe": "<https://shop.example/api/unsubscribe/abc>, <mailto:out@shop.example?subject=abc>",
    "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
}
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=300)
LINES = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), max_size=200).map(str.strip)


def test_an_email_has_a_text_and_an_html_part_and_the_usual_headers() -> None:
    message = parsed(build_mime(email(reply_to="Help <help@shop.example>"), at=AT))
    assert message.get_content_type() == "multipart/alternative"
    assert body_of(message, "plain") == email().text
    assert body_of(message, "html") == email().html
    assert {name: str(message[name]) for name in ("from", "to", "reply-to", "subject", "date", "message-id")} == {
        "from": "Tea shop <news@shop.example>",
        "to": "maria@example.com",
        "reply-to": "Help <help@shop.example>",
        "subject": "Your order T1",
        "date": "Thu, 26 Nov 2026 12:30:15 +0000",
        "message-id": "<ABCDE12345-order-1@shop.example>",
    }


def test_the_same_email_gives_the_same_bytes() -> None:
    assert build_mime(email(), at=AT) == build_mime(email(), at=AT)


def test_an_email_without_html_is_a_plain_text() -> None:
    assert parsed(build_mime(email(html=""), at=AT)).get_content_type() == "text/plain"


def test_one_click_unsubscribe_passes_unchanged() -> None:
    message = build_mime(email(headers=UNSUBSCRIBE), at=AT)
    for name, value in UNSUBSCRIBE.items():
        assert f"\r\n{name}: {value}\r\n".encode() in message


@given(text=TEXTS, html=TEXTS.filter(bool), eight_bit=st.booleans())
def test_any_text_arrives(text: str, html: str, eight_bit: bool) -> None:
    message = build_mime(email(text=text, html=html), at=AT, eight_bit=eight_bit)
    found = parsed(message)
    assert body_of(found, "plain") == text
    assert body_of(found, "html") == html
    assert eight_bit or message.isascii()
    assert eight_bit or max(map(len, message.split(b"\r\n"))) <= 998
    assert b"\n" not in message.replace(b"\r\n", b"")


@given(subject=LINES, value=LINES.filter(lambda text: bool(text) and len(text) < 60))
def test_any_subject_and_header_arrives(subject: str, value: str) -> None:
    message = build_mime(email(subject=subject, headers={"X-Note": value}), at=AT)
    found = parsed(message)
    assert found["subject"] == subject
    assert found["x-note"] == value
    assert message.isascii()


@pytest.mark.parametrize(("html", "named"), [("<p>é</p>", "8bit"), ("<p>a" * 999, "binary"), ("a\0", "binary")])
def test_a_text_that_is_left_readable_says_what_it_takes_to_pass_it_on(html: str, named: str) -> None:
    message = build_mime(email(html=html), at=AT, eight_bit=True)
    assert html.encode() in message
    part = parsed(message).get_body(("html",))
    assert part is not None
    assert part["Content-Transfer-Encoding"] == named


def test_a_text_cannot_end_its_own_part() -> None:
    first = build_mime(email(), at=AT)
    boundary = first.partition(b'boundary="')[2].partition(b'"')[0].decode()
    text = f"--{boundary}--\nContent-Type: text/html\n\n<script>\n"
    assert body_of(parsed(build_mime(email(text=text), at=AT, eight_bit=True)), "plain") == text


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": "Hello\r\nBcc: eve@example.com"},
        {"subject": "Hello\nBcc: eve@example.com"},
        {"subject": "Hello\r"},
        {"sender": "Shop\r\nBcc: eve@example.com <news@shop.example>"},
        {"reply_to": "help@shop.example\nBcc: eve@example.com"},
        {"headers": {"X-Note": "a\r\nBcc: eve@example.com"}},
        {"headers": {"X-Note\r\nBcc": "eve@example.com"}},
        {"headers": {"X-Note: a": "b"}},
        {"headers": {"Bcc": "eve@example.com"}},
        {"headers": {"SUBJECT": "Another one"}},
        {"headers": {"Content-Type": "text/html"}},
        {"headers": {"X-SES-CONFIGURATION-SET": "other"}},
        {"message_id": "a\r\nBcc: eve@example.com"},
        {"attachments": (Attachment('a"\r\nX: y.pdf', b""),)},
        {"attachments": (Attachment("a.pdf", b"", "text/plain\r\nX: y"),)},
    ],
)
def test_no_field_can_bring_in_a_header(changes: dict[str, Any]) -> None:
    with pytest.raises(UnsendableError):
        build_mime(email(**changes), at=AT)


@pytest.mark.parametrize(
    "headers",
    [
        {f"X-{number}": "a" for number in range(16)},
        {"X-" + "n" * 125: "a"},
        {"X-Note": "a" * 991},
        {"X-Note": "ä" * 400},
        {"X-Note": " "},
    ],
)
def test_headers_keep_the_limits_of_ses(headers: dict[str, str]) -> None:
    with pytest.raises(UnsendableError):
        build_mime(email(headers=headers), at=AT)


def test_fifteen_headers_and_the_longest_field_are_possible() -> None:
    headers = {f"X-{number:02}": "a" * 992 for number in range(15)}
    message = parsed(build_mime(email(headers=headers), at=AT))
    assert {name: message[name] for name in headers} == headers


@pytest.mark.parametrize(
    "name", ["invoice.pdf", "Rechnung für Jürgen (1).pdf", 'a"b\\c;d.txt', "請求書.pdf", f"{'x' * 251}.pdf"]
)
def test_attachments_arrive_with_name_type_and_bytes(name: str) -> None:
    content = bytes(range(256)) * 9
    message = parsed(build_mime(email(attachments=(Attachment(name, content, "application/pdf"),)), at=AT))
    (attachment,) = message.iter_attachments()
    assert attachment.get_filename() == name
    assert attachment.get_content_type() == "application/pdf"
    assert attachment.get_content() == content
    assert body_of(message, "html") == email().html


def test_the_longest_name_of_an_attachment_fits_on_a_line_in_all_letters() -> None:
    longest = "請" * 85
    message = build_mime(email(attachments=(Attachment(longest, b"a", "text/csv"),)), at=AT)
    assert max(map(len, message.split(b"\r\n"))) <= 998
    assert [part.get_filename() for part in parsed(message).iter_attachments()] == [longest]
    with pytest.raises(UnsendableError):
        build_mime(email(attachments=(Attachment(f"{longest}x", b"a", "text/csv"),)), at=AT)


@pytest.mark.parametrize("media_type", ["multipart/mixed", "message/rfc822", "pdf", "", "a/" + "b" * 80])
def test_an_attachment_needs_a_simple_media_type(media_type: str) -> None:
    with pytest.raises(UnsendableError):
        build_mime(email(attachments=(Attachment("a.pdf", b"a", media_type),)), at=AT)


def test_a_body_of_two_megabytes_arrives() -> None:
    html = "<p>" + "Grüße an alle. " * 140_000 + "</p>"
    assert len(html) > 2 * 2**20
    email_of_2_mb = email(html=html)
    check_sendable(email_of_2_mb, at=AT)
    assert body_of(parsed(build_mime(email_of_2_mb, at=AT, eight_bit=True)), "html") == html


def test_attachments_fit_up_to_40_megabytes_as_encoded_and_not_beyond() -> None:
    at_the_limit = Attachment("a.bin", bytes((LARGEST - 3000) * 57 // 78))
    assert LARGEST - 3000 < len(build_mime(email(attachments=(at_the_limit,)), at=AT)) <= LARGEST
    check_sendable(email(attachments=(at_the_limit,)), at=AT)
    beyond = Attachment("a.bin", bytes(LARGEST * 57 // 78))
    with pytest.raises(UnsendableError, match=r"too large: 40\.0 MB"):
        check_sendable(email(attachments=(beyond,)), at=AT)


def test_half_a_character_is_refused() -> None:
    with pytest.raises(UnsendableError):
        build_mime(email(html="\ud83d"), at=AT)
