"""What every call passes before its route: limits, key, scope, idempotency key; and what is kept of its answer.

address's limit ▸ body ▸ key ▸ key's limit ▸ scope ▸ idempotency key ▸ route ▸ kept answer

In place of an API key, a call may show an access token. After the body all of it runs in one of the server's threads.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any

from anyio import to_thread
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from loguru import logger
from starlette.exceptions import HTTPException

from backend.api.public.limits import RequestLimit
from backend.api.v1 import problems
from backend.api.v1.call import Call, answered
from backend.domain.api_keys import Caller, Scope
from backend.domain.network import address_group, origin_of
from backend.errors import BackendError
from backend.services.api import idempotency
from backend.services.api.idempotency import Answer, AnsweredMeanwhileError, Begun, InHand, Refusal
from backend.services.api.request_rate import RatePolicy, SharedRate, Taken
from backend.services.api_keys import authentication
from backend.services.api_keys.authentication import NotSignedInError
from backend.services.api_keys.tokens import Tokens, is_token
from backend.services.context import Shop
from backend.services.sending.mailer import Mailer

LARGEST_BODY = 2 * 1024 * 1024
_LARGEST_UNCLAIMED = 64 * 1024
"""Of a request whose answer, which repeats it, surely has room in its transaction."""
_ALONE = 200
"""Requests of an address that a process answers in ten seconds before it asks the store."""
_KEPT_HEADERS = ("content-type", "etag", "location")
_FAILED = 500
_NOT_KEPT = frozenset({429, *range(_FAILED, 600)})
Route = Callable[[Request], Coroutine[Any, Any, Response]]


@dataclass(frozen=True, slots=True)
class Limits:
    """How many requests are answered: of an address in ten seconds, by this process before their bodies are read and
    by all processes; and of wrong keys of an address in a minute."""

    addresses: RequestLimit = field(default_factory=lambda: RequestLimit(4_000, 10.0))
    shared_addresses: RatePolicy = field(default_factory=lambda: RatePolicy(4_000, 10))
    wrong_keys: RequestLimit = field(default_factory=lambda: RequestLimit(30))


@dataclass(frozen=True, slots=True)
class _Asked:
    request: Request
    scope: Scope
    body: bytes
    address: str
    claimed: bool


@dataclass(frozen=True, slots=True)
class _Admitted:
    call: Call
    caller: Caller
    headers: Mapping[str, str]


class Gate:
    """The gate of one process. `trusted` is the setting TRUSTED_PROXIES, `key` the installation's."""

    def __init__(
        self,
        shop: Callable[[], Shop],
        mailer: Callable[[], Mailer],
        key: Callable[[], bytes],
        *,
        trusted: str = "",
        rate: RatePolicy | None = None,
        limits: Limits | None = None,
        tokens: Tokens | None = None,
    ) -> None:
        self._shop, self._mailer, self._key, self._trusted = shop, mailer, key, trusted
        self._rate, self._limits, self._in_hand = SharedRate(rate), limits or Limits(), InHand()
        self._tokens = tokens
        self._addresses = SharedRate(self._limits.shared_addresses, alone=_ALONE)

    async def answer(self, request: Request, scope: Scope, route: Route, *, claimed: bool = True) -> Response:
        """The answer to a request for a route that needs this scope; not `claimed` where the route keeps its answer."""
        address = self._address(request)
        if not self._limits.addresses.allows(address) or self._limits.wrong_keys.is_spent(address):
            return problems.problem(problems.TOO_MANY, headers={"Retry-After": "10"})
        body = await _body(request)
        if body is None:
            return problems.problem(problems.TOO_LARGE, f"A request has {LARGEST_BODY // 1024 // 1024} MB at most.")
        asked = _Asked(request, scope, body, address, claimed or len(body) > _LARGEST_UNCLAIMED)
        return await to_thread.run_sync(self._answer, asked, route)

    def _answer(self, asked: _Asked, route: Route) -> Response:
        admitted = self._admit(asked)
        if isinstance(admitted, Response):
            return admitted
        begun = admitted.call.begun
        unclaimed = begun if begun is not None and begun.before is not None else None
        if unclaimed is not None and (refusal := self._in_hand.take(unclaimed)):
            return _refused(refusal)
        try:
            asked.request.state.call = admitted.call
            response = self._answered(asked, admitted, route)
        finally:
            if unclaimed is not None:
                self._in_hand.drop(unclaimed)
        response.headers.update({**admitted.headers, "Cache-Control": "no-store"})
        return response

    def _answered(self, asked: _Asked, admitted: _Admitted, route: Route) -> Response:
        begun = admitted.call.begun
        try:
            response = _finished(_routed(asked.request, route))
        except AnsweredMeanwhileError:
            return self._of_another(asked, admitted)
        if begun is not None and begun.kept is None:
            self._keep(begun, response)
        return response

    def _of_another(self, asked: _Asked, admitted: _Admitted) -> Response:
        """What the process has answered, or is going to answer, that was faster."""
        shop = admitted.call.shop
        try:
            found = self._begin(shop, admitted.caller, asked)
            if isinstance(found, Response):
                return found
            if found.begun is not None:
                idempotency.give_up(shop, found.begun)
            return _refused(Refusal.IN_PROGRESS)
        except BackendError as error:
            return problems.problem_of(error)

    def _admit(self, asked: _Asked) -> _Admitted | Response:
        try:
            shop = self._shop()
            from_here = self._addresses.take(shop, self._hidden(asked.address))
            if not from_here.allowed:
                return problems.problem(problems.TOO_MANY, headers={"Retry-After": str(from_here.resets_in)})
            caller = self._caller(shop, _bearer_in(asked.request))
            taken = self._rate.take(shop, caller.family)
            headers = self._rate_headers(taken)
            if not taken.allowed:
                wait = {"Retry-After": str(max(taken.resets_in, 1))}
                return problems.problem(problems.TOO_MANY, headers={**headers, **wait})
            authentication.require(caller, asked.scope)
            call = self._begin(shop, caller, asked)
            return call if isinstance(call, Response) else _Admitted(call, caller, headers)
        except NotSignedInError as error:
            self._limits.wrong_keys.allows(asked.address)
            return problems.problem_of(error)
        except BackendError as error:
            return problems.problem_of(error)

    def _caller(self, shop: Shop, text: str) -> Caller:
        if self._tokens is not None and is_token(text):
            return self._tokens.caller(text)
        return authentication.authenticated(shop, text).caller

    def _begin(self, shop: Shop, caller: Caller, asked: _Asked) -> Call | Response:
        request = asked.request
        given = request.headers.get("idempotency-key", "")
        listing = f"{request.url.path}?{_filters(request)}"
        if request.method == "GET" or (not given and request.method != "POST"):
            return Call(shop, self._mailer, caller.actor, secrets.token_hex(32), shop.clock(), listing, self._key())
        what = b"\0".join((request.method.encode(), listing.encode(), asked.body))
        begun = idempotency.begin(shop, caller.family, given, what, claimed=asked.claimed)
        match begun:
            case Refusal():
                return _refused(begun)
            case Answer():
                response = answered(begun)
                response.headers["Idempotent-Replayed"] = "true"
                return response
            case Begun():
                return Call(shop, self._mailer, caller.actor, begun.unique, begun.first_at, listing, self._key(), begun)

    def _keep(self, begun: Begun, response: Response) -> None:
        shop = self._shop()
        try:
            if response.status_code in _NOT_KEPT:
                idempotency.give_up(shop, begun)
                return
            headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
            idempotency.finish(shop, begun, Answer(response.status_code, headers, bytes(response.body)))
        except BackendError as error:  # what was done stays done, and the next attempt finds it
            logger.warning("The answer to a request could not be kept: {}", error.sentence)

    def _rate_headers(self, taken: Taken) -> dict[str, str]:
        """As draft-ietf-httpapi-ratelimit-headers (10) writes them."""
        policy = self._rate.policy
        return {
            "RateLimit-Policy": f'"key";q={policy.most};w={policy.seconds}',
            "RateLimit": f'"key";r={taken.left};t={taken.resets_in}',
        }

    def _hidden(self, address: str) -> str:
        """The address as the store may know it."""
        return hmac.digest(self._key(), f"api address {address}".encode(), "sha256").hex()[:24]

    def _address(self, request: Request) -> str:
        peer = request.client.host if request.client else ""
        return address_group(origin_of(peer, request.headers.items(), self._trusted).client)


def _bearer_in(request: Request) -> str:
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    return text.strip() if scheme.lower() == "bearer" else ""


def _filters(request: Request) -> str:
    """The query without what leads through a list."""
    wanted = sorted(
        (name, value) for name, value in request.query_params.multi_items() if name not in ("cursor", "limit")
    )
    return "&".join(f"{name}={value}" for name, value in wanted)


async def _body(request: Request) -> bytes | None:
    """The whole body; None when it is too large. It stays where Starlette looks for a body that was read."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > LARGEST_BODY:
            return None
        parts.append(part)
    request._body = b"".join(parts)
    return request._body


async def _routed(request: Request, route: Route) -> Response:
    try:
        return await route(request)
    except RequestValidationError as error:
        return problems.problem_of_input(error)
    except HTTPException as error:
        missing = error.status_code == problems.NO_VERSION.status
        return problems.problem(problems.NO_VERSION if missing else problems.INVALID)
    except AnsweredMeanwhileError:
        raise
    except BackendError as error:
        return problems.problem_of(error, versioned="if-match" in request.headers)
    except Exception:
        logger.opt(exception=True).error("A request of the API has failed")
        return problems.problem(problems.OUR_FAULT)


def _finished(work: Coroutine[Any, Any, Response]) -> Response:
    """The result of a coroutine that waits for nothing: the body is read, and the route does all in this thread."""
    try:
        work.send(None)
    except StopIteration as end:
        response: Response = end.value
        return response
    work.close()
    raise RuntimeError("A route of the API waits for something; in its thread nothing would wake it.")


def _refused(refusal: Refusal) -> Response:
    if refusal is Refusal.OTHER_REQUEST:
        return problems.problem(problems.KEY_REUSED, refusal.value)
    return problems.problem(problems.IN_PROGRESS, refusal.value, headers={"Retry-After": "1"})
