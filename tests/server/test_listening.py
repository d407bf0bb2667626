"""The socket that people connect to."""

from __future__ import annotations

import socket
from pathlib import Path

from backend.config import Settings
from server import listen
from tests.engines import free_port


def test_answers_do_not_wait_for_acknowledgements(tmp_path: Path) -> None:
    with listen(Settings(port=free_port(), data_dir=tmp_path)) as listener:
        with socket.create_connection(listener.getsockname()):
            accepted, _ = listener.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1
