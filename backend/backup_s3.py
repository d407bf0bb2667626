"""Backups in a bucket of Amazon S3, or of a service that speaks its protocol (`AWS_ENDPOINT_URL_S3`)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from backend.deadlines import DeadlineError, within
from backend.errors import ConfigurationError
from backend.services.backup.archive import MANIFEST, BackupError

SECONDS = 120.0
"""For one file, which is a few megabytes; only workers and commands wait for it."""
_AT_ONCE = 1000
"""Keys that one deletion takes (AWS)."""
_T = TypeVar("_T")


class S3Place:
    """A `Place` in a bucket, under a prefix."""

    def __init__(self, client: Any, bucket: str, prefix: str) -> None:
        self._client, self._bucket, self._prefix = client, bucket, f"{prefix}/" if prefix else ""

    def names(self) -> list[str]:
        end = f"/{MANIFEST}"
        return sorted(key[len(self._prefix) : -len(end)] for key in self._keys("") if key.endswith(end))

    def put(self, name: str, file: str, content: bytes) -> None:
        """S3 compares the content with its SHA-256 before it keeps it."""
        key = self._key(name, file)
        self._call(
            lambda: self._client.put_object(Bucket=self._bucket, Key=key, Body=content, ChecksumAlgorithm="SHA256")
        )

    def get(self, name: str, file: str) -> bytes:
        key = self._key(name, file)
        content: bytes = self._call(lambda: self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read())
        return content

    def remove(self, name: str) -> None:
        self._call(lambda: self._client.delete_object(Bucket=self._bucket, Key=self._key(name, MANIFEST)))
        keys = [{"Key": key} for key in self._keys(f"{name}/")]
        for first in range(0, len(keys), _AT_ONCE):
            part = {"Objects": keys[first : first + _AT_ONCE], "Quiet": True}
            self._call(partial(self._client.delete_objects, Bucket=self._bucket, Delete=part))

    def _key(self, name: str, file: str) -> str:
        return f"{self._prefix}{name}/{file}"

    def _keys(self, beneath: str) -> list[str]:
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=self._prefix + beneath
        )
        return self._call(lambda: [each["Key"] for page in pages for each in page.get("Contents", ())])

    def _call(self, call: Callable[[], _T]) -> _T:
        try:
            return within(SECONDS, "S3", call)
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            raise BackupError(f"S3 refuses the bucket {self._bucket}: {code}. See its name and the rights.") from error
        except (BotoCoreError, DeadlineError) as error:
            raise BackupError(f"S3 cannot be reached for the bucket {self._bucket}.") from error


def open_place(url: str) -> S3Place:
    """The place that `s3://BUCKET/PREFIX` names; nothing is connected yet.

    Raises: `ConfigurationError`.
    """
    parts = urlsplit(url)
    if parts.scheme != "s3" or not parts.netloc:
        raise ConfigurationError("A bucket for backups is named as s3://BUCKET/PREFIX.")
    config = Config(connect_timeout=5, read_timeout=60, retries={"mode": "standard", "total_max_attempts": 4})
    try:
        return S3Place(boto3.Session().client("s3", config=config), parts.netloc, parts.path.strip("/"))
    except BotoCoreError as error:
        raise ConfigurationError("Backups in S3 need AWS_REGION, and the AWS profile if one is named.") from error
