"""Emails through the whole pipeline: rendered, claimed, handed over, recorded; beside django-post_office and boto3."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from backend.domain.emails import Account, OutgoingEmail
from backend.domain.time import utc_now
from backend.email.events.spool import EventSpool
from backend.email.transports.outbox import FREE, OutboxTransport
from backend.email.transports.protocol import Transport
from backend.email.transports.recording import RecordingTransport
from backend.email.transports.ses import SesClient, SesTransport, request_of
from backend.email.transports.ses_client import open_boto3, open_client
from backend.services.sending.composition import email_of
from benchmarks.mail_post_office import PostOfficeMissingError, post_office_rates
from benchmarks.mail_server import instant_ses
from benchmarks.mail_shop import MailShop, endpoint, mail_shop
from benchmarks.results import AS_FAST, Measurement, Rate, median_rate, timed

TARGET = 1000.0
TARGET_TO_POST_OFFICE = 1.5
TARGET_TO_BOTO3 = 0.75
_RUNS = 3
_THREADS = 8
_GROUP = "sending"
_POST_OFFICE = "django-post_office, all in one batch, bodies made before, SQLite"


def measure(folder: Path, emails: int) -> Iterator[Measurement | str]:
    """Yields renders, sends by the local transport and sends through boto3; each the median of three runs."""
    with mail_shop(folder) as mail:
        yield _rendering(mail)
        outbox, events = mail.shop.data_dir / "outbox", EventSpool(mail.shop.data_dir / "events")
        ours = _rates(lambda run: _pipeline(mail, OutboxTransport(outbox, events=events), emails, f"local{run}"))
        yield from _lines("emails sent, whole pipeline to a Maildir, one process", ours, emails, target=TARGET)
        yield from _beside_post_office(mail, ours, folder, emails)
        yield from _beside_boto3(mail, emails)


def _lines(
    what: str, ours: Rate, emails: int, theirs: Rate | None = None, way: str = "", target: float | None = None
) -> Iterator[Measurement]:
    """By the clock and by processor time."""
    kinds = (
        (what, ours.clock, theirs and theirs.clock),
        (f"{what}, by CPU time", ours.processor, theirs and theirs.processor),
    )
    for name, value, naive in kinds:
        yield Measurement(_GROUP, name, value, "emails/s", _RUNS * emails, naive, way, target)


def _ratios(what: str, ours: Rate, theirs: Rate, target: float) -> Iterator[Measurement]:
    yield Measurement(_GROUP, what, ours.clock / theirs.clock, AS_FAST, _RUNS, target=target)
    yield Measurement(_GROUP, f"{what}, by CPU time", ours.processor / theirs.processor, AS_FAST, _RUNS, target=target)


def _rendering(mail: MailShop) -> Measurement:
    message = mail.request(mail.mailer(RecordingTransport()), 0, "rendering")
    timing = timed(lambda: email_of(mail.shop, message), runs=1000, seconds=5)
    mail.drain(mail.mailer(RecordingTransport()))
    return Measurement(_GROUP, "emails rendered", 1000 / timing.median, "emails/s", timing.runs)


def _pipeline(mail: MailShop, transport: Transport, emails: int, key: str, *, threads: int = 1) -> Rate:
    mailer = mail.mailer(transport, concurrency=threads)
    for number in range(emails):
        mail.request(mailer, number, key)
    return _timed(lambda: _check(mail.drain(mailer), emails), emails)


def _beside_post_office(mail: MailShop, ours: Rate, folder: Path, emails: int) -> Iterator[Measurement | str]:
    email = _an_email(mail)
    try:
        theirs = median_rate(post_office_rates(folder, email, emails, _RUNS))
    except PostOfficeMissingError as error:
        yield f"sending beside django-post_office: {error}"
        return
    yield from _lines("emails sent to a Maildir", ours, emails, theirs, _POST_OFFICE)
    what = "emails sent to a Maildir, as a multiple of django-post_office"
    yield from _ratios(what, ours, theirs, TARGET_TO_POST_OFFICE)


def _beside_boto3(mail: MailShop, emails: int) -> Iterator[Measurement]:
    email = _an_email(mail)
    with instant_ses() as address:
        with endpoint(address):
            client, boto3 = open_client(), open_boto3()
            transport, request = _Unlimited(client), request_of(email, "", at=utc_now())
            # In turn, so that what else the machine does counts for all alike.
            runs = [
                (
                    _at_once(lambda: boto3.send_email(**request), emails),
                    _at_once(lambda: transport.send(email), emails),
                    _pipeline(mail, transport, emails, f"ses{run}", threads=_THREADS),
                )
                for run in range(_RUNS)
            ]
        client.close()
        boto3.close()
    alone, submitted, sent = (median_rate(rates) for rates in zip(*runs, strict=True))
    way = f"boto3 alone, {_THREADS} threads, nothing recorded"
    yield from _lines("emails submitted by the SES transport to an instant local server", submitted, emails, alone, way)
    yield from _ratios("the SES transport, as a share of boto3 alone", submitted, alone, TARGET_TO_BOTO3)
    yield from _lines(
        "the same with the whole pipeline: decided, rendered, claimed, recorded", sent, emails, alone, way
    )


class _Unlimited(SesTransport):
    """SES for an account without limits."""

    def __init__(self, client: SesClient) -> None:
        super().__init__(client, {})

    def account(self) -> Account:
        return FREE


def _at_once(send: Callable[[], object], emails: int) -> Rate:
    """So many emails by threads that do nothing else."""

    def send_all() -> None:
        with ThreadPoolExecutor(_THREADS) as pool:
            for each in [pool.submit(send) for _ in range(emails)]:
                each.result()

    return _timed(send_all, emails)


def _an_email(mail: MailShop) -> OutgoingEmail:
    """One as the pipeline hands it over."""
    recorder = RecordingTransport()
    mailer = mail.mailer(recorder)
    mail.request(mailer, 0, f"sample{time.time_ns()}")
    mail.drain(mailer)
    return recorder.submitted[0]


def _rates(run: Callable[[int], Rate]) -> Rate:
    return median_rate([run(number) for number in range(_RUNS)])


def _timed(work: Callable[[], object], emails: int) -> Rate:
    began, used = time.perf_counter(), time.process_time()
    work()
    return Rate(emails / (time.perf_counter() - began), emails / (time.process_time() - used))


def _check(sent: int, wanted: int) -> None:
    if sent != wanted:
        raise AssertionError(f"Of {wanted} emails {sent} were sent.")
