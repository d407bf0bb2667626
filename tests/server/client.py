"""A browser without a screen: speaks Streamlit's protocol over a real websocket and keeps all that it is sent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from google.protobuf.json_format import MessageToDict
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect

_TIMEOUT = 30.0
_AGAIN = ForwardMsg.ScriptFinishedStatus.FINISHED_EARLY_FOR_RERUN


class Tab:
    """One browser tab. `messages` holds everything that the last run sent, reruns that it caused included."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self.messages: list[ForwardMsg] = []

    def open(self, page: str = "", query: str = "") -> Tab:
        """Asks for a page by the path of its address, and waits until it has been drawn."""
        message = BackMsg()
        message.rerun_script.page_name = page
        message.rerun_script.query_string = query
        return self._run(message)

    def click(self, label: str) -> Tab:
        """Presses the button with this label, and waits until the run that follows has ended."""
        message = BackMsg()
        message.rerun_script.page_script_hash = self._page_hash()
        message.rerun_script.widget_states.widgets.add(id=self._button(label), trigger_value=True)
        return self._run(message)

    def _button(self, label: str) -> str:
        (found,) = (
            message.delta.new_element.button.id
            for message in self.messages
            if message.WhichOneof("type") == "delta" and message.delta.new_element.button.label == label
        )
        return found

    def _page_hash(self) -> str:
        return next(
            message.navigation.page_script_hash
            for message in reversed(self.messages)
            if message.WhichOneof("type") == "navigation"
        )

    def _run(self, message: BackMsg) -> Tab:
        self.messages = []
        self._connection.send(message.SerializeToString())
        while True:
            received = ForwardMsg()
            reply = self._connection.recv(_TIMEOUT)
            assert isinstance(reply, bytes)
            received.ParseFromString(reply)
            self.messages.append(received)
            if received.WhichOneof("type") == "script_finished" and received.script_finished != _AGAIN:
                return self

    def raw(self) -> bytes:
        """All bytes of the last run, to look for what must not be in them."""
        return b"".join(message.SerializeToString() for message in self.messages)

    def elements(self) -> list[tuple[str, str]]:
        """Kind and text (label, body or title) of each element, in the order in which they were sent."""
        return [found for message in self.messages for found in _elements_of(message)]

    def kinds(self) -> set[str]:
        return {kind for kind, _ in self.elements()}

    def texts(self) -> list[str]:
        return [text for _, text in self.elements() if text]


def _elements_of(message: ForwardMsg) -> Iterator[tuple[str, str]]:
    if message.WhichOneof("type") != "delta" or message.delta.WhichOneof("type") != "new_element":
        return
    element = message.delta.new_element
    kind = str(element.WhichOneof("type"))
    values = MessageToDict(getattr(element, kind), preserving_proto_field_name=True)
    yield kind, str(values.get("label") or values.get("body") or "")


@contextmanager
def tab(port: int, *, cookie: str = "", xsrf: bool = False, forwarded_for: str = "") -> Iterator[Tab]:
    """A tab of a browser that holds these cookies, connected as the page itself would be.

    With `xsrf` it repeats the token against forged requests, without which Streamlit believes no provider's cookie.
    """
    token = next((part.partition("=")[2] for part in cookie.split("; ") if part.startswith("_streamlit_xsrf=")), "")
    given = {"Cookie": cookie, "X-Forwarded-For": forwarded_for}
    headers = {name: value for name, value in given.items() if value}
    with connect(
        f"ws://127.0.0.1:{port}/_stcore/stream",
        origin=f"http://127.0.0.1:{port}",  # type: ignore[arg-type]  # websockets has a type of its own for it
        subprotocols=["streamlit", token] if xsrf else ["streamlit"],  # type: ignore[list-item]
        additional_headers=headers,
        open_timeout=_TIMEOUT,
        max_size=None,
        proxy=None,
    ) as connection:
        yield Tab(connection)
