"""The account-level suppression list of SES, by API v2. Every call may be repeated, so boto3's own retries are on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, Protocol, cast

from botocore.exceptions import BotoCoreError, ClientError

from backend.deadlines import DeadlineError, within
from backend.domain.suppression import SuppressionReason
from backend.email.transports.account_list import (
    LARGEST_PAGE,
    REASONS,
    WORDS,
    AccountEntry,
    AccountListError,
    AccountPage,
)
from backend.email.transports.ses_client import open_boto3

CALL_SECONDS = 9.0
"""For a call with its repetitions."""


class SuppressionClient(Protocol):
    """What is needed of a boto3 client for "sesv2"."""

    def list_suppressed_destinations(self, **parameters: Any) -> Mapping[str, Any]: ...

    def put_suppressed_destination(self, **parameters: Any) -> Mapping[str, Any]: ...

    def delete_suppressed_destination(self, **parameters: Any) -> Mapping[str, Any]: ...


class _MissingError(AccountListError):
    """What was to be removed is not there."""


class SesAccountList:
    """An `AccountList` at SES. The client is opened with the first call."""

    def __init__(self, open_client: Callable[[], SuppressionClient]) -> None:
        self._open = open_client
        self._opened: SuppressionClient | None = None

    def page(self, limit: int, cursor: str | None = None) -> AccountPage:
        wanted: dict[str, Any] = {"PageSize": min(limit, LARGEST_PAGE)} | ({"NextToken": cursor} if cursor else {})
        found = self._call("list_suppressed_destinations", wanted)
        entries = [entry for each in found.get("SuppressedDestinationSummaries", []) if (entry := _entry_of(each))]
        return AccountPage(entries, found.get("NextToken") or None)

    def add(self, address: str, reason: SuppressionReason) -> None:
        self._call("put_suppressed_destination", {"EmailAddress": address, "Reason": WORDS[reason]})

    def remove(self, address: str) -> bool:
        try:
            self._call("delete_suppressed_destination", {"EmailAddress": address})
        except _MissingError:
            return False
        return True

    def _call(self, name: str, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            client = self._opened = self._opened or self._open()
            call = partial(getattr(client, name), **parameters)
            return cast("Mapping[str, Any]", within(CALL_SECONDS, "The suppression list of SES", call))
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", "no code"))[:80]
            if code == "NotFoundException":
                raise _MissingError("The address is not on the list.") from error
            raise AccountListError(f"SES does not give its suppression list ({code}).") from error
        except (BotoCoreError, DeadlineError) as error:
            raise AccountListError(f"SES does not answer ({type(error).__name__}).") from error


def _entry_of(summary: Mapping[str, Any]) -> AccountEntry | None:
    """An entry; None for a reason that is not known."""
    reason, at = REASONS.get(str(summary.get("Reason"))), summary.get("LastUpdateTime")
    if reason is None or not isinstance(at, datetime):
        return None
    return AccountEntry(str(summary.get("EmailAddress", "")), reason, at)


def open_client() -> SuppressionClient:
    """boto3's client, which repeats calls.

    Raises: `ConfigurationError`.
    """
    return cast("SuppressionClient", open_boto3(read_seconds=CALL_SECONDS, attempts=4))
