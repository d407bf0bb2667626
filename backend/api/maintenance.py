"""Refuses requests that would write while there is maintenance: 503, and when to come again (RFC 9110, 10.2.3)."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from backend.api.v1 import problems
from backend.services.system.maintenance import RETRY_SECONDS, WATCH, Watch

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class MaintenanceGate:
    """Pure ASGI. Reads go on; writes are refused with the reason. Programs that send webhooks try again later."""

    def __init__(self, app: ASGIApp, watch: Watch = WATCH) -> None:
        self._app, self._watch = app, watch

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        now = self._watch.now
        if now is None or scope["type"] != "http" or scope["method"] in _SAFE:
            await self._app(scope, receive, send)
            return
        detail = f"Maintenance: {now.reason} Nothing was changed."
        refusal = problems.problem(problems.BUSY, detail, headers={"Retry-After": str(RETRY_SECONDS)})
        await refusal(scope, receive, send)
