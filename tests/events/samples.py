"""Events as SES reports them: every type, with the fields that AWS documents, about a message of ours."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import datetime, timedelta
from typing import Any

from backend.domain.messages import Message
from tests.support import NOW

PROVIDER_ID = "0100019abcde1234-5f6a7b8c-1111-2222-3333-444455556666-000000"
TOPIC = "arn:aws:sns:eu-central-1:123456789012:tillpost-events"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"

DETAILS: dict[str, tuple[str, dict[str, Any]]] = {
    "Send": ("send", {}),
    "Delivery": (
        "delivery",
        {
            "processingTimeMillis": 1832,
            "recipients": ["maria@example.com"],
            "smtpResponse": "250 2.6.0 Message received",
            "reportingMTA": "mta.example.com",
            "remoteMtaIp": "192.0.2.40",
        },
    ),
    "Bounce": (
        "bounce",
        {
            "feedbackId": "0100019abcdf0001-aaaa",
            "bounceType": "Permanent",
            "bounceSubType": "General",
            "bouncedRecipients": [
                {
                    "emailAddress": "maria@example.com",
                    "action": "failed",
                    "status": "5.1.1",
                    "diagnosticCode": "smtp; 550 5.1.1 nobody here",
                }
            ],
            "reportingMTA": "dns; mta.example.com",
        },
    ),
    "Complaint": (
        "complaint",
        {
            "feedbackId": "0100019abcdf0002-bbbb",
            "complaintSubType": None,
            "complainedRecipients": [{"emailAddress": "maria@example.com"}],
            "userAgent": "ExampleCorp Feedback Loop (V0.01)",
            "complaintFeedbackType": "abuse",
            "arrivalDate": "2026-11-26T12:20:00.000Z",
        },
    ),
    "Reject": ("reject", {"reason": "Bad content"}),
    "Rendering Failure": ("failure", {"errorMessage": "Attribute 'name' is not there.", "templateName": "welcome"}),
    "DeliveryDelay": (
        "deliveryDelay",
        {
            "delayType": "MailboxFull",
            "expirationTime": "2026-11-27T02:00:00.000Z",
            "delayedRecipients": [
                {"emailAddress": "maria@example.com", "status": "4.2.2", "diagnosticCode": "smtp; 452 4.2.2 full"}
            ],
        },
    ),
    "Open": ("open", {"ipAddress": "192.0.2.7", "userAgent": FIREFOX}),
    "Click": (
        "click",
        {
            "ipAddress": "192.0.2.7",
            "userAgent": FIREFOX,
            "link": "https://shop.example/tea?customer=AAAAAAAAAA&utm_source=news",
            "linkTags": {"place": ["top"]},
        },
    ),
    "Subscription": (
        "subscription",
        {
            "contactList": "Customers",
            "source": "UnsubscribeHeader",
            "newTopicPreferences": {"unsubscribeAll": True, "topicSubscriptionStatus": []},
            "oldTopicPreferences": {"unsubscribeAll": False, "topicSubscriptionStatus": []},
        },
    ),
}
"""By name of the type: where its details stand, and what is in them."""
WITHOUT_MOMENT = ("Send", "Reject", "Rendering Failure")


def document(kind: str, message: Message | None = None, *, seconds: float = 30, **details: object) -> dict[str, Any]:
    """An event of event publishing; `seconds` after the message was requested. `details` replace some of them."""
    part, usual = DETAILS[kind]
    at = (message.requested_at if message else NOW) + timedelta(seconds=seconds)
    own: dict[str, Any] = deepcopy(usual) | details
    if kind not in WITHOUT_MOMENT:
        own.setdefault("timestamp", _text(at))
    return {"eventType": kind, "mail": _mail(message), part: own}


def event(kind: str, message: Message | None = None, *, seconds: float = 30, **details: object) -> bytes:
    return json.dumps(document(kind, message, seconds=seconds, **details)).encode()


def feedback(kind: str, message: Message, *, seconds: float = 30, **details: object) -> bytes:
    """The same as a feedback notification of an identity: another name for the type, and no tags."""
    found = document(kind, message, seconds=seconds, **details)
    found["notificationType"] = found.pop("eventType")
    del found["mail"]["tags"]
    return json.dumps(found).encode()


def enveloped(body: bytes, **changes: str) -> bytes:
    """As SNS wraps it for a queue, without raw delivery."""
    envelope = {
        "Type": "Notification",
        "MessageId": "11111111-2222-3333-4444-555555555555",
        "TopicArn": TOPIC,
        "Subject": "Amazon SES Email Event Notification",
        "Message": body.decode(),
        "Timestamp": "2026-11-26T12:00:40.000Z",
        "SignatureVersion": "1",
    }
    return json.dumps(envelope | changes).encode()


def _mail(message: Message | None) -> dict[str, Any]:
    to = message.to if message else "maria@example.com"
    return {
        "timestamp": _text((message.requested_at if message else NOW) + timedelta(seconds=2)),
        "source": "Shop <shop@example.com>",
        "sendingAccountId": "123456789012",
        "messageId": (message.provider_id if message else "") or PROVIDER_ID,
        "destination": [to],
        "headersTruncated": False,
        "headers": [{"name": "From", "value": "shop@example.com"}, {"name": "To", "value": to}],
        "commonHeaders": {"from": ["shop@example.com"], "to": [to], "messageId": PROVIDER_ID, "subject": "Hello"},
        "tags": {
            "ses:configuration-set": ["marketing"],
            "message": [message.id if message else "AAAAAAAAAA-click-1"],
            "template": ["welcome"],
            "kind": ["transactional"],
        },
    }


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
