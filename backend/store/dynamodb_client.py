"""Opens a boto3 client for DynamoDB from a store URL."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, cast
from urllib.parse import parse_qsl, urlsplit
from zlib import crc32

import boto3
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config
from botocore.exceptions import NoRegionError, ProfileNotFound, ReadTimeoutError
from botocore.httpsession import URLLib3Session

from backend.deadlines import DeadlineError, within
from backend.errors import ConfigurationError
from backend.store.dynamodb_calls import DynamoDBClient, NoAnswerError, unanswered

_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_PROFILE")
_CONNECTIONS = 32
Service: TypeAlias = Literal["dynamodb", "dynamodbstreams"]


@dataclass(frozen=True, slots=True)
class Address:
    """Where the tables are: their prefix, the region, and an endpoint other than AWS's own."""

    prefix: str
    region: str | None
    endpoint: str | None

    @property
    def is_loopback(self) -> bool:
        """Whether the endpoint is an emulator on this machine."""
        return self.endpoint is not None and urlsplit(self.endpoint).hostname in _LOOPBACK


def parse_address(url: str) -> Address:
    """The parts of `dynamodb://PREFIX?region=…[&endpoint=…]`.

    Raises: `ConfigurationError` when it is not of this form.
    """
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query))
    endpoint = options.get("endpoint")
    # AWS, "Naming rules": names of tables have 3 to 255 of these characters; the rest of the name is the program's.
    well_formed = parts.scheme == "dynamodb" and not parts.path.strip("/") and options.keys() <= {"region", "endpoint"}
    if not well_formed or not re.fullmatch(r"[A-Za-z0-9_.-]{1,200}", parts.netloc):
        raise ConfigurationError("STORE_URL for DynamoDB is dynamodb://PREFIX?region=REGION, and &endpoint=URL if any.")
    if endpoint is not None and urlsplit(endpoint).scheme not in ("http", "https"):
        raise ConfigurationError("The endpoint in STORE_URL is not an http or https address.")
    return Address(parts.netloc, options.get("region"), endpoint)


def open_client(
    address: Address, service: Service = "dynamodb", *, connect_seconds: float, read_seconds: float
) -> DynamoDBClient:
    """A client for DynamoDB, or for its streams ("dynamodbstreams"), without retries.

    Credentials come from boto3's chain; an emulator on loopback needs none.

    Raises: `ConfigurationError` when no region is known or the AWS profile does not exist.
    """
    invented = address.is_loopback and not any(os.environ.get(name) for name in _CREDENTIALS)
    secret = "none" if invented else None
    config = Config(
        connect_timeout=connect_seconds,
        read_timeout=read_seconds,
        retries={"mode": "standard", "total_max_attempts": 1},
        max_pool_connections=_CONNECTIONS,
        parameter_validation=False,
        tcp_keepalive=True,
        proxies={} if address.is_loopback else None,
        # Endpoints of a VPC, and moto, do not know the names of streams that begin with the account.
        account_id_endpoint_mode="disabled" if service == "dynamodbstreams" else None,
    )
    try:
        session = boto3.Session(aws_access_key_id=secret, aws_secret_access_key=secret)
        region = address.region or session.region_name or ("us-east-1" if address.is_loopback else None)
        client = session.client(service, region_name=region, endpoint_url=address.endpoint, config=config)
    except NoRegionError as error:
        raise ConfigurationError("STORE_URL needs a region: dynamodb://PREFIX?region=REGION.") from error
    except ProfileNotFound as error:
        raise ConfigurationError("The profile that AWS_PROFILE names is not in AWS's configuration files.") from error
    client.meta.events.register(f"response-received.{service}", _require_whole_answer)
    # botocore's own time-out is for each piece of an answer; this one is for all of it.
    endpoint = cast(Any, client)._endpoint
    endpoint.http_session = _BoundedSession(endpoint.http_session, connect_seconds + read_seconds)
    return cast("DynamoDBClient", client)


class _BoundedSession:
    """botocore's session, whose every request has its whole answer in time, or none."""

    def __init__(self, session: URLLib3Session, seconds: float) -> None:
        self._session = session
        self._seconds = seconds

    def send(self, request: AWSPreparedRequest) -> AWSResponse:
        try:
            return within(self._seconds, "DynamoDB", lambda: self._session.send(request))
        except DeadlineError as error:
            raise ReadTimeoutError(endpoint_url=request.url, error=error) from error

    def close(self) -> None:
        self._session.close()


def _require_whole_answer(response_dict: Mapping[str, Any] | None = None, **_: object) -> None:
    """Refuses an answer that broke off: botocore would read it as an empty one, so that an item seems absent.

    DynamoDB sends the checksum of each answer; botocore looks at it only where it may repeat the request itself.
    """
    if response_dict is None:
        return
    headers, body = response_dict["headers"], response_dict["body"]
    length, checksum = headers.get("content-length"), headers.get("x-amz-crc32")
    if (length and int(length) != len(body)) or (checksum and int(checksum) != crc32(body)):
        raise NoAnswerError(unanswered().sentence)
