"""One websocket of a browser: what it may say, how often before sign-in, and how long it may say nothing."""

from __future__ import annotations

import asyncio

from google.protobuf.message import DecodeError
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg

from backend.api.public.limits import RequestLimit
from front_door.visitors import Connection

SILENT_SECONDS = 15.0
"""A page requests its content at once; before sign-in, a connection that does not in this time is closed."""
_POLICY, _TRY_AGAIN = 1008, 1013


class Stream:
    """Passes messages between the server and Streamlit. `limit` counts an address's messages before sign-in."""

    def __init__(self, connection: Connection, receive: Receive, send: Send, limit: RequestLimit) -> None:
        self._connection, self._receive, self._send, self._limit = connection, receive, send, limit
        self._ended = False

    async def serve(self, app: ASGIApp, scope: Scope) -> None:
        await app(scope, self.receive, self.send)

    async def receive(self) -> Message:
        """The next message that Streamlit should get."""
        while True:
            message = await self._next()
            if message["type"] != "websocket.receive":
                return message
            self._connection.silent = False
            if not self._connection.member and not self._limit.allows(self._connection.address):
                return await self._end(_POLICY)
            data = message.get("bytes")
            if data is None or is_for_pages(data):
                return message

    async def send(self, message: Message) -> None:
        if not self._ended:
            await self._send(message)

    async def _next(self) -> Message:
        if self._connection.member or not self._connection.silent:
            return await self._receive()
        received = asyncio.ensure_future(self._receive())
        displaced = asyncio.ensure_future(self._connection.displaced.wait())
        try:
            await asyncio.wait({received, displaced}, timeout=SILENT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            return received.result() if received.done() else await self._end(_TRY_AGAIN)
        finally:
            displaced.cancel()
            received.cancel()

    async def _end(self, code: int) -> Message:
        await self.send({"type": "websocket.close", "code": code})
        self._ended = True
        return {"type": "websocket.disconnect", "code": code}


# --- Messages that reach Streamlit -------------------------------------------------------------------------------


_MESSAGES = frozenset({"rerun_script", "stop_script", "file_urls_request", "app_heartbeat"})
_OPERATIONS = frozenset({"deferred_file", "dataframe_chunk"})


def is_for_pages(data: bytes) -> bool:
    """Whether Streamlit should get this message. What cannot be read is for it to refuse: it ends the connection."""
    message = BackMsg()
    try:
        message.ParseFromString(data)
    except DecodeError:
        return True
    kind = message.WhichOneof("type")
    if kind == "backend_operation_request":
        return message.backend_operation_request.WhichOneof("payload") in _OPERATIONS
    return kind in _MESSAGES
