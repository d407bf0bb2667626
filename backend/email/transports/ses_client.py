"""Opens boto3's clients for SES, and bounds the one that submits emails: one request for each call, which has an end.

boto3 by default submits an email several times when the reply is lost, so its retries are off where emails go out.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol, cast
from urllib.parse import urlsplit

import boto3
from botocore.awsrequest import AWSPreparedRequest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoRegionError, ProfileNotFound
from botocore.parsers import ResponseParserError

from backend.deadlines import within
from backend.domain.sender_domain import Identity, parents_of
from backend.email.rate_tokens import Token, current_token
from backend.email.transports.protocol import AccountUnknownError
from backend.email.transports.ses import SesClient
from backend.email.transports.ses_errors import code_of
from backend.errors import BackendError, ConfigurationError

_ZONE = "dkim.amazonses.com"
"""Where SES kept all keys before it returned the place with each identity."""


class IdentityClient(Protocol):
    """What is needed of a boto3 client for "sesv2"."""

    @property
    def meta(self) -> Any: ...

    def get_email_identity(self, *, EmailIdentity: str) -> Mapping[str, Any]: ...  # noqa: N803 - as AWS names it


class SesIdentities:
    """Asks SES for domains."""

    def __init__(self, client: IdentityClient) -> None:
        self._client = client

    def find(self, domain: str) -> Identity | None:
        """The identity by which mail of this domain is signed: its own, or else that of a domain above it.

        Raises: `AccountUnknownError` when SES does not say.
        """
        for name in parents_of(domain)[:-1] or [domain]:
            try:
                reply = self._client.get_email_identity(EmailIdentity=name)
            except ClientError as error:
                if code_of(error) == "NotFoundException":
                    continue
                raise AccountUnknownError(_untold(code_of(error))) from error
            except (BotoCoreError, ResponseParserError) as error:
                raise AccountUnknownError(_untold(type(error).__name__)) from error
            return identity_from(name, reply, str(self._client.meta.region_name))
        return None


def _untold(why: str) -> str:
    return f"SES does not say what it knows of the domain ({why}). Allow ses:GetEmailIdentity."


def identity_from(domain: str, reply: Mapping[str, Any], region: str) -> Identity:
    """The answer of GetEmailIdentity."""
    dkim, mail_from = reply.get("DkimAttributes", {}), reply.get("MailFromAttributes", {})
    return Identity(
        domain=domain,
        verified=bool(reply.get("VerifiedForSendingStatus", False)),
        dkim_tokens=tuple(map(str, dkim.get("Tokens", ()))),
        dkim_zone=str(dkim.get("SigningHostedZone") or _ZONE),
        dkim_enabled=bool(dkim.get("SigningEnabled", False)) and dkim.get("Status") == "SUCCESS",
        mail_from=str(mail_from.get("MailFromDomain", "") or ""),
        region=region,
    )


CONNECT_SECONDS = 3.0
READ_SECONDS = 30.0
CONNECTIONS = 96
"""As many as a worker has threads that send; more of them only queue."""
ACCOUNT_SECONDS = 4.0
"""How long SES may take to say what the account may send: pages wait for it."""
IDLE_SECONDS = 20.0
"""Connections that rested longer are not used again. Firewalls and NAT gateways drop them silently (AWS: after 350
seconds), and an email written into a dropped one would count as unanswered although it never arrived."""
_CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_PROFILE")
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class BoundedClient:
    """A `SesClient` whose every call ends, however slowly the reply comes, and whose connections rest for a time only.

    `boto3` is a client for "sesv2" whose retries are off. A submission ends after `call_seconds`.
    """

    def __init__(self, boto3: SesClient, call_seconds: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._boto3 = boto3
        self._call_seconds = call_seconds
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._closed_at = monotonic()

    def send_email(self, **parameters: Any) -> Mapping[str, Any]:
        """Submits an email, once. Raises: what boto3 raises, `DeadlineError`."""
        self._close_resting()
        return within(self._call_seconds, "SES", lambda: self._boto3.send_email(**parameters))

    def get_account(self) -> Mapping[str, Any]:
        """What the account may send. Raises: what boto3 raises, `DeadlineError`."""
        self._close_resting()
        return within(ACCOUNT_SECONDS, "the account at SES", self._boto3.get_account)

    def close(self) -> None:
        """Closes resting connections; the client goes on working, and calls that are under way end as they would."""
        self._boto3.close()

    def _close_resting(self) -> None:
        """All of them once in a while: of a pool, those at the bottom rest while others are in use."""
        with self._lock:
            now = self._monotonic()
            if now - self._closed_at <= IDLE_SECONDS:
                return
            self._closed_at = now
        self._boto3.close()


def open_client(*, connect_seconds: float = CONNECT_SECONDS, read_seconds: float = READ_SECONDS) -> SesClient:
    """A client that submits emails. Region, credentials and endpoint come from boto3's own environment.

    Raises: `ConfigurationError` when no region is known or the AWS profile does not exist.
    """
    boto3 = open_boto3(connect_seconds=connect_seconds, read_seconds=read_seconds)
    watch(boto3)
    return BoundedClient(boto3, read_seconds)


def open_boto3(
    *, connect_seconds: float = CONNECT_SECONDS, read_seconds: float = READ_SECONDS, attempts: int = 1
) -> Any:
    """boto3's own client for "sesv2". Only calls that may be repeated may have more than one of `attempts`.

    `AWS_ENDPOINT_URL_SESV2` names a stand-in for SES; one on this machine needs no credentials and no proxy.

    Raises: `ConfigurationError`.
    """
    endpoint = os.environ.get("AWS_ENDPOINT_URL_SESV2") or os.environ.get("AWS_ENDPOINT_URL") or ""
    is_here = urlsplit(endpoint).hostname in _LOOPBACK
    config = Config(
        connect_timeout=connect_seconds,
        read_timeout=read_seconds,
        retries={"mode": "standard", "total_max_attempts": attempts},
        max_pool_connections=CONNECTIONS,
        parameter_validation=False,
        proxies={} if is_here else None,
    )
    secret = "none" if is_here and not any(map(os.environ.get, _CREDENTIALS)) else None
    try:
        session = boto3.Session()
        # boto3 reads AWS_DEFAULT_REGION only; AWS's own containers and other SDKs know AWS_REGION.
        region = session.region_name or os.environ.get("AWS_REGION") or ("us-east-1" if is_here else None)
        return session.client(
            "sesv2", region_name=region, config=config, aws_access_key_id=secret, aws_secret_access_key=secret
        )
    except (NoRegionError, ProfileNotFound) as error:
        raise ConfigurationError("MAIL_TRANSPORT=ses needs AWS_REGION, and the AWS profile if one is named.") from error


# --- Rate: an email counts when its bytes leave ------------------------------------------------------------------


class TooLateError(BackendError):
    """The place in the rate was used up before the email could leave. Nothing of it was written."""


def watch(boto3: Any) -> None:
    """From now on, emails of this client for "sesv2" leave only if the current token allows it, and report to it."""
    boto3.meta.events.register("before-send.sesv2.SendEmail", _bind)


def _bind(request: AWSPreparedRequest, **_: object) -> None:
    if (token := current_token()) is not None:
        request.body = cast(Any, _leaving(cast(bytes, request.body), token))  # urllib3 takes any iterable of bytes


def _leaving(body: bytes, token: Token) -> Iterator[bytes]:
    """urllib3 reads it after connecting and writing the head, and goes on when the socket has taken it."""
    if not token.may_leave():
        raise TooLateError("The place in the sending rate was used up before the email could go out.")
    yield body
    token.has_left()
