"""Reads the local outbox as a mail program does: by pages, newest first, and one whole email."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from itertools import islice
from pathlib import Path

from backend.domain.emails import Attachment
from backend.email.events.simulated import Simulated, SimulatedEvent
from backend.email.transports.maildir import Entry, Maildir
from backend.email.transports.outbox import OWN_HEADERS
from backend.errors import NotFoundError

_HEAD_BYTES = 64 * 1024
_PARSER = BytesHeaderParser(policy=policy.compat32)


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    """A line of the outbox. `message_id` is that of the ledger; `simulated` is what the simulator did with it."""

    id: str
    at: datetime
    sender: str
    to: str
    subject: str
    unread: bool
    message_id: str = ""
    template: str = ""
    kind: str = ""
    simulated: Simulated | None = None


@dataclass(frozen=True, slots=True)
class OutboxPage:
    """Messages, newest first. `cursor` leads to older ones; None means that there are none."""

    messages: list[OutboxMessage]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class OutboxEmail:
    """A whole message. `source` is the bytes that are in the folder."""

    message: OutboxMessage
    headers: list[tuple[str, str]]
    html: str
    text: str
    attachments: tuple[Attachment, ...]
    source: bytes


class Outbox:
    """The folder that `OutboxTransport` fills. Keep one for a process: it remembers what it has listed."""

    def __init__(self, folder: Path) -> None:
        self._maildir = Maildir(folder)

    def page(self, *, limit: int = 50, cursor: str | None = None, unread_only: bool = False) -> OutboxPage:
        """One page, newest first."""
        entries = self._maildir.entries()
        end = len(entries) if cursor is None else bisect_left(entries, cursor, key=_id_of)
        places = range(end - 1, -1, -1)
        wanted = (entries[place] for place in places if entries[place].unread or not unread_only)
        found = list(islice(wanted, limit + 1))
        messages = [message for entry in found[:limit] if (message := self._summary(entry)) is not None]
        return OutboxPage(messages, found[limit - 1].id if len(found) > limit else None)

    def counts(self) -> tuple[int, int]:
        """How many messages there are, and how many of them are unread."""
        entries = self._maildir.entries()
        return len(entries), sum(entry.unread for entry in entries)

    def read(self, outbox_id: str) -> OutboxEmail:
        """A whole message; it stays unread until `mark_read`.

        Raises: `NotFoundError`.
        """
        source, unread = self._maildir.read(outbox_id)
        message = message_from_bytes(source, policy=policy.default)
        return OutboxEmail(
            message=_summary_of(Entry(outbox_id, unread), source),
            headers=[(name, str(value)) for name, value in message.items()],
            html=_text_of(message, "html"),
            text=_text_of(message, "plain"),
            attachments=tuple(_attachment_of(part) for part in message.iter_attachments()),
            source=source,
        )

    def mark_read(self, outbox_id: str) -> None:
        """Raises: `NotFoundError`."""
        self._maildir.mark_read(outbox_id)

    def clear(self) -> int:
        """Removes all messages and returns how many there were."""
        return self._maildir.clear()

    def simulated_events(self, *, after: str = "", limit: int = 100) -> list[SimulatedEvent]:
        """What the simulator did with mail after the message with the id `after`, oldest first.

        Two processes that write at one moment may finish in another order than that of their ids, and SES too
        reports events more than once: so read again from a minute before, and apply each event once.
        """
        entries = self._maildir.entries()
        later = islice(entries, bisect_right(entries, after, key=_id_of), None)
        lines = [self._summary(entry) for entry in islice((entry for entry in later if entry.mark), limit)]
        return [
            SimulatedEvent(line.id, line.message_id, line.to, line.simulated, line.at)
            for line in lines
            if line is not None and line.simulated is not None
        ]

    def _summary(self, entry: Entry) -> OutboxMessage | None:
        """The line of a message; None when somebody has removed it meanwhile."""
        try:
            return _summary_of(entry, self._maildir.read(entry.id, most=_HEAD_BYTES)[0])
        except NotFoundError:
            return None


def _id_of(entry: Entry) -> str:
    return entry.id


def _summary_of(entry: Entry, source: bytes) -> OutboxMessage:
    head = _PARSER.parsebytes(source.partition(b"\r\n\r\n")[0])

    def field(name: str) -> str:
        return str(make_header(decode_header(head.get(name, ""))))

    return OutboxMessage(
        id=entry.id,
        at=entry.at,
        sender=field("From"),
        to=field("To"),
        subject=field("Subject"),
        unread=entry.unread,
        message_id=field(f"{OWN_HEADERS}Message"),
        template=field(f"{OWN_HEADERS}Template"),
        kind=field(f"{OWN_HEADERS}Kind"),
        simulated=next((event for event in Simulated if event.value == entry.mark), None),
    )


def _text_of(message: EmailMessage, subtype: str) -> str:
    part = message.get_body((subtype,))
    return "" if part is None else str(part.get_content()).replace("\r\n", "\n")


def _attachment_of(part: EmailMessage) -> Attachment:
    content = part.get_payload(decode=True)
    return Attachment(
        part.get_filename() or "", content if isinstance(content, bytes) else b"", part.get_content_type()
    )
