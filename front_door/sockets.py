"""Bounds TCP connections, which cost a client nothing: those without a request are closed, and all are counted.

uvicorn waits for the first request of a connection for ever, and begins to wait again with each byte.
"""

from __future__ import annotations

import asyncio
import resource
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

REQUEST_SECONDS = 10.0
"""From the connection, or the last answer, until a request has come with all its headers."""
_MOST_FILES = 65_536


@dataclass(slots=True)
class Sockets:
    """How many are open: in all, and for one peer.

    A peer on this machine may be a proxy, so that only the total holds.
    """

    total: int = 4_000
    peer: int = 500
    open: Counter[str] = field(default_factory=Counter)

    def enter(self, peer: str) -> bool:
        self.open[peer] += 1
        within = self.open[peer] <= self.peer or peer in ("127.0.0.1", "::1", "")
        return within and self.open.total() <= self.total

    def leave(self, peer: str) -> None:
        self.open[peer] -= 1
        if self.open[peer] <= 0:
            del self.open[peer]


SOCKETS = Sockets()
"""Those of this process."""


def raise_file_limit() -> int:
    """Lets the process open as many files as it may (`ulimit -Hn`), 65,536 at most; returns how many that is."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, _MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        return wanted
    return _MOST_FILES if soft == resource.RLIM_INFINITY else soft


class Http(H11Protocol):
    """uvicorn's HTTP/1.1, with an end to waiting for a request."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        if SOCKETS.enter(_peer(self.client)):
            self._wait_for_request()
        else:
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        SOCKETS.leave(_peer(self.client))
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._stop_waiting()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self.transport.is_closing() and (self.cycle is None or self.cycle.response_complete):
            self._wait_for_request()

    def handle_websocket_upgrade(self, event: Any) -> None:
        self._stop_waiting()
        super().handle_websocket_upgrade(event)

    def _wait_for_request(self) -> None:
        self._stop_waiting()
        self._deadline = self.loop.call_later(REQUEST_SECONDS, self.transport.abort)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


class WebSocket(WebSocketsSansIOProtocol):
    """uvicorn's websockets; a connection that was upgraded is no longer counted."""

    def connection_lost(self, exc: Exception | None) -> None:
        SOCKETS.leave(_peer(self.client))
        super().connection_lost(exc)


def _peer(client: tuple[str, int] | None) -> str:
    return client[0] if client else ""
