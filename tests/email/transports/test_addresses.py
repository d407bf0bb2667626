"""Mailboxes: quotes, other letters and other domains go out as mail has them; nothing can smuggle a second one in."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.headerregistry import Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.email.transports.addresses import Mailbox, UnsendableError, named_address, parse_mailbox
from backend.email.transports.mime import build_mime
from tests.email.transports.samples import AT, email, parsed

LONG_NAME = "Bücher und Tee für alle " * 6


def test_an_address_alone_stays_as_it_is() -> None:
    assert parse_mailbox(" maria@example.com ", "The address").header() == "maria@example.com"


@pytest.mark.parametrize(
    ("text", "name", "address"),
    [
        ("My shop <news@shop.example>", "My shop", "news@shop.example"),
        ('"Tea, \\"fine\\" & Co" <a@b.example>', 'Tea, "fine" & Co', "a@b.example"),
        ("Tea & Co, Ltd. <a@b.example>", "Tea & Co, Ltd.", "a@b.example"),
        ("Müller <m@bücher.example>", "Müller", "m@xn--bcher-kva.example"),
        ("=?utf-8?q?x?= <a@b.example>", "=?utf-8?q?x?=", "a@b.example"),
        ('"john doe"@example.com', "", '"john doe"@example.com'),
        ('"a<b>c"@example.com', "", '"a<b>c"@example.com'),
        ("o'brien+tea@example.com", "", "o'brien+tea@example.com"),
    ],
)
def test_names_and_addresses_arrive_as_they_were_meant(text: str, name: str, address: str) -> None:
    message = parsed(build_mime(email(to=text), at=AT))
    assert message["to"].addresses == (Address(display_name=name, addr_spec=address),)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "maria",
        "a@b.example, c@d.example",
        "<a@b.example> <c@d.example>",
        "maria@example.com\r\nBcc: eve@example.com",
        "Maria\nBcc: eve@example.com <maria@example.com>",
        "Maria\0 <maria@example.com>",
        "Maria\u2028 <maria@example.com>",
        "jörg@example.com",
        "a@[127.0.0.1]",
        f"{'x' * 1000}@example.com",
    ],
)
def test_what_is_not_one_address_is_refused(text: str) -> None:
    with pytest.raises(UnsendableError) as refusal:
        parse_mailbox(text, "The address")
    assert refusal.value.sentence.startswith("The address ")


def test_a_refusal_does_not_repeat_the_address() -> None:
    with pytest.raises(UnsendableError) as refusal:
        parse_mailbox("jörg.secret@example.com", "The address")
    assert "secret" not in refusal.value.sentence


def test_long_names_are_folded_and_arrive() -> None:
    """Read with the older of the library's readers: the newer one keeps the spaces between encoded words."""
    message = build_mime(email(to=f"{LONG_NAME}<m@b.example>"), at=AT)
    assert max(map(len, message.split(b"\r\n"))) <= 78
    field = str(message_from_bytes(message, policy=policy.compat32)["to"])
    assert str(make_header(decode_header(field))) == f"{LONG_NAME}<m@b.example>"


@pytest.mark.parametrize(
    "address",
    [
        "a@b.invalid",
        "a@localhost",
        "a..b@example.com",
        "a.@example.com",
        ".a@example.com",
        "a@-example.com",
        "a@x.local",
    ],
)
def test_what_no_server_takes_is_refused(address: str) -> None:
    with pytest.raises(UnsendableError):
        parse_mailbox(address, "The recipient")


NAMES = [
    "Café Söhne",
    "Tea & Co, Ltd.",
    'The "fine" tea',
    "Tea <fine>",
    "back\\slash",
    "J. R. Smith",
    "茶の店",
    'Café, "Söhne" & <Töchter>; Inc.',
    "=?utf-8?q?x?=",
    "O'Brien: tea (fine) @home",
    "🫖",
    "",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_mail_program_shows_every_name_as_it_was_typed(name: str) -> None:
    named = named_address(name, "tea@shop.example")
    message = parsed(build_mime(email(sender=named, reply_to=named, to=named), at=AT))
    shown = Address(display_name=name, addr_spec="tea@shop.example")
    assert [message[field].addresses for field in ("From", "Reply-To", "To")] == [(shown,)] * 3


@given(st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), max_size=80))
def test_any_name_comes_back_from_its_text(name: str) -> None:
    name = name.strip()
    assert parse_mailbox(named_address(name, "tea@shop.example"), "The sender") == Mailbox(name, "tea@shop.example")
