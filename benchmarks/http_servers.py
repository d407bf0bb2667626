"""The servers that orders and webhooks are sent to over HTTP, each in a process of its own: ours, and a bare one.

`python -m benchmarks.http_servers api FOLDER` serves the API on a store in the folder, `webhooks` the door for those of
a connected shop, `bare` a route of FastAPI that checks the same order and inserts one row by SQLAlchemy, durable too.
All print a line with the port and the key, or the id of the connection.
"""

from __future__ import annotations

import socket
import sys
import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import uvicorn
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route

from backend.api import create_app
from backend.api.public.limits import RequestLimit
from backend.api.v1 import ApiSettings
from backend.api.v1.gate import Limits
from backend.api.v1.models.orders import OrderIn
from backend.bootstrap import open_mailer, open_store, shop_on
from backend.config import Settings
from backend.domain.api_keys import Scope
from backend.domain.connections import ShopKind
from backend.domain.team import COMMAND_LINE
from backend.services.api.request_rate import RatePolicy
from backend.services.api_keys.keys import create_key
from backend.services.connections.connections import add_connection
from backend.services.context import Shop

SECRET = "the secret of a connection for benchmarks"  # noqa: S105 - of nobody
_NO_LIMIT = 10_000_000


def api(folder: Path) -> tuple[FastAPI, str]:
    """The API of a new shop, and a key for it."""
    settings, shop = _opened(folder)
    key = create_key(shop, COMMAND_LINE, "Benchmark", [Scope.ORDERS_WRITE, Scope.CUSTOMERS_WRITE])
    limits = Limits(RequestLimit(_NO_LIMIT), RatePolicy(_NO_LIMIT), RequestLimit(_NO_LIMIT))
    v1 = ApiSettings(lambda: open_mailer(settings, shop), lambda: bytes(32), rate=RatePolicy(1_000_000), limits=limits)
    return create_app(lambda: shop, v1=v1), key.text


def webhooks(folder: Path) -> tuple[FastAPI, str]:
    """The door for webhooks of a new shop, without workers, and its connection."""
    _, shop = _opened(folder)
    added = add_connection(shop, COMMAND_LINE, bytes(32), ShopKind.WOOCOMMERCE, "shop.example.com", SECRET)
    return create_app(lambda: shop, connection_key=lambda: bytes(32)), added.id


def _opened(folder: Path) -> tuple[Settings, Shop]:
    settings = Settings(_env_file=None, data_dir=folder, store_url=f"sqlite:///{folder}/shop.db")
    store = open_store(settings.store_url)
    store.create_tables()
    return settings, shop_on(store, settings)


def bare(folder: Path) -> tuple[FastAPI, str]:
    """One route and one table."""
    engine = sa.create_engine(f"sqlite:///{folder}/bare.db")
    sa.event.listen(engine, "connect", _durable)
    table = sa.Table(
        "orders",
        sa.MetaData(),
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("customer", sa.String),
        sa.Column("total", sa.Integer),
        sa.Column("body", sa.JSON),
    )
    table.metadata.create_all(engine)
    app = FastAPI()

    @app.post("/v1/orders", status_code=201)
    def place(order: OrderIn) -> dict[str, int]:
        values = {"customer": order.customer_id, "total": order.shipping, "body": order.model_dump(mode="json")}
        with engine.begin() as connection:
            key = connection.execute(sa.insert(table).values(values)).inserted_primary_key
        return {"id": key[0] if key else 0}

    return app, ""


def _durable(connection: Any, _: object) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")


async def _processor(_: Request) -> JSONResponse:
    """The seconds of processor time that this process has used."""
    return JSONResponse(time.process_time())


def main(kind: str, folder: Path) -> None:
    app, key = {"api": api, "bare": bare, "webhooks": webhooks}[kind](folder)
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    print(listener.getsockname()[1], key, flush=True)  # noqa: T201 - whoever has started the server reads it
    whole = Starlette(routes=[Route("/processor", _processor), Mount("/api", app)])
    config = uvicorn.Config(whole, log_config=None, access_log=False, server_header=False)
    uvicorn.Server(config).run([listener])


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
