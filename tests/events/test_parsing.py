"""What SES reports is read in both shapes and all envelopes, and what is no event is told so in a sentence."""

from __future__ import annotations

import contextlib
import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.domain.events import BounceType, EventType, MailEvent, plain_link
from backend.email.events.parsing import Notice, Read, UnreadableEventError, read_event
from tests.events import samples
from tests.events.samples import document, enveloped, event, feedback
from tests.services.test_ledger import a_message
from tests.support import NOW


def read(body: bytes) -> MailEvent:
    found = read_event(body)
    assert isinstance(found, Read)
    return found.event


@pytest.mark.parametrize("kind", samples.DETAILS)
def test_each_type_is_read_the_same_with_and_without_an_envelope(kind: str) -> None:
    body = event(kind)
    found = read(body)
    assert (found.type, found.provider_id, found.message_id) == (
        EventType(kind),
        samples.PROVIDER_ID,
        "AAAAAAAAAA-click-1",
    )
    assert found.at == NOW + timedelta(seconds=2 if kind in samples.WITHOUT_MOMENT else 30)
    wrapped = read_event(enveloped(body))
    assert isinstance(wrapped, Read)
    assert (wrapped.event, wrapped.body, wrapped.event.digest) == (found, body, found.digest)


@pytest.mark.parametrize("kind", ["Bounce", "Complaint", "Delivery"])
def test_feedback_notifications_are_the_same_events_without_a_tag(kind: str) -> None:
    found, other = read(feedback(kind, a_message())), read(event(kind, a_message()))
    assert found.message_id == ""
    assert (found.type, found.at, found.to, found.digest) == (other.type, other.at, other.to, other.digest)


def test_details_are_read() -> None:
    bounce = read(event("Bounce"))
    assert (bounce.bounce, bounce.sub_type, bounce.status) == (BounceType.PERMANENT, "General", "5.1.1")
    assert bounce.detail == "smtp; 550 5.1.1 nobody here"
    complaint = read(event("Complaint"))
    assert (complaint.feedback, complaint.sub_type) == ("abuse", "")
    delay = read(event("DeliveryDelay"))
    assert (delay.sub_type, delay.status) == ("MailboxFull", "4.2.2")
    click = read(event("Click"))
    assert (click.link[:24], click.user_agent, click.ip) == ("https://shop.example/tea", samples.FIREFOX, "192.0.2.7")
    assert read(event("Subscription")).unsubscribed
    assert read(event("Reject")).detail == "Bad content"
    assert "name" in read(event("Rendering Failure")).detail


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("X-Tillpost-Message", "AAAAAAAAAA-k9"),
        ("X-SES-MESSAGE-TAGS", "template=welcome, message=AAAAAAAAAA-k9, kind=marketing"),
    ],
)
def test_without_a_tag_the_headers_of_the_email_may_name_the_message(header: str, value: str) -> None:
    body = json.loads(feedback("Bounce", a_message()))
    body["mail"]["headers"].append({"name": header, "value": value})
    assert read(json.dumps(body).encode()).message_id == "AAAAAAAAAA-k9"


@pytest.mark.parametrize(
    "body",
    [
        b"Successfully validated SNS topic for Amazon SES event publishing.",
        enveloped(b"Successfully validated SNS topic for Amazon SES event publishing."),
        enveloped(b"You have chosen to subscribe.", Type="SubscriptionConfirmation"),
    ],
)
def test_what_aws_sends_beside_events_is_a_notice(body: bytes) -> None:
    assert isinstance(read_event(body), Notice)


def changed(kind: str, *path: str, to: object = None) -> bytes:
    """An event with a part taken out, or replaced."""
    whole: Any = document(kind)
    part = whole
    for name in path[:-1]:
        part = part[name]
    if to is None:
        del part[path[-1]]
    else:
        part[path[-1]] = to
    return json.dumps(whole).encode()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nonsense",
        b"[]",
        b'"text"',
        b"\xff\xfe",
        b"{}",
        enveloped(b"nonsense"),
        enveloped(b"[]"),
        json.dumps({"TopicArn": "x", "Message": 5}).encode(),
        changed("Delivery", "eventType", to="Arrived"),
        changed("Delivery", "mail"),
        changed("Delivery", "mail", to="no object"),
        changed("Delivery", "mail", "messageId"),
        changed("Delivery", "mail", "timestamp", to="yesterday"),
        changed("Delivery", "mail", "timestamp", to="0001-01-01T00:00:00Z"),
        changed("Delivery", "delivery"),
        changed("Delivery", "delivery", "timestamp", to="soon"),
        changed("Delivery", "delivery", "timestamp", to=5),
        changed("Bounce", "bounce", "bounceType", to="Elastic"),
        changed("Bounce", "bounce", "bounceType"),
    ],
)
def test_what_is_no_event_is_told_so(body: bytes) -> None:
    with pytest.raises(UnreadableEventError) as caught:
        read_event(body)
    assert caught.value.sentence.endswith(".")
    assert "@" not in caught.value.sentence


@pytest.mark.parametrize("name", ["bouncedRecipients", "bounceSubType", "feedbackId"])
@pytest.mark.parametrize("value", [None, [], {}, 5, "x" * 100_000, [5], [{"status": 5}]])
def test_optional_parts_may_be_anything(name: str, value: object) -> None:
    found = read(event("Bounce", **{name: value}))
    assert len(found.sub_type) + len(found.status) + len(found.feedback_id) < 4000


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=150)
@given(st.sampled_from(list(samples.DETAILS)), st.data(), JSON)
def test_a_part_that_is_replaced_by_anything_is_read_or_refused_but_breaks_nothing(
    kind: str, data: st.DataObject, value: object
) -> None:
    whole: dict[str, Any] = document(kind)
    part = whole[data.draw(st.sampled_from(["mail", samples.DETAILS[kind][0]]))]
    part[data.draw(st.sampled_from([*part, "other"]))] = value
    with contextlib.suppress(UnreadableEventError):
        assert isinstance(read_event(json.dumps(whole).encode()), Read)


def test_different_events_have_different_digests() -> None:
    bodies = [event("Open", seconds=number) for number in range(5)]
    bodies += [event("Click", ipAddress=f"192.0.2.{number}") for number in range(5)]
    bodies += [event("Bounce", feedbackId=f"f{number}") for number in range(5)]
    assert len({read(body).digest for body in bodies}) == 15


@pytest.mark.parametrize(
    ("link", "kept"),
    [
        ("https://shop.example/tea?customer=5&utm_source=a&utm_medium=b#top", "https://shop.example/tea?utm_source=a&utm_medium=b"),
        ("https://shop.example/api/mail/unsubscribe/abc.def.ghi?x=1", "https://shop.example/api/mail/unsubscribe/…"),
        ("https://user:secret@shop.example:8443/a", "https://shop.example:8443/a"),
        ("https://shop.example", "https://shop.example"),
        ("http://[broken", ""),
        ("https://shop.example:port/", ""),
    ],
)  # fmt: skip
def test_links_lose_what_is_personal(link: str, kept: str) -> None:
    assert plain_link(link) == kept
