"""The routes of the API: each names its scope and passes the gate; one without a scope stops the start."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute

from backend.api.v1 import problems
from backend.api.v1.gate import Gate
from backend.domain.api_keys import Scope

SCOPE = "x-scope"


class ApiRoute(APIRoute):
    """A route behind the gate, which the application's state holds."""

    @property
    def scope(self) -> Scope:
        return Scope((self.openapi_extra or {})[SCOPE])

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        route, scope = super().get_route_handler(), self.scope
        known = frozenset(field.alias for field in self.dependant.query_params)

        async def checked(request: Request) -> Response:
            unknown = sorted(request.query_params.keys() - known)
            return problems.unknown_parameters(unknown) if unknown else await route(request)

        async def handle(request: Request) -> Response:
            gate: Gate = request.app.state.gate
            return await gate.answer(request, scope, checked)

        return handle


def router_of(tag: str) -> APIRouter:
    """The router of one resource."""
    return APIRouter(prefix=f"/{tag.lower()}", tags=[tag], route_class=ApiRoute)


def needs(scope: Scope, *, example: object = None) -> dict[str, Any]:
    """What a route declares beside its path: its scope, and for writes an example of the body."""
    extra: dict[str, Any] = {SCOPE: scope.value}
    if example is not None:
        extra["requestBody"] = {"content": {"application/json": {"example": example}}}
    return {"openapi_extra": extra}
