"""What every call passes before its route: limits, key, scope, idempotency key; and what is kept of its answer.

address's limit ▸ body ▸ key ▸ key's limit ▸ scope ▸ idempotency key ▸ route ▸ kept answer
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from anyio import to_thread
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from loguru import logger
from starlette.exceptions import HTTPException

from backend.api.public.limits import RequestLimit
from backend.api.v1 import problems
from backend.api.v1.call import Call
from backend.domain.api_keys import ApiKey, Scope
from backend.domain.network import address_group, origin_of
from backend.errors import BackendError
from backend.services.api import idempotency
from backend.services.api.idempotency import Answer, Begun, Refusal
from backend.services.api.request_rate import RatePolicy, SharedRate, Taken
from backend.services.api_keys import authentication
from backend.services.api_keys.authentication import NotSignedInError
from backend.services.context import Shop
from backend.services.sending.mailer import Mailer

LARGEST_BODY = 2 * 1024 * 1024
_KEPT_HEADERS = ("content-type", "etag", "location")
_FAILED = 500
_NOT_KEPT = frozenset({429, *range(_FAILED, 600)})
Route = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Limits:
    """How many requests are answered: of an address in ten seconds, of wrong keys of an address in a minute."""

    addresses: RequestLimit = field(default_factory=lambda: RequestLimit(4_000, 10.0))
    wrong_keys: RequestLimit = field(default_factory=lambda: RequestLimit(30))


@dataclass(frozen=True, slots=True)
class _Admitted:
    call: Call
    begun: Begun | None
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
    ) -> None:
        self._shop, self._mailer, self._key, self._trusted = shop, mailer, key, trusted
        self._rate, self._limits = SharedRate(rate), limits or Limits()

    async def answer(self, request: Request, scope: Scope, route: Route) -> Response:
        """The answer to a request for a route that needs this scope."""
        address = self._address(request)
        if not self._limits.addresses.allows(address) or self._limits.wrong_keys.is_spent(address):
            return problems.problem(problems.TOO_MANY, headers={"Retry-After": "10"})
        body = await _body(request)
        if body is None:
            return problems.problem(problems.TOO_LARGE, f"A request has {LARGEST_BODY // 1024 // 1024} MB at most.")
        admitted = await to_thread.run_sync(self._admit, request, scope, body, address)
        if isinstance(admitted, Response):
            return admitted
        request.state.call = admitted.call
        response = await _answered(request, route)
        if admitted.begun is not None:
            await to_thread.run_sync(self._keep, admitted.begun, response)
        response.headers.update({**admitted.headers, "Cache-Control": "no-store"})
        return response

    def _admit(self, request: Request, scope: Scope, body: bytes, address: str) -> _Admitted | Response:
        try:
            shop = self._shop()
            key = authentication.authenticated(shop, _key_in(request))
            taken = self._rate.take(shop, key.family)
            headers = self._rate_headers(taken)
            if not taken.allowed:
                wait = {"Retry-After": str(max(taken.resets_in, 1))}
                return problems.problem(problems.TOO_MANY, headers={**headers, **wait})
            authentication.require(key, scope)
            admitted = self._begin(shop, key, request, body)
            return admitted if isinstance(admitted, Response) else _Admitted(*admitted, headers)
        except NotSignedInError as error:
            self._limits.wrong_keys.allows(address)
            return problems.problem_of(error)
        except BackendError as error:
            return problems.problem_of(error)

    def _begin(self, shop: Shop, key: ApiKey, request: Request, body: bytes) -> tuple[Call, Begun | None] | Response:
        given = request.headers.get("idempotency-key", "")
        listing = f"{request.url.path}?{_filters(request)}"
        if request.method == "GET" or (not given and request.method != "POST"):
            call = Call(shop, self._mailer, key.actor, secrets.token_hex(32), shop.clock(), listing, self._key())
            return call, None
        what = b"\0".join((request.method.encode(), listing.encode(), body))
        begun = idempotency.begin(shop, key.family, given, what)
        match begun:
            case Refusal.IN_PROGRESS:
                return problems.problem(problems.IN_PROGRESS, begun.value, headers={"Retry-After": "1"})
            case Refusal.OTHER_REQUEST:
                return problems.problem(problems.KEY_REUSED, begun.value)
            case Answer():
                return Response(begun.body, begun.status, {**begun.headers, "Idempotent-Replayed": "true"})
            case Begun():
                call = Call(shop, self._mailer, key.actor, begun.unique, begun.first_at, listing, self._key())
                return call, begun

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

    def _address(self, request: Request) -> str:
        peer = request.client.host if request.client else ""
        return address_group(origin_of(peer, request.headers.items(), self._trusted).client)


def _key_in(request: Request) -> str:
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


async def _answered(request: Request, route: Route) -> Response:
    try:
        return await route(request)
    except RequestValidationError as error:
        return problems.problem_of_input(error)
    except HTTPException as error:
        missing = error.status_code == problems.NO_VERSION.status
        return problems.problem(problems.NO_VERSION if missing else problems.INVALID)
    except BackendError as error:
        return problems.problem_of(error, versioned="if-match" in request.headers)
    except Exception:
        logger.opt(exception=True).error("A request of the API has failed")
        return problems.problem(problems.OUR_FAULT)
