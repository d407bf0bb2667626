"""Events: what the mail provider reports about an email, and what that means for its message. Pure rules.

What a message has become is a function of the set of its events, so that repeated and reordered reports end in the
same state: each outcome keeps its earliest moment, and opens and clicks are judged again when the delivery becomes
known late. Names and fields are those of AWS, "Contents of event data that Amazon SES publishes to Amazon SNS" (SES
developer guide).
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from backend.domain.delivery import Outcome
from backend.domain.messages import Message, MessageStatus
from backend.domain.suppression import SuppressionReason
from backend.domain.text import without_addresses
from backend.domain.time import to_text

SCANNER_SECONDS = timedelta(seconds=10)
"""People do not click this soon after an email was delivered; programs that look for harm do."""
_PREFETCH_SECONDS = timedelta(seconds=1)
"""Nor do they open it in the moment in which it is delivered."""
_APPLE_PREFETCH = "Mozilla/5.0"
"""All that Apple's Mail Privacy Protection calls itself. It loads images of emails that nobody may ever read. The image
proxies of Gmail and Yahoo load them when somebody opens the email, and say their names."""
_ANDROID_DEVICE = re.compile(r"\((?:Linux;|Android)(?![^)]*compatible;)[^)]*\)|\[FB[^\]]*\]", re.IGNORECASE)
"""The part of a user agent in which phones name their model. Makers choose these names freely (Cubot, Scanner)."""
_PROGRAMS = re.compile(
    # A crawler's own name; the last part of a name, because "bot" also begins or fills ordinary words.
    r"(?<!cu)bot(?![a-z0-9_])|crawler\b|spider\b|headless|phantomjs|"
    # Security products, which open each link before the recipient does.
    r"barracuda|proofpoint|mimecast|symantec|trend ?micro|forti(?:net|guard|mail|gate|sandbox)|safelinks|ironport|"
    r"cisco[ -](?:talos|umbrella|secure)|virustotal|urlscan|"
    r"(?:url|link|virus|malware|security|vulnerability|web|site|mail|threat|phishing)[ _-]?scan(?:ner)?\b|"
    r"compatible;[^)]*\bscanner\b|"
    # Previews of a link in a chat or a search engine.
    r"bingpreview|skypeuripreview|google web preview|link ?preview|facebookexternalhit|^whatsapp/|"
    # HTTP libraries name themselves first; a browser begins with "Mozilla".
    r"^(?:python|curl|wget|libwww|lwp|okhttp|go-http|java/|apache-http|node|axios|aiohttp|ruby|php|guzzlehttp|scanner/)|"
    # Office tests whether a link is alive before it hands it to the browser. Outlook's own name is a reader's.
    r"microsoft office (?:existence|protocol)|^(?!.*microsoft outlook).*ms-?office\b",
    re.IGNORECASE,
)
LONGEST_DIAGNOSTIC = 300
_ON_A_LIST = "OnAccountSuppressionList"
"""The provider did not send the email, because its own list has the address; AWS counts no bounce for it."""
_ABOUT_THE_MESSAGE = frozenset({"ContentRejected", "AttachmentRejected", "MessageTooLarge"})
_MESSAGE_STATUS = re.compile(r"[45]\.(?:2\.3|3\.4|6\.[0-6])")
"""RFC 3463: the message is too long or too big, or its content or media cannot be taken."""
_UNCLEAR_SUB_TYPES = frozenset({"", "General", "Undetermined"})
_NOT_SPAM = "not-spam"
_UNSUBSCRIBED_RECIPIENT = "UnsubscribedRecipient"


class EventType(StrEnum):
    """The ten kinds of reports, by AWS's names. SES has others, which our emails never cause."""

    SEND = "Send"
    DELIVERY = "Delivery"
    BOUNCE = "Bounce"
    COMPLAINT = "Complaint"
    REJECT = "Reject"
    RENDERING_FAILURE = "Rendering Failure"
    DELIVERY_DELAY = "DeliveryDelay"
    OPEN = "Open"
    CLICK = "Click"
    SUBSCRIPTION = "Subscription"


class BounceType(StrEnum):
    """For good, for now, or unknown to the provider."""

    PERMANENT = "Permanent"
    TRANSIENT = "Transient"
    UNDETERMINED = "Undetermined"


@dataclass(frozen=True, slots=True)
class MailEvent:
    """One report about one email.

    `at` is when it happened, `sent_at` when the provider got it. `message_id` is the tag's, the ledger's id, or ""
    where reports carry no tags; `to` are the recipients of the email. `bounce`, `sub_type`, `status` (an enhanced
    status code, RFC 3463) and `detail` (the reason in the provider's or the recipient's words) depend on the type.
    `unsubscribed` says of a Subscription that the recipient wants no more mail of the list at all.
    """

    type: EventType
    at: datetime
    sent_at: datetime
    provider_id: str
    message_id: str = ""
    to: tuple[str, ...] = ()
    bounce: BounceType | None = None
    sub_type: str = ""
    status: str = ""
    detail: str = ""
    feedback: str = ""
    feedback_id: str = ""
    link: str = ""
    user_agent: str = ""
    ip: str = ""
    unsubscribed: bool = False

    @property
    def digest(self) -> str:
        """The same for each copy of a report, by the webhook or the queue."""
        parts = (self.type.value, self.provider_id, to_text(self.at), self.feedback_id, self.link, self.ip)
        text = "\0".join((*parts, self.user_agent, self.sub_type))
        return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).hexdigest()

    def outcome(self, delivered_at: datetime | None) -> Outcome | None:
        """What it says about the message; None when it only says that the provider has taken the email."""
        match self.type:
            case EventType.BOUNCE:
                return self._bounce()
            case EventType.COMPLAINT:
                return self._complaint()
            case EventType.CLICK:
                return Outcome.BOT_CLICKED if self.by_program(delivered_at) else Outcome.CLICKED
            case EventType.OPEN:
                return Outcome.BOT_OPENED if self.by_program(delivered_at) else Outcome.OPENED
            case EventType.SUBSCRIPTION:
                return Outcome.UNSUBSCRIBED if self.unsubscribed else None
            case _:
                return _OUTCOMES.get(self.type)

    def _bounce(self) -> Outcome:
        """What bounced off the account's own list was never sent, and counts in no bounce rate of SES."""
        if self.sub_type == _ON_A_LIST:
            return Outcome.REJECTED
        return Outcome.BOUNCED if self.bounce is BounceType.PERMANENT else Outcome.SOFT_BOUNCED

    def _complaint(self) -> Outcome | None:
        """ "not-spam" takes a complaint back (RFC 5965). An address on the provider's list was never written to."""
        if self.feedback == _NOT_SPAM:
            return None
        return Outcome.REJECTED if self.sub_type == _ON_A_LIST else Outcome.COMPLAINED

    def by_program(self, delivered_at: datetime | None) -> bool:
        """Whether an open or a click was likely made by a program, by its name or by its haste."""
        name = self.user_agent.strip()
        if not name or _PROGRAMS.search(_ANDROID_DEVICE.sub("", name)):
            return True
        if self.type is EventType.OPEN and name == _APPLE_PREFETCH:
            return True
        haste = _PREFETCH_SECONDS if self.type is EventType.OPEN else SCANNER_SECONDS
        return delivered_at is not None and self.at - delivered_at < haste

    @property
    def about_the_message(self) -> bool:
        """Whether a bounce is about this message (its content, an attachment, its size), not about the address."""
        if self.type is not EventType.BOUNCE:
            return False
        by_status = self.sub_type in _UNCLEAR_SUB_TYPES and _MESSAGE_STATUS.fullmatch(self.status.strip())
        return self.sub_type in _ABOUT_THE_MESSAGE or bool(by_status)

    @property
    def suppression(self) -> SuppressionReason | None:
        """Why no more mail must go to the recipient, if so, at once."""
        if self.about_the_message:
            return None
        if self.type is EventType.BOUNCE and self.bounce is BounceType.PERMANENT:
            unsubscribed = self.sub_type == _UNSUBSCRIBED_RECIPIENT
            return SuppressionReason.UNSUBSCRIBED if unsubscribed else SuppressionReason.HARD_BOUNCE
        if self.type is EventType.COMPLAINT and self.feedback != _NOT_SPAM:
            return SuppressionReason.COMPLAINT
        return None


_OUTCOMES = {
    EventType.DELIVERY: Outcome.DELIVERED,
    EventType.REJECT: Outcome.REJECTED,
    EventType.RENDERING_FAILURE: Outcome.REJECTED,
    EventType.DELIVERY_DELAY: Outcome.DELAYED,
}
_JUDGED = (Outcome.OPENED, Outcome.BOT_OPENED, Outcome.CLICKED, Outcome.BOT_CLICKED)


def needs_history(message: Message, events: Iterable[MailEvent]) -> bool:
    """Whether the message's earlier events are needed: a delivery that is news to opens or clicks judged without it."""
    if not any(outcome in message.outcomes for outcome in _JUDGED):
        return False
    return _delivered_at(message.outcomes, events) != message.outcomes.get(Outcome.DELIVERED)


def reported(message: Message, events: Sequence[MailEvent], earlier: Sequence[MailEvent] = ()) -> Message:
    """The message after these events. `earlier` are those that it had, where `needs_history` is true.

    Unknown messages become sent, because the provider reports only what it has taken. One that somebody is sending at
    this moment only gets the provider's id; its sender records the outcome.
    """
    outcomes = dict(message.outcomes)
    delivered = _delivered_at(outcomes, events)
    if needs_history(message, events):
        outcomes = {outcome: at for outcome, at in outcomes.items() if outcome not in _JUDGED}
        events = (*earlier, *events)
    for event in events:
        outcome = event.outcome(delivered)
        if outcome is not None:
            outcomes[outcome] = min(event.at, outcomes.get(outcome, event.at))
    after = replace(message, outcomes=outcomes)
    after = replace(after, diagnostic=_diagnostic(message, after, events))
    return _taken(after, events[0]) if events else message


def _diagnostic(before: Message, after: Message, events: Iterable[MailEvent]) -> str:
    """The reason of the first report of the worst failure. The order in which reports came does not matter."""
    failure = after.failure
    if failure is None:
        return ""
    first = after.outcomes[failure]
    reasons = {_reason(event) for event in events if event.at == first and event.outcome(None) is failure}
    if before.outcomes.get(failure) == first:
        reasons.add(before.diagnostic)
    return min(reasons - {""}, default="")


def _reason(event: MailEvent) -> str:
    said = (event.detail or event.sub_type)[: 3 * LONGEST_DIAGNOSTIC]
    printable = "".join(sign if sign.isprintable() else " " for sign in said)
    return " ".join(without_addresses(printable).split())[:LONGEST_DIAGNOSTIC]


def _taken(message: Message, event: MailEvent) -> Message:
    if message.status is MessageStatus.UNKNOWN:
        resolved = replace(message, status=MessageStatus.SENT, resolved=True, reason="", lease_until=None)
        return replace(resolved, provider_id=event.provider_id, sent_at=event.sent_at)
    if message.status is MessageStatus.WAITING and not message.provider_id:
        return replace(message, provider_id=event.provider_id, sent_at=event.sent_at)
    return message


def _delivered_at(outcomes: Mapping[Outcome, datetime], events: Iterable[MailEvent]) -> datetime | None:
    known = [event.at for event in events if event.type is EventType.DELIVERY]
    before = outcomes.get(Outcome.DELIVERED)
    return min(known if before is None else [*known, before], default=None)


@dataclass(frozen=True, slots=True)
class Click:
    """A link of a campaign, without what is personal in it, and whether likely a program clicked it."""

    link: str
    program: bool


def new_clicks(
    message: Message, after: Message, events: Sequence[MailEvent], earlier: Sequence[MailEvent] = ()
) -> dict[Click, int]:
    """By how much the clicks of each link change; `after` is the message after the events."""
    total = _clicks(events, after)
    if needs_history(message, events):
        total = _clicks([*earlier, *events], after)
        total.subtract(_clicks(earlier, message))
    return {click: number for click, number in total.items() if number}


def _clicks(events: Iterable[MailEvent], message: Message) -> Counter[Click]:
    delivered = message.outcomes.get(Outcome.DELIVERED)
    clicks = (event for event in events if event.type is EventType.CLICK and event.link)
    return Counter(Click(plain_link(event.link), event.by_program(delivered)) for event in clicks)


def plain_link(link: str) -> str:
    """The link without what differs between recipients: of its query only the parts of campaigns (utm_…) stay."""
    try:
        parts = urlsplit(link)
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return ""
    query = [(name, value) for name, value in parse_qsl(parts.query) if name.startswith("utm_")]
    return urlunsplit((parts.scheme, host + port, _TOKEN.sub(r"\1…", parts.path), urlencode(query), ""))[:1000]


_TOKEN = re.compile(r"(/api/mail/[^/]+/).+")
"""The links with which customers act for themselves end with a token."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A report that could not be understood or applied, why not, and how often it was tried. `id` is that of the list.

    `whole` is false when the body was too large to be kept; then it cannot be tried again.
    """

    id: str
    at: datetime
    reason: str
    source: str
    body: bytes
    tries: int
    whole: bool


@dataclass(frozen=True, slots=True)
class LinkClicks:
    """Clicks on one link of a campaign, by people and likely by programs."""

    link: str
    clicks: int
    programs: int
