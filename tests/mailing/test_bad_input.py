"""What people and files bring in goes out as a harmless email, or is refused with a sentence, and nothing is queued."""

from __future__ import annotations

from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from backend.domain.messages import Message, MessageStatus
from backend.email.links import Links
from backend.email.rate import RatePolicy, RateWindow
from backend.email.transports.outbox import OutboxTransport
from backend.errors import BackendError, InvalidInputError
from backend.services.context import Shop
from backend.services.sending import ledger
from backend.services.sending.delivery import deliver_due
from backend.services.sending.mailer import Mailer
from backend.services.sending.message_log import messages_of
from backend.services.sending.requests import SendRequest, request_message
from backend.store import schema
from backend.store.port import Update
from tests.services.emails import published
from tests.support import STAFF, TestClock, add_customer, opened_shop

TEMPLATE = "verify-address"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with opened_shop(clock=TestClock(), data_dir=tmp_path) as shop:
        yield shop


@pytest.fixture
def mailer(shop: Shop) -> Mailer:
    transport = OutboxTransport(shop.data_dir / "outbox", clock=shop.clock)
    window = RateWindow(shop.store, "local", transport.account, RatePolicy(), clock=shop.clock)
    return Mailer(transport, window, Links(b"k" * 32, "https://shop.example", shop.clock), "shop@example.com")


def requested(shop: Shop, mailer: Mailer, customer_id: str) -> Message:
    return request_message(shop, mailer, STAFF, SendRequest(TEMPLATE, "k1", customer_id)).message


def delivered(shop: Shop, mailer: Mailer, message: Message) -> EmailMessage:
    """The email as any mail program reads it from the outbox."""
    deliver_due(shop, mailer)
    found = ledger.get_message(shop, message.id)
    assert found.status is MessageStatus.SENT, found.reason
    source = (shop.data_dir / "outbox" / "new" / found.provider_id).read_bytes()
    return message_from_bytes(source, policy=policy.default)


def body(email: EmailMessage, subtype: str) -> str:
    part = email.get_body((subtype,))
    assert part is not None
    return str(part.get_content())


@pytest.mark.parametrize(
    "name",
    ["Maria\r\nBcc: all@example.com", "Maria\nX-Evil: 1", "Maria\x00", "Maria\u2028Bcc: all@example.com"],
)
def test_a_name_with_a_line_break_is_refused_where_it_comes_in(shop: Shop, name: str) -> None:
    with pytest.raises(InvalidInputError, match="control character"):
        add_customer(shop, name)


@pytest.mark.parametrize("line_break", ["\r\n", "\n", "\r", "\u2028", "\x85", "\x0b"])
def test_a_line_break_that_got_into_the_store_makes_no_header(shop: Shop, mailer: Mailer, line_break: str) -> None:
    customer = add_customer(shop)
    published(shop, TEMPLATE, subject="For {{ customer.name }}")
    evil = f"Maria{line_break}Bcc: all{line_break}{line_break}Hello"
    shop.store.update(Update(schema.customer_key(customer.id), set={"name": evil}))
    email = delivered(shop, mailer, requested(shop, mailer, customer.id))
    assert email["Bcc"] is None
    assert email["To"] == customer.email
    assert "Bcc: all" in email["Subject"]
    assert not email.defects


def test_fields_cannot_bring_in_a_header_or_a_script(shop: Shop, mailer: Mailer) -> None:
    customer = add_customer(shop, "<script>alert(1)</script> & Co")
    email = delivered(shop, mailer, requested(shop, mailer, customer.id))
    html = body(email, "html")
    assert "<script>alert" not in html


@pytest.mark.parametrize(
    ("address", "in_header"),
    [
        ("o'brien+tea@example.com", "o'brien+tea@example.com"),
        ("maria@bücher.example", "maria@xn--bcher-kva.example"),
        ("maria@xn--bcher-kva.example", "maria@xn--bcher-kva.example"),
        ("maria.o@sub.example.co.uk", "maria.o@sub.example.co.uk"),
    ],
)
def test_unusual_addresses_are_written_as_mail_servers_read_them(
    shop: Shop, mailer: Mailer, address: str, in_header: str
) -> None:
    customer = add_customer(shop, "Maria", address)
    email = delivered(shop, mailer, requested(shop, mailer, customer.id))
    assert str(email["To"]) == in_header


def test_an_address_that_no_server_takes_fails_with_the_reason(shop: Shop, mailer: Mailer) -> None:
    customer = add_customer(shop, "Maria", "müller@example.com")
    message = requested(shop, mailer, customer.id)
    deliver_due(shop, mailer)
    found = ledger.get_message(shop, message.id)
    assert found.status is MessageStatus.FAILED
    assert "ASCII" in found.reason or "letters" in found.reason


@pytest.mark.parametrize(
    "address", ['"maria lopez"@example.com', "a@b@example.com", "maria@example.com\nBcc: x@example.com", "maria@"]
)
def test_quoted_and_broken_addresses_are_refused_where_they_come_in(shop: Shop, address: str) -> None:
    with pytest.raises(InvalidInputError):
        add_customer(shop, "Maria", address)


@pytest.mark.parametrize(
    "subject",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{% for a in range(99999) %}{% for b in range(99999) %}x{% endfor %}{% endfor %}",
        "{{ 'x' * 999999999 }}",
        "{{ customer.nickname }}",
    ],
)
def test_a_template_that_escapes_runs_for_ever_or_asks_for_what_is_not_there_is_reported_and_queues_nothing(
    shop: Shop, mailer: Mailer, subject: str
) -> None:
    customer = add_customer(shop)

    def publish_and_request() -> None:
        published(shop, TEMPLATE, subject=subject)
        requested(shop, mailer, customer.id)

    with pytest.raises(BackendError) as told:
        publish_and_request()
    assert told.value.sentence
    assert messages_of(shop, customer.id) == []


@pytest.mark.parametrize("characters", [20_000, 200_000])
def test_a_body_of_two_megabytes_is_told_to_who_asks_and_queues_nothing(
    shop: Shop, mailer: Mailer, characters: int
) -> None:
    customer = add_customer(shop)
    shop.store.update(Update(schema.customer_key(customer.id), set={"name": "x" * characters}))
    published(shop, TEMPLATE, text="{{ customer.name }} " * (2_000_000 // characters) + "{{ links.verify_url }}")
    with pytest.raises(BackendError, match=r"too much data|becomes longer"):
        requested(shop, mailer, customer.id)
    assert messages_of(shop, customer.id) == []
