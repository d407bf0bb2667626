"""Reads what SES reports: both shapes of its JSON, by itself or in an envelope of SNS.

Event publishing of a configuration set names the kind "eventType"; feedback notifications of an identity name it
"notificationType", know bounces, complaints and deliveries only, and carry no tags. Fields: SES developer guide,
"Contents of event data that Amazon SES publishes to Amazon SNS" and "Amazon SNS notification contents for Amazon SES".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

import orjson

from backend.domain.emails import MESSAGE_HEADER
from backend.domain.events import BounceType, EventType, MailEvent
from backend.errors import BackendError

Document: TypeAlias = Mapping[str, Any]

_TEST_NOTICE = "Successfully validated SNS topic"
"""How the text begins with which SES tries out a topic when an event destination is made."""
_OUR_HEADER = MESSAGE_HEADER.lower()
_TAGS_HEADER = "x-ses-message-tags"
_LONGEST = 1000
_LONGEST_LINK = 4000
_MOST_ADDRESSES = 50
"""AWS: the most recipients of an email."""
_EARLIEST_YEAR = 2011
"""SES began in January 2011, so an earlier moment is a mistake. A later bound would be wrong: dead letters are kept for
90 days, queues for 14, and reports of old mail are replayed. An old moment does no harm by itself: messages are found
by their id, and an event that is older than its message only counts as late."""
_AHEAD = timedelta(days=1)
"""How far a report may be ahead of our clock; such a moment is a mistake."""


class UnreadableEventError(BackendError):
    """This is no event, or one that lacks what every event has. The sentence says what is wrong."""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something else that comes on the same way and needs nothing done, such as SES's first test of a topic."""

    text: str


@dataclass(frozen=True, slots=True)
class Read:
    """What was read. `body` is the event's own JSON, without the envelope."""

    event: MailEvent
    body: bytes


def read_event(body: bytes, now: datetime | None = None) -> Read | Notice:
    """The event in a body, in an envelope of SNS or without one. With `now`, none from the future is taken.

    Raises: `UnreadableEventError`.
    """
    if body.startswith(_TEST_NOTICE.encode()):
        return Notice(_TEST_NOTICE)
    document = _document(body)
    if "Message" in document and "TopicArn" in document:
        inner = document["Message"]
        if not isinstance(inner, str):
            raise UnreadableEventError("The envelope of SNS has no text in it.")
        if document.get("Type") in ("SubscriptionConfirmation", "UnsubscribeConfirmation"):
            return Notice(f"{document['Type']} of a topic")
        if inner.startswith(_TEST_NOTICE):
            return Notice(_TEST_NOTICE)
        body = inner.encode("utf-8", "replace")
        document = _document(body)
    event = event_from(document)
    if now is not None and max(event.at, event.sent_at) > now + _AHEAD:
        raise UnreadableEventError("The event is more than a day in the future.")
    return Read(event, body)


def event_from(document: Document) -> MailEvent:
    """The event that a document of SES describes.

    Raises: `UnreadableEventError`.
    """
    kind = _kind(document)
    mail = _part(document, "mail")
    sent_at = _moment(mail, "timestamp")
    detail = _part(document, _DETAILS[kind], required=kind not in _WITHOUT_DETAILS)
    at = _moment(detail, "timestamp") if "timestamp" in detail else sent_at
    provider_id = _text(mail, "messageId")
    if not provider_id:
        raise UnreadableEventError("The event does not say which email it is about: mail.messageId is missing.")
    return MailEvent(
        kind,
        at,
        sent_at,
        provider_id,
        message_id=_our_id(mail),
        to=_addresses(mail.get("destination")),
        **_own(kind, detail),
    )


def _kind(document: Document) -> EventType:
    name = document.get("eventType") or document.get("notificationType")
    try:
        return EventType(str(name))
    except ValueError:
        shown = str(name)[:40] if name else "none"
        raise UnreadableEventError(f"This kind of event is not known: {shown}.") from None


_DETAILS = {
    EventType.SEND: "send",
    EventType.DELIVERY: "delivery",
    EventType.BOUNCE: "bounce",
    EventType.COMPLAINT: "complaint",
    EventType.REJECT: "reject",
    EventType.RENDERING_FAILURE: "failure",
    EventType.DELIVERY_DELAY: "deliveryDelay",
    EventType.OPEN: "open",
    EventType.CLICK: "click",
    EventType.SUBSCRIPTION: "subscription",
}
_WITHOUT_DETAILS = frozenset({EventType.SEND, EventType.REJECT, EventType.RENDERING_FAILURE})


def _own(kind: EventType, detail: Document) -> dict[str, Any]:
    """The fields that only this kind has."""
    match kind:
        case EventType.BOUNCE:
            return _bounce(detail)
        case EventType.COMPLAINT:
            found = {"sub_type": _text(detail, "complaintSubType"), "feedback": _text(detail, "complaintFeedbackType")}
            return found | {"feedback_id": _text(detail, "feedbackId"), "user_agent": _text(detail, "userAgent")}
        case EventType.DELIVERY:
            return {"detail": _text(detail, "smtpResponse")}
        case EventType.REJECT:
            return {"detail": _text(detail, "reason")}
        case EventType.RENDERING_FAILURE:
            return {"detail": _text(detail, "errorMessage")}
        case EventType.DELIVERY_DELAY:
            first = _first(detail.get("delayedRecipients"))
            found = {"sub_type": _text(detail, "delayType"), "status": _text(first, "status")}
            return found | {"detail": _text(first, "diagnosticCode")}
        case EventType.OPEN:
            return {"user_agent": _text(detail, "userAgent"), "ip": _text(detail, "ipAddress")}
        case EventType.CLICK:
            link = detail.get("link")
            found = {"user_agent": _text(detail, "userAgent"), "ip": _text(detail, "ipAddress")}
            return found | {"link": link[:_LONGEST_LINK] if isinstance(link, str) else ""}
        case EventType.SUBSCRIPTION:
            wanted = _part(detail, "newTopicPreferences", required=False)
            return {"unsubscribed": wanted.get("unsubscribeAll") is True, "sub_type": _text(detail, "source")}
        case _:
            return {}


def _bounce(detail: Document) -> dict[str, Any]:
    try:
        kind = BounceType(_text(detail, "bounceType"))
    except ValueError:
        raise UnreadableEventError("The bounce does not say whether it is permanent.") from None
    first = _first(detail.get("bouncedRecipients"))
    return {
        "bounce": kind,
        "sub_type": _text(detail, "bounceSubType"),
        "status": _text(first, "status"),
        "detail": _text(first, "diagnosticCode"),
        "feedback_id": _text(detail, "feedbackId"),
    }


def _our_id(mail: Document) -> str:
    """The id of our message: from the tag of event publishing, else from a header of the email if it is reported."""
    tags = mail.get("tags")
    tagged = tags.get("message") if isinstance(tags, Mapping) else None
    if isinstance(tagged, list) and tagged and isinstance(tagged[0], str):
        return tagged[0][:_LONGEST]
    headers = mail.get("headers")
    named = {
        str(header.get("name", "")).lower(): str(header.get("value", ""))
        for header in (headers if isinstance(headers, list) else [])
        if isinstance(header, Mapping)
    }
    if _OUR_HEADER in named:
        return named[_OUR_HEADER].strip()[:_LONGEST]
    pairs = (pair.partition("=") for pair in named.get(_TAGS_HEADER, "").split(","))
    return next((value.strip()[:_LONGEST] for name, _, value in pairs if name.strip() == "message"), "")


def _document(body: bytes) -> dict[str, Any]:
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise UnreadableEventError("This is not JSON.") from None
    if not isinstance(document, dict):
        raise UnreadableEventError("This is not a JSON object.")
    return document


def _part(document: Document, name: str, *, required: bool = True) -> Document:
    part = document.get(name)
    if isinstance(part, Mapping):
        return part
    if required:
        raise UnreadableEventError(f"The event lacks “{name}”.")
    return {}


def _first(entries: object) -> Document:
    first = entries[0] if isinstance(entries, list) and entries else {}
    return first if isinstance(first, Mapping) else {}


def _text(part: Document, name: str) -> str:
    """Texts are bounded; what is no text (complaintSubType is often null) counts as missing."""
    value = part.get(name)
    return value[:_LONGEST] if isinstance(value, str) else ""


def _addresses(value: object) -> tuple[str, ...]:
    """The first 50; what is longer than an address can be is none."""
    listed = value[:_MOST_ADDRESSES] if isinstance(value, list) else []
    return tuple(each for each in listed if isinstance(each, str) and len(each) <= _LONGEST)


def _moment(part: Document, name: str) -> datetime:
    try:
        moment = datetime.fromisoformat(_text(part, name))
        moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise UnreadableEventError(f"“{name}” is no moment.") from None
    if moment.year < _EARLIEST_YEAR:
        raise UnreadableEventError(f"“{name}” is before the time of SES.")
    return moment
