"""Every refusal of the API: a problem document (RFC 9457) whose type never changes, with what to do about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from backend.domain.campaigns import WrongStateError
from backend.errors import (
    AlreadyExistsError,
    BackendError,
    ConflictError,
    EmailTakenError,
    InvalidInputError,
    NotFoundError,
    PermissionDeniedError,
    StoreBusyError,
    StoreUnreachableError,
    TemplateError,
    UnreadableItemError,
)
from backend.services.api_keys.authentication import NotSignedInError, OutOfScopeError
from backend.services.api_keys.tokens import KeysUnreachableError
from backend.services.concurrency.retries import StaleReadError
from backend.services.customers.customers import CustomerChangedError
from backend.services.orders.writes import OrderChangedError

MEDIA_TYPE = "application/problem+json"
_MOST_FIELDS = 20


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of problem: the last part of its type, its status, its title, and what to do about it."""

    name: str
    status: int
    title: str
    action: str

    @property
    def type(self) -> str:
        """Where the reference explains it; resolved against the address of the request."""
        return f"/api/docs#problem-{self.name}"


NO_KEY = Kind("no-key", 401, "No API key that works", "Send a key or token that works: Authorization: Bearer ….")
FORBIDDEN = Kind(
    "forbidden", 403, "Not allowed", "Use a key or token with the scope that the reference names for this call."
)
NOT_FOUND = Kind("not-found", 404, "Not found", "Check the path and the id.")
NO_METHOD = Kind(
    "method-not-allowed", 405, "Method not allowed", "Use a method that the reference names for this path."
)
CONFLICT = Kind("conflict", 409, "Not possible now", "Read it again, and decide by what it is now.")
EXISTS = Kind("already-exists", 409, "It is there already", "Use the one that is there.")
WRONG_STATE = Kind("wrong-state", 409, "Not possible in this state", "Read it again: its state says what is possible.")
IN_PROGRESS = Kind("in-progress", 409, "Being carried out", "Send the same request again in a moment.")
CHANGED = Kind("changed", 412, "It has changed", "Read it again, and send its ETag as If-Match.")
TOO_LARGE = Kind("too-large", 413, "Too large", "Send less at once.")
INVALID = Kind("invalid", 422, "Invalid", "Correct the fields that are named, and send the request again.")
KEY_REUSED = Kind("key-reused", 422, "Idempotency key used before", "Use a new key for each new request.")
NO_VERSION = Kind("no-if-match", 428, "If-Match is missing", "Read it first, and send its ETag as If-Match.")
TOO_MANY = Kind("too-many-requests", 429, "Too many requests", "Wait for as many seconds as Retry-After says.")
OUR_FAULT = Kind("our-fault", 500, "Something went wrong on our side", "Send the request again; tell us X-Request-Id.")
BUSY = Kind("busy", 503, "Not available now", "Send the same request again, with the same idempotency key.")

KINDS = tuple(each for each in dict(globals()).values() if isinstance(each, Kind))

_OF_ERRORS: tuple[tuple[type[BackendError], Kind], ...] = (
    (NotSignedInError, NO_KEY),
    (OutOfScopeError, FORBIDDEN),
    (PermissionDeniedError, FORBIDDEN),
    (NotFoundError, NOT_FOUND),
    (OrderChangedError, CHANGED),
    (CustomerChangedError, CHANGED),
    (StaleReadError, CHANGED),
    (WrongStateError, WRONG_STATE),
    (AlreadyExistsError, EXISTS),
    (ConflictError, CONFLICT),
    (InvalidInputError, INVALID),
    (TemplateError, INVALID),
    (KeysUnreachableError, BUSY),
    (StoreBusyError, BUSY),
    (StoreUnreachableError, BUSY),
    (UnreadableItemError, OUR_FAULT),
)
"""The first that fits counts, so leaves stand before their bases."""


class FieldProblem(BaseModel):
    """What is wrong with one field."""

    field: str = Field(description="Where it is: such as `lines.0.quantity`, or the name of a parameter or header.")
    detail: str


class Problem(BaseModel):
    """A problem document (RFC 9457). `type` is stable; `action` says what to do."""

    type: str = Field(examples=[INVALID.type])
    title: str = Field(examples=[INVALID.title])
    status: int = Field(examples=[422])
    detail: str = Field(examples=["A new order cannot be cancelled already."])
    action: str = Field(examples=[INVALID.action])
    errors: list[FieldProblem] = Field([], examples=[[{"field": "status", "detail": "It is not a status."}]])
    customer_id: str | None = Field(None, description="The customer who has the address already.")


def problem(
    kind: Kind,
    detail: str = "",
    *,
    errors: Sequence[FieldProblem] = (),
    headers: Mapping[str, str] | None = None,
    customer_id: str | None = None,
) -> JSONResponse:
    """The answer that says it."""
    said = Problem(
        type=kind.type,
        title=kind.title,
        status=kind.status,
        detail=detail or kind.title + ".",
        action=kind.action,
        errors=[*errors][:_MOST_FIELDS],
        customer_id=customer_id,
    )
    more = {"WWW-Authenticate": "Bearer"} if kind is NO_KEY else {"Retry-After": "1"} if kind is BUSY else {}
    content = said.model_dump(exclude_none=True)
    return JSONResponse(content, kind.status, {**more, **(headers or {})}, media_type=MEDIA_TYPE)


def problem_kind(error: BackendError, *, versioned: bool = False) -> Kind:
    """The kind of an error of a service. What is not in the table is a conflict: nothing was done.

    `versioned` says that the caller has named a version, so that a change by somebody else is no surprise to them.
    """
    kind = next((kind for of, kind in _OF_ERRORS if isinstance(error, of)), CONFLICT)
    return CONFLICT if kind is CHANGED and not versioned else kind


def problem_of(error: BackendError, *, versioned: bool = False) -> JSONResponse:
    """The answer for an error of a service."""
    kind = problem_kind(error, versioned=versioned)
    field = error.field if isinstance(error, InvalidInputError) else ""
    errors = [FieldProblem(field=field, detail=error.sentence)] if field else []
    owner = error.customer_id if isinstance(error, EmailTakenError) else None
    detail = "" if kind is OUR_FAULT else error.sentence
    return problem(kind, detail, errors=errors, customer_id=owner)


def problem_of_input(error: RequestValidationError) -> JSONResponse:
    """The answer for a request that is not of the documented form. Values are not repeated: they may be personal."""
    errors = [
        FieldProblem(field=".".join(map(str, each["loc"][1:])) or str(each["loc"][0]), detail=str(each["msg"]))
        for each in error.errors()
    ]
    return problem(INVALID, "The request is not of the documented form.", errors=errors)


def unknown_parameters(names: Sequence[str]) -> JSONResponse:
    """The answer for parameters that a call does not have: a filter with a typing error would list everything."""
    errors = [FieldProblem(field=name[:100], detail="There is no such parameter.") for name in names]
    return problem(INVALID, "The call has no such parameter.", errors=errors)
