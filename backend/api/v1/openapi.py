"""The OpenAPI document: what FastAPI finds in the routes, with keys, limits, problems and examples for every call."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from backend.api.v1 import answers
from backend.api.v1.problems import KINDS, MEDIA_TYPE, Kind, Problem
from backend.api.v1.route import SCOPE

VERSION = "1.0.0"
ABOUT = """
Customers, orders and emails of the shop, for other programs.

Send an API key with each request: `Authorization: Bearer tp_…`; or, where the installation allows it, an access token
of the team's identity provider. Amounts are whole minor units (cents) with their
currency. Moments are RFC 3339 in UTC. Lists have `next_cursor`; send it as `cursor` for the next page.

Every POST needs an `Idempotency-Key`, which other writes may have too: the same request with the same key is carried
out once, and answered alike for 24 hours. Changes need `If-Match` with the `ETag` of what you have read.

Refusals are problem documents (RFC 9457). `RateLimit` says how many requests are left.

New fields, calls and values of lists may come at any time; ignore what you do not know. A call that is going to
disappear is `deprecated` here and answers with `Deprecation` (RFC 9745, since when) and `Sunset` (RFC 8594, from when
on it may be gone, half a year later at least). No call is deprecated today.
"""
_BEARER = "An access token of the team's identity provider: its roles say which scopes it has."
_SCHEMA = {"$ref": "#/components/schemas/Problem"}
_EVERY = frozenset({401, 403, 422, 429, 500, 503})
_WRITES = frozenset({404, 409, 413})
_RATE = {
    "RateLimit": "How many requests are left, and the seconds until there are more.",
    "RateLimit-Policy": "How many requests the key or token has in so many seconds.",
    "X-Request-Id": "The id of this request in the log. Tell us when something is wrong.",
}


def describe(app: FastAPI) -> None:
    """Lets the application describe itself by `app.openapi()`, once."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # as FastAPI's documentation extends a document


def _document(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(title=app.title, version=VERSION, description=ABOUT.strip(), routes=app.routes)
    document["servers"] = [{"url": "/api/v1"}]
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    own = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update({**own.pop("$defs"), "Problem": own})
    components["securitySchemes"] = {
        "key": {"type": "http", "scheme": "bearer", "description": "An API key."},
        "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": _BEARER},
    }
    components["responses"] = {_name(status): _response(status) for status in sorted({kind.status for kind in KINDS})}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            _complete(path, method, operation)
            _show_answers(schemas, operation)
    return document


def _complete(path: str, method: str, operation: dict[str, Any]) -> None:
    """Adds to an operation what all have: its key and scope, its idempotency key, limits and problems."""
    operation["security"] = [{"key": []}, {"token": []}]
    scope = operation[SCOPE]
    operation["description"] = f"{operation.get('description', '')}\n\nScope: `{scope}`.".strip()
    parameters = operation.setdefault("parameters", [])
    if method != "get":
        parameters.append(_idempotency_key(required=method == "post"))
    for each in parameters:
        if each["name"] == "if-match":
            each.update(name="If-Match", required=True)
    statuses = set(_EVERY) | (_WRITES if method != "get" else set()) | ({404} if "{" in path else set())
    if any(each["name"] == "If-Match" for each in parameters):
        statuses |= {412, 428}
    for status, response in operation["responses"].items():
        if int(status) < 400:
            response["headers"] = {name: _header(text) for name, text in _RATE.items()}
    for status in sorted(statuses):
        operation["responses"][str(status)] = {"$ref": f"#/components/responses/{_name(status)}"}


def _show_answers(schemas: dict[str, Any], operation: dict[str, Any]) -> None:
    for status, response in operation["responses"].items():
        if int(status) < 300:
            content = response["content"]["application/json"]
            content.setdefault("example", answers.example_of(schemas, content["schema"]))


def _idempotency_key(*, required: bool) -> dict[str, Any]:
    return {
        "name": "Idempotency-Key",
        "in": "header",
        "required": required,
        "description": "A new one for each new request, such as a UUID; the same one when it is sent again.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
        "example": "0c8f1b1e-6f9f-4c4c-9b1e-9f5a3c2d1e00",
    }


def _header(description: str) -> dict[str, Any]:
    return {"description": description, "schema": {"type": "string"}}


def _kinds(status: int) -> list[Kind]:
    return [kind for kind in KINDS if kind.status == status]


def _name(status: int) -> str:
    return "".join(word.capitalize() for word in _kinds(status)[0].name.split("-"))


def _response(status: int) -> dict[str, Any]:
    kinds = _kinds(status)
    examples = {
        kind.name: {
            "value": {
                "type": kind.type,
                "title": kind.title,
                "status": kind.status,
                "detail": f"{kind.title}.",
                "action": kind.action,
                "errors": [],
            }
        }
        for kind in kinds
    }
    said = "; ".join(kind.title for kind in kinds)
    return {"description": f"{said}.", "content": {MEDIA_TYPE: {"schema": _SCHEMA, "examples": examples}}}
