"""Lets an email count in the rate at the moment at which its bytes leave, which boto3's callers do not see.

botocore builds, signs and connects after `send_email` is called, and each of these takes its time on a busy machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from botocore.awsrequest import AWSPreparedRequest

from backend.email.rate_tokens import Token, current_token
from backend.errors import BackendError


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
