"""The routes of the API: each names its scope and passes the gate; one without a scope stops the start."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, TypeVar

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute

from backend.api.v1 import problems
from backend.api.v1.gate import Gate
from backend.domain.api_keys import Scope

SCOPE = "x-scope"
_WHOLE = "keeps_its_answer"
Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


class ApiRoute(APIRoute):
    """A route behind the gate, which the application's state holds, in one of the server's threads from end to end."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, _in_this_thread(endpoint), **options)

    @property
    def scope(self) -> Scope:
        return Scope((self.openapi_extra or {})[SCOPE])

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        route, scope, whole = super().get_route_handler(), self.scope, hasattr(self.endpoint, _WHOLE)
        known = frozenset(field.alias for field in self.dependant.query_params)

        async def checked(request: Request) -> Response:
            unknown = sorted(request.query_params.keys() - known)
            return problems.unknown_parameters(unknown) if unknown else await route(request)

        async def handle(request: Request) -> Response:
            gate: Gate = request.app.state.gate
            return await gate.answer(request, scope, checked, claimed=not whole)

        return handle


def keeps_its_answer(endpoint: Endpoint) -> Endpoint:
    """Decorates a route that is one transaction, in which it writes its answer (`Call.keeping`); see `idempotency`."""
    setattr(endpoint, _WHOLE, True)
    return endpoint


def _in_this_thread(endpoint: Callable[..., Any]) -> Callable[..., Any]:
    """FastAPI would move a plain function to another thread once more."""

    @wraps(endpoint)
    async def call(**given: Any) -> Any:
        return endpoint(**given)

    return call


def router_of(tag: str, name: str = "") -> APIRouter:
    """The router of one resource, named as its tag unless it has a name of its own."""
    return APIRouter(prefix=f"/{name or tag.lower()}", tags=[tag], route_class=ApiRoute)


def needs(scope: Scope, *, example: object = None) -> dict[str, Any]:
    """What a route declares beside its path: its scope, and for writes an example of the body."""
    extra: dict[str, Any] = {SCOPE: scope.value}
    if example is not None:
        extra["requestBody"] = {"content": {"application/json": {"example": example}}}
    return {"openapi_extra": extra}
