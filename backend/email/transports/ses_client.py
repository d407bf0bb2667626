"""Opens a client for SES whose every call is one request."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import NoRegionError, ProfileNotFound
from botocore.session import Session

from backend.email.transports.ses import Client
from backend.email.transports.ses_direct import DirectClient
from backend.errors import ConfigurationError

CONNECT_SECONDS = 3.0
READ_SECONDS = 30.0
CONNECTIONS = 96
"""As many as a worker has threads that send; more of them only queue."""
_CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_PROFILE")
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True, slots=True)
class Boto3Client:
    """boto3's client, and what it was made from. `verify` is True or a file of CAs."""

    client: Client
    credentials: Credentials | None
    verify: bool | str


def open_client(*, connect_seconds: float = CONNECT_SECONDS, read_seconds: float = READ_SECONDS) -> Client:
    """A client with retries off. Region, credentials and endpoint come from boto3's own environment.

    `AWS_ENDPOINT_URL_SESV2` names a stand-in for SES; one on this machine needs no credentials and no proxy.

    Raises: `ConfigurationError` when no region is known or the AWS profile does not exist.
    """
    opened = open_boto3(connect_seconds=connect_seconds, read_seconds=read_seconds)
    return DirectClient(
        opened.client,
        opened.credentials,
        connect_seconds=connect_seconds,
        read_seconds=read_seconds,
        connections=CONNECTIONS,
        verify=opened.verify,
    )


def open_boto3(*, connect_seconds: float = CONNECT_SECONDS, read_seconds: float = READ_SECONDS) -> Boto3Client:
    """boto3's own client, as `open_client` uses it.

    Raises: `ConfigurationError`.
    """
    endpoint = os.environ.get("AWS_ENDPOINT_URL_SESV2") or os.environ.get("AWS_ENDPOINT_URL") or ""
    is_here = urlsplit(endpoint).hostname in _LOOPBACK
    config = Config(
        connect_timeout=connect_seconds,
        read_timeout=read_seconds,
        retries={"mode": "standard", "total_max_attempts": 1},
        max_pool_connections=CONNECTIONS,
        parameter_validation=False,
        proxies={} if is_here else None,
    )
    try:
        core = Session()
        session = boto3.Session(botocore_session=core)
        invented = is_here and not any(map(os.environ.get, _CREDENTIALS))
        secret = "none" if invented else None
        # boto3 reads AWS_DEFAULT_REGION only; AWS's own containers and other SDKs know AWS_REGION.
        region = session.region_name or os.environ.get("AWS_REGION") or ("us-east-1" if is_here else None)
        client = session.client(
            "sesv2", region_name=region, config=config, aws_access_key_id=secret, aws_secret_access_key=secret
        )
        credentials = Credentials("none", "none") if invented else session.get_credentials()
    except (NoRegionError, ProfileNotFound) as error:
        raise ConfigurationError("MAIL_TRANSPORT=ses needs AWS_REGION, and the AWS profile if one is named.") from error
    return Boto3Client(cast("Client", client), credentials, core.get_config_variable("ca_bundle") or True)
