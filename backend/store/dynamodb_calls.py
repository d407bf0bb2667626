"""One request to DynamoDB: timed, counted, repeated where that is safe, and its failures given our names.

boto3's own retries are off, because it would also repeat a write whose reply was lost: an addition would be made
twice, and a conditional put would find its own effect and report that somebody else was first. So a write that must
not happen twice is repeated only after DynamoDB said that it did nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypedDict, TypeVar, cast

import tenacity
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    HTTPClientError,
    NoCredentialsError,
    PartialCredentialsError,
    ProxyConnectionError,
    SSLError,
)
from botocore.parsers import ResponseParserError

from backend.errors import (
    BackendError,
    ConfigurationError,
    InvalidInputError,
    ItemTooLargeError,
    StoreBusyError,
    StoreUnreachableError,
)
from backend.store.dynamodb_items import WireItem
from backend.store.meter import Meter

_READS = {"get_item", "batch_get_item", "query", "scan"}
_BUSY_CODES = {
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "ReplicatedWriteConflictException",
    "RequestLimitExceeded",
    "ThrottlingException",
    "TransactionConflictException",
    "TransactionInProgressException",
}
_BUSY_REASONS = {"None", "ProvisionedThroughputExceeded", "ThrottlingError", "TransactionConflict"}
_MISCONFIGURED_CODES = {
    "AccessDeniedException",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidSignatureException",
    "MissingAuthenticationToken",
    "ResourceNotFoundException",
    "UnrecognizedClientException",
}
_MOST_SILENCES = 3
"""Unanswered attempts, each as long as the time-out, until a repeatable request is given up."""

_Result = TypeVar("_Result")


class DynamoDBClient(Protocol):
    """What the engine needs of a boto3 client for DynamoDB, made with `retries={"total_max_attempts": 1}`."""

    def close(self) -> None: ...


class Capacity(TypedDict, total=False):
    CapacityUnits: float


class Answer(TypedDict, total=False):
    """The parts of DynamoDB's answers that the engine reads."""

    Item: WireItem
    Attributes: WireItem
    Items: list[WireItem]
    LastEvaluatedKey: WireItem
    Responses: dict[str, list[WireItem]]
    UnprocessedKeys: dict[str, object]
    UnprocessedItems: dict[str, object]
    ConsumedCapacity: Capacity | list[Capacity]
    Table: Mapping[str, Any]
    TimeToLiveDescription: Mapping[str, str]


class NoAnswerError(StoreUnreachableError):
    """The request may have arrived, but no answer came back."""


class NotSentError(NoAnswerError):
    """No connection came about, so the request has no effect."""


PATIENCE_SECONDS = 6.0
"""For how long a request is repeated."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a request is repeated, with full jitter: a random pause below a ceiling that doubles each time."""

    seconds: float = PATIENCE_SECONDS
    first_pause: float = 0.05
    longest_pause: float = 1.0
    sleep: Callable[[float], None] = time.sleep

    def repeat(self, attempt: Callable[[], _Result], *, again: Callable[[BaseException], bool]) -> _Result:
        """The result of the first attempt that succeeds; raises what the last one raised."""
        return tenacity.Retrying(
            stop=tenacity.stop_before_delay(self.seconds),
            wait=tenacity.wait_random_exponential(multiplier=self.first_pause, max=self.longest_pause),
            retry=tenacity.retry_if_exception(again),
            sleep=self.sleep,
            reraise=True,
        )(attempt)

    def lasting(self, seconds: float) -> Patience:
        """The same pauses for another length of time."""
        return replace(self, seconds=seconds)


class Caller:
    """Sends requests through a client. Safe to use from several threads."""

    def __init__(self, client: DynamoDBClient, *, meter: Meter | None = None, patience: Patience | None = None) -> None:
        self._client = client
        self._meter = meter
        self.patience = patience or Patience()

    def close(self) -> None:
        self._client.close()

    def call(
        self,
        operation: str,
        parameters: Mapping[str, object],
        *,
        repeatable: bool,
        doubts: list[BackendError] | None = None,
    ) -> Answer:
        """The answer to a request (`operation` in boto3's spelling, such as "put_item").

        `repeatable` says that sending it twice does no harm. `doubts` is filled with the attempts that were not
        answered. Raises: `StoreBusyError` (nothing happened),
        `StoreUnreachableError` (perhaps it happened), `InvalidInputError`, `ItemTooLargeError`,
        `ConfigurationError`, and botocore's `ClientError` for what the caller has to interpret.
        """
        if self._meter:
            parameters = {**parameters, "ReturnConsumedCapacity": "TOTAL"}
        doubts = [] if doubts is None else doubts

        def attempt() -> Answer:
            try:
                return self._once(operation, parameters)
            except StoreUnreachableError as error:
                doubts.append(error)
                raise

        def again(error: BaseException) -> bool:
            if isinstance(error, NoAnswerError) and len(doubts) >= _MOST_SILENCES:
                return False
            return isinstance(error, StoreBusyError | NotSentError) or (
                repeatable and isinstance(error, StoreUnreachableError)
            )

        try:
            return self.patience.repeat(attempt, again=again)
        except (StoreBusyError, NotSentError) as error:
            # What the last attempt says of itself is not true of the earlier ones.
            if in_doubt(doubts):
                raise unanswered() from error
            raise

    def until_done(
        self, send: Callable[[Mapping[str, object]], Mapping[str, object]], work: Mapping[str, object]
    ) -> None:
        """Sends the work, and again what `send` returns as not done, until nothing is left.

        Raises: `StoreBusyError` when something is still left at the end of the caller's patience.
        """
        left = work

        def attempt() -> None:
            nonlocal left
            left = send(left)
            if left:
                raise StoreBusyError("The store is busy; not everything was done. Try again in a moment.")

        self.patience.repeat(attempt, again=lambda error: isinstance(error, StoreBusyError))

    def _once(self, operation: str, parameters: Mapping[str, object]) -> Answer:
        answer: Answer = {}
        try:
            answer = cast("Answer", getattr(self._client, operation)(**parameters))
        except ClientError as error:
            renamed = _renamed(error)
            if self._meter and isinstance(renamed, StoreBusyError):
                self._meter.throttle()
            raise renamed from error
        except (EndpointConnectionError, ConnectTimeoutError, ProxyConnectionError) as error:
            raise NotSentError("The store cannot be reached; nothing was changed. Try again in a moment.") from error
        except (HTTPClientError, SSLError, ResponseParserError) as error:
            raise NoAnswerError(unanswered().sentence) from error
        except (NoCredentialsError, PartialCredentialsError, CredentialRetrievalError) as error:
            raise ConfigurationError("There are no AWS credentials to reach DynamoDB with.") from error
        finally:
            self._count(operation, answer)
        return answer

    def _count(self, operation: str, answer: Answer) -> None:
        if not self._meter:
            return
        reported = answer.get("ConsumedCapacity", [])
        units = sum(part.get("CapacityUnits", 0.0) for part in (reported if isinstance(reported, list) else [reported]))
        if operation in _READS:
            self._meter.add(read_units=units)
        else:
            self._meter.add(write_units=units)


def in_doubt(doubts: Sequence[BackendError]) -> bool:
    """Whether one of the attempts that were not answered may have had its effect."""
    return any(not isinstance(doubt, NotSentError) for doubt in doubts)


def found_by(error: ClientError) -> WireItem | None:
    """The item that a failed condition was compared with; None when there is none, or it was not returned."""
    return cast("WireItem | None", cast("dict[str, object]", error.response).get("Item"))


def unanswered() -> StoreUnreachableError:
    return StoreUnreachableError(
        "The store did not answer, so whether a change was saved is not known. Look before you try again."
    )


def busy() -> StoreBusyError:
    return StoreBusyError("The store is busy; nothing was changed. Try again in a moment.")


def code_of(error: ClientError) -> str:
    """The name that AWS gave to the failure."""
    return str(error.response.get("Error", {}).get("Code", ""))


def reasons_of(error: ClientError) -> list[tuple[str, str]]:
    """Code and message for each write of a cancelled transaction, by position; empty for other failures."""
    reasons = cast("list[dict[str, str]]", error.response.get("CancellationReasons", []))
    return [(reason.get("Code") or "None", reason.get("Message") or "") for reason in reasons]


def refusal(message: str) -> InvalidInputError:
    """The error for a value that DynamoDB's validation refused with this message."""
    if "size" in message.lower() and "exceeded" in message.lower():
        return ItemTooLargeError("This is too large to be stored.")
    return InvalidInputError("The store does not take this value: its type, size or place is not right.")


def _renamed(error: ClientError) -> Exception:
    """Ours for what a failed request says; botocore's own error for what the caller has to interpret."""
    code = code_of(error)
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400))
    if code in _BUSY_CODES or (code == "TransactionCanceledException" and _only_busy(error)):
        return busy()
    if code == "ValidationException":
        return refusal(str(error.response.get("Error", {}).get("Message", "")))
    if code in _MISCONFIGURED_CODES:
        return ConfigurationError(f"DynamoDB refuses the request: {code}. Check the tables, region and credentials.")
    if status >= 500:
        return unanswered()
    return error


def _only_busy(error: ClientError) -> bool:
    codes = {code for code, _ in reasons_of(error)}
    return codes <= _BUSY_REASONS
