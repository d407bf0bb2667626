"""A server of the API in a process of its own: for orders, and for webhooks of a connected shop."""

from __future__ import annotations

import socket
from datetime import datetime
from multiprocessing.connection import Connection

import uvicorn

from backend.api.app import create_app
from backend.api.v1 import ApiSettings
from backend.services.api.request_rate import RatePolicy
from tests.api.v1_support import SEALING_KEY
from tests.connections.door import KEY
from tests.mailing.processes import NoTransport
from tests.mailing.worker_script import mailer_on
from tests.support import TestClock, opened_shop


def serve(url: str, now: datetime, port: Connection) -> None:
    """Answers on loopback until it is killed, at a moment that stands still. Says its port when it listens."""
    with opened_shop(url, clock=TestClock(now)) as shop:
        settings = ApiSettings(lambda: mailer_on(shop, NoTransport()), lambda: SEALING_KEY, (), RatePolicy(100_000, 10))
        app = create_app(lambda: shop, v1=settings, connection_key=lambda: KEY)
        listener = socket.create_server(("127.0.0.1", 0))
        port.send(listener.getsockname()[1])
        uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False)).run([listener])
