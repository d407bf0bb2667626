"""The local outbox keeps what it is given in a Maildir that any mail program can read, whoever writes at once."""

from __future__ import annotations

import mailbox
import math
import multiprocessing
import os
import resource
import signal
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from backend.domain.emails import Accepted, Attachment, Kind, OutgoingEmail, Refused
from backend.email.events.simulated import Simulated
from backend.email.transports.outbox import OutboxTransport
from backend.email.transports.outbox_reader import Outbox
from backend.email.transports.protocol import Transport
from backend.errors import NotFoundError
from tests.email.transports.samples import email
from tests.support import NOW, TestClock


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "outbox"


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture
def transport(folder: Path, clock: TestClock) -> OutboxTransport:
    return OutboxTransport(folder, clock=clock)


def accepted(transport: Transport, outgoing: OutgoingEmail) -> str:
    answer = transport.send(outgoing)
    assert isinstance(answer, Accepted)
    return answer.provider_id


def test_an_email_reads_back_whole(transport: OutboxTransport, folder: Path) -> None:
    sent = email(
        subject="Grüße: your order",
        kind=Kind.MARKETING,
        headers={"List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},
        attachments=(Attachment("prices.csv", b"a;b\n\xff", "text/csv"),),
    )
    outbox_id = accepted(transport, sent)
    found = Outbox(folder).read(outbox_id)
    assert (found.html, found.text, found.attachments) == (sent.html, sent.text, sent.attachments)
    assert ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click") in found.headers
    assert b"\r\nFrom: Tea shop <news@shop.example>\r\n" in found.source
    line = found.message
    assert (line.id, line.at, line.unread, line.simulated) == (outbox_id, NOW, True, None)
    assert (line.sender, line.to, line.subject) == (sent.sender, sent.to, sent.subject)
    assert (line.message_id, line.template, line.kind) == (sent.message_id, sent.template, "marketing")


def test_the_folder_is_a_maildir_for_other_programs(transport: OutboxTransport, folder: Path) -> None:
    accepted(transport, email())
    box = mailbox.Maildir(folder, create=False)
    (message,) = box
    assert (message["subject"], message.get_subdir()) == ("Your order T1", "new")


def test_only_the_owner_may_read_it(transport: OutboxTransport, folder: Path) -> None:
    outbox_id = accepted(transport, email())
    assert stat.S_IMODE((folder / "new").stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "new" / outbox_id).stat().st_mode) == 0o600


def test_pages_go_from_the_newest_to_the_oldest(transport: OutboxTransport, folder: Path, clock: TestClock) -> None:
    ids = []
    for _ in range(5):
        ids.append(accepted(transport, email()))
        clock.forward(microseconds=1)
    outbox = Outbox(folder)
    first = outbox.page(limit=2)
    second = outbox.page(limit=2, cursor=first.cursor)
    third = outbox.page(limit=2, cursor=second.cursor)
    assert [line.id for page in (first, second, third) for line in page.messages] == ids[::-1]
    assert third.cursor is None


def test_a_page_that_is_just_full_is_the_last_one(transport: OutboxTransport, folder: Path) -> None:
    accepted(transport, email())
    assert Outbox(folder).page(limit=1).cursor is None


def test_new_emails_appear_although_the_listing_is_kept(transport: OutboxTransport, folder: Path) -> None:
    outbox = Outbox(folder)
    assert outbox.page().messages == []
    for number in range(1, 4):
        accepted(transport, email())
        assert outbox.counts() == (number, number)


def test_an_unchanged_folder_is_listed_once(
    transport: OutboxTransport, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    accepted(transport, email())
    for part in ("new", "cur"):
        os.utime(folder / part, (1, 1))
    outbox = Outbox(folder)
    assert outbox.counts() == (1, 1)
    monkeypatch.setattr(os, "listdir", lambda _: pytest.fail("listed again"))
    assert outbox.counts() == (1, 1)


def test_reading_marks_are_kept(transport: OutboxTransport, folder: Path) -> None:
    seen, unseen = accepted(transport, email()), accepted(transport, email())
    outbox = Outbox(folder)
    outbox.mark_read(seen)
    outbox.mark_read(seen)
    assert outbox.counts() == (2, 1)
    assert not outbox.read(seen).message.unread
    assert [line.id for line in outbox.page(unread_only=True).messages] == [unseen]
    assert [line.unread for line in outbox.page().messages if line.id == seen] == [False]


def test_a_message_that_another_program_has_flagged_is_still_found(transport: OutboxTransport, folder: Path) -> None:
    outbox_id = accepted(transport, email())
    (folder / "new" / outbox_id).rename(folder / "cur" / f"{outbox_id}:2,FS")
    assert Outbox(folder).read(outbox_id).message.subject == "Your order T1"


def test_clearing_removes_everything_and_says_how_much(transport: OutboxTransport, folder: Path) -> None:
    outbox = Outbox(folder)
    outbox.mark_read(accepted(transport, email()))
    accepted(transport, email())
    assert (outbox.clear(), outbox.counts(), outbox.clear()) == (2, (0, 0), 0)


def test_clearing_removes_what_died_while_it_was_written(transport: OutboxTransport, folder: Path) -> None:
    accepted(transport, email())
    old, fresh = folder / "tmp" / "old", folder / "tmp" / "fresh"
    old.write_bytes(b"half")
    fresh.write_bytes(b"half")
    os.utime(old, (1, 1))
    Outbox(folder).clear()
    assert (old.exists(), fresh.exists()) == (False, True)


@pytest.mark.parametrize(
    "outbox_id", ["", "../secrets.json", "1700000000.M000000R00000000P1Q1.host/../../x", "a" * 5000]
)
def test_what_is_no_id_leads_nowhere(transport: OutboxTransport, folder: Path, outbox_id: str) -> None:
    accepted(transport, email())
    outbox = Outbox(folder)
    with pytest.raises(NotFoundError):
        outbox.read(outbox_id)
    with pytest.raises(NotFoundError):
        outbox.mark_read(outbox_id)


def test_an_email_that_was_removed_is_not_found(transport: OutboxTransport, folder: Path) -> None:
    outbox_id = accepted(transport, email())
    Outbox(folder).clear()
    with pytest.raises(NotFoundError):
        Outbox(folder).read(outbox_id)


# --- the simulator -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "event"),
    [
        ("success@simulator.amazonses.com", Simulated.DELIVERED),
        ("bounce@simulator.amazonses.com", Simulated.BOUNCED),
        ("Bounce+label-1@Simulator.AmazonSES.com", Simulated.BOUNCED),
        ("Carl <complaint@simulator.amazonses.com>", Simulated.COMPLAINED),
        ("ooto@simulator.amazonses.com", Simulated.OUT_OF_OFFICE),
        ("suppressionlist@simulator.amazonses.com", Simulated.SUPPRESSED),
    ],
)
def test_simulator_addresses_are_accepted_and_leave_an_event(
    transport: OutboxTransport, folder: Path, address: str, event: Simulated
) -> None:
    outbox_id = accepted(transport, email(to=address))
    (found,) = Outbox(folder).simulated_events()
    assert (found.outbox_id, found.message_id, found.event, found.at) == (outbox_id, email().message_id, event, NOW)
    assert ("X-Tillpost-Simulated", event.value) in Outbox(folder).read(outbox_id).headers


def test_other_addresses_leave_no_event(transport: OutboxTransport, folder: Path) -> None:
    for address in ("bounce@example.com", "nobody@simulator.amazonses.com", "bounce@x.simulator.amazonses.com"):
        accepted(transport, email(to=address))
    assert Outbox(folder).simulated_events() == []


def test_events_come_in_order_after_the_last_one_seen(
    transport: OutboxTransport, folder: Path, clock: TestClock
) -> None:
    ids = []
    for _ in range(3):
        ids.append(accepted(transport, email(to="bounce@simulator.amazonses.com")))
        clock.forward(seconds=1)
    outbox = Outbox(folder)
    outbox.mark_read(ids[1])
    assert [event.outbox_id for event in outbox.simulated_events(limit=2)] == ids[:2]
    assert [event.outbox_id for event in outbox.simulated_events(after=ids[0])] == ids[1:]


# --- what goes wrong ---------------------------------------------------------------------------------------------


def test_an_email_that_cannot_be_mail_is_refused_for_good(transport: OutboxTransport, folder: Path) -> None:
    for wrong in (email(to="jörg@example.com"), email(subject="a\nb"), email(template="a\r\nBcc: eve@example.com")):
        answer = transport.send(wrong)
        assert isinstance(answer, Refused)
        assert (answer.retryable, answer.account_wide) == (False, False)
    assert Outbox(folder).counts() == (0, 0)


def test_a_folder_that_cannot_be_made_stops_everything_and_can_be_tried_again(tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("in the way")
    answer = OutboxTransport(tmp_path / "outbox").send(email())
    assert isinstance(answer, Refused)
    assert (answer.retryable, answer.account_wide) == (True, True)


def test_a_full_disk_leaves_nothing_half_written(transport: OutboxTransport, folder: Path) -> None:
    accepted(transport, email())
    with files_up_to(1000):
        answer = transport.send(email(html="<p>Long</p>" * 1000))
    assert isinstance(answer, Refused)
    assert (answer.retryable, answer.account_wide) == (True, True)
    assert list((folder / "tmp").iterdir()) == []
    assert Outbox(folder).counts() == (1, 1)


@contextmanager
def files_up_to(size: int) -> Iterator[None]:
    """No file of this process can grow beyond the size meanwhile."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_what_the_system_writes_in_parts_is_whole(
    transport: OutboxTransport, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.write
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", lambda file, data: write(file, bytes(data[:100])))
        taken = transport.send(email(html="<p>" + "x" * 5000 + "</p>"))
    assert isinstance(taken, Accepted)
    assert "x" * 5000 in Outbox(folder).read(taken.provider_id).html


def test_a_folder_has_no_limits(transport: OutboxTransport) -> None:
    account = transport.account()
    assert (account.per_second, account.daily_quota, account.sending_enabled) == (math.inf, -1, True)


# --- several at once ---------------------------------------------------------------------------------------------

_SPAWN = multiprocessing.get_context("spawn")


def _send_many(folder: Path, name: str, count: int) -> None:
    transport = OutboxTransport(folder, clock=TestClock())
    for number in range(count):
        transport.send(email(message_id=f"{name}-{number}"))


def test_two_processes_lose_nothing_at_the_same_moment(folder: Path) -> None:
    writers = [_SPAWN.Process(target=_send_many, args=(folder, name, 200)) for name in ("A", "B")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert [writer.exitcode for writer in writers] == [0, 0]
    lines = Outbox(folder).page(limit=1000).messages
    assert {line.message_id for line in lines} == {f"{name}-{number}" for name in "AB" for number in range(200)}


def test_a_killed_process_leaves_whole_messages_only(folder: Path) -> None:
    writer = _SPAWN.Process(target=_send_many, args=(folder, "A", 10**6))
    writer.start()
    outbox = Outbox(folder)
    while outbox.counts()[0] < 50:
        assert writer.is_alive()
        time.sleep(0.01)
    os.kill(writer.pid or 0, signal.SIGKILL)
    writer.join(60)
    lines = outbox.page(limit=10**6).messages
    assert [outbox.read(line.id).html for line in lines] == [email().html] * len(lines)
