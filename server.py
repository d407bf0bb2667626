"""One process on one port: the dashboard, the HTTP API at /api, and the worker. `python server.py` runs it.

                 the front door (front_door/gate.py)
    browser ── / ─────────▶ Streamlit (streamlit_app.py, one thread per run)
    anybody ── /api ──────▶ FastAPI (customers' links, health)
    Prometheus ─ /metrics ▶ what the process has counted
                            worker threads, one for each duty (backend/workers/duties.py)

A platform with several processes runs `python server.py` in each: they share the store and need nothing else.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import socket
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

import streamlit as st
import uvicorn
from anyio import CapacityLimiter, move_on_after, to_thread
from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp

from backend import logs
from backend.api import create_app
from backend.api.v1 import ApiSettings
from backend.bootstrap import keep_files_private, open_connection_key, open_tokens
from backend.config import Settings, load_settings
from backend.deadlines import LONGEST_WAIT
from backend.domain.network import origin_of
from backend.email.links import Links
from backend.errors import BackendError, ConfigurationError
from backend.observability import sentry
from backend.observability.measures import MEASURES
from backend.observability.metrics import CONTENT_TYPE, Metrics, Sources, may_read
from backend.observability.rounds import Rounds
from backend.secret_file import cookie_key, derived
from backend.services.alerts.readings import gauges
from backend.services.api.request_rate import RatePolicy
from backend.services.context import Shop
from backend.services.events.consequences import EventPolicy
from backend.services.system.installation import version
from backend.services.team.first_admin import setup_code
from backend.services.team.members import demo_sign_ins
from backend.services.team.sessions import may_use_demo
from backend.workers import duties, loop
from front_door import security_txt
from front_door.gate import FrontDoor
from front_door.headers import SecurityHeaders
from front_door.members import Members
from front_door.rules import rules_of
from front_door.sockets import SOCKETS, Http, WebSocket, raise_file_limit
from front_door.uploads import Uploads
from front_door.visitors import VISITORS, caps_for
from pages.components.ui import cookie, navigation, shell

GRACE_SECONDS = 3
"""For open connections at the end. Workers are stopped before, and end meanwhile."""
_SCRIPT = Path(__file__).with_name("streamlit_app.py")
_SILENT = (
    "streamlit.error_util",  # logs each error of a page once more, without the incident number
    "streamlit.runtime.scriptrunner_utils.script_run_context",  # warns of what the start does outside a page
    "streamlit.runtime.caching.cache_data_api",  # the same
)


def main() -> int:
    """Serves until a signal ends it. Returns the exit code: 1 when the installation is wrong."""
    keep_files_private()
    try:
        settings = load_settings()
        stop = loop.Stop()
        app = build_app(settings, stop)
        logs.configure(settings, silent=_SILENT)
        listener = listen(settings)
        print(greeting(settings, shell.current_shop()), flush=True)  # noqa: T201 - people read it where they started the server
    except (ConfigurationError, BackendError) as error:
        print(error, file=sys.stderr)  # noqa: T201 - there may be no log yet
        return 1
    with contextlib.suppress(KeyboardInterrupt):  # uvicorn has ended in order, and repeats the signal
        _Server(uvicorn_config(app), stop, settings.drain_seconds).run([listener])
    return 0


class _Server(uvicorn.Server):
    """Stops the workers as soon as the process gets a signal to end, before it waits for open connections.

    For `drain_seconds` it goes on answering, while `/api/ready` says that it ends. A second signal ends it at once.
    """

    def __init__(self, config: uvicorn.Config, stop: loop.Stop, drain_seconds: float = 0.0) -> None:
        super().__init__(config)
        self._stop = stop
        self._drain_seconds = drain_seconds

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        at_once = self._stop.is_set() or not self._drain_seconds
        self._stop.set()
        if at_once:
            super().handle_exit(sig, frame)
            return
        drained = threading.Timer(self._drain_seconds, super().handle_exit, (sig, frame))
        drained.daemon = True
        drained.start()


def build_app(settings: Settings, stop: loop.Stop | None = None) -> st.App:
    """The ASGI application; nothing is opened before it starts. Workers end when `stop` is set, and with it."""
    rounds, stop = Rounds(), stop or loop.Stop()
    return st.App(
        _SCRIPT,
        routes=[
            Mount("/api", _api(settings, stop)),
            Route("/metrics", _metrics(settings, rounds)),
            security_txt.route(settings),
        ],
        middleware=[
            Middleware(SecurityHeaders, https=settings.public_url.startswith("https://")),
            _front_door(settings),
        ],
        lifespan=_lifespan(settings, rounds, stop),
        on_script_error=shell.show_error,
        secrets=oidc_secrets(settings),
    )


def _front_door(settings: Settings) -> Middleware:
    files = raise_file_limit()
    VISITORS.caps = caps_for(files)
    SOCKETS.total = 2 * VISITORS.caps.total
    cookie.server_sets_it()
    megabyte, largest = 1024 * 1024, st.get_option("server.maxUploadSize") + 1
    return Middleware(
        FrontDoor,
        rules_of(settings, st.get_option("server.allowedHosts")),
        Members(shell.current_shop, shell.policy, oidc=settings.auth_mode == "oidc"),
        Uploads(largest * megabyte, max(settings.uploads_mb, largest) * megabyte),
        trusted=settings.trusted_proxies,
    )


def _api(settings: Settings, stop: loop.Stop) -> FastAPI:
    return create_app(
        shell.current_shop,
        _links,
        trusted_proxies=settings.trusted_proxies,
        event_topics=settings.event_topics,
        event_policy=EventPolicy(settings.soft_bounce_limit),
        connection_key=partial(open_connection_key, settings),
        ending=stop.is_set,
        v1=ApiSettings(
            shell.mailer,
            lambda: shell.policy().key,
            settings.origins,
            RatePolicy(settings.api_requests),
            tokens=open_tokens(settings),
        ),
    )


def listen(settings: Settings) -> socket.socket:
    """The socket that people connect to; bound before the server says that it runs.

    Raises: `ConfigurationError` when the address or the port cannot be had.
    """
    ipv6 = ":" in settings.host
    try:
        listener = socket.create_server(
            (settings.host, settings.port),
            family=socket.AF_INET6 if ipv6 else socket.AF_INET,
            backlog=2048,
            dualstack_ipv6=settings.host == "::" and socket.has_dualstack_ipv6(),
        )
        # asyncio sets this itself only for sockets that name their protocol. Without it, each page waits 40 ms for the
        # browser's delayed acknowledgement of its first message.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listener
    except OSError as error:
        raise ConfigurationError(
            f"The server cannot listen on port {settings.port} of {settings.host}: {error.strerror or error}. "
            "Set PORT or HOST to another one, or end the program that has it."
        ) from error


def uvicorn_config(app: ASGIApp) -> uvicorn.Config:
    """The settings of uvicorn. It ignores X-Forwarded-For; TRUSTED_PROXIES decides about it where addresses matter."""
    return uvicorn.Config(
        app,
        # uvloop where there is one: a page is many small messages, and it writes those together that wait together.
        loop="auto",
        http=Http,
        ws=WebSocket,
        ws_per_message_deflate=True,
        ws_max_size=st.get_option("server.maxWidgetStateSize") * 1_000_000,
        ws_ping_interval=30,
        ws_ping_timeout=30,
        timeout_graceful_shutdown=GRACE_SECONDS,
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
    )


def oidc_secrets(settings: Settings) -> dict[str, Any] | None:
    """What Streamlit needs to know of the OpenID Connect provider.

    Raises: `ConfigurationError` when something is missing.
    """
    if settings.auth_mode != "oidc":
        return None
    given = {
        "OIDC_CLIENT_ID": ("client_id", settings.oidc_client_id),
        "OIDC_CLIENT_SECRET": ("client_secret", settings.oidc_client_secret.get_secret_value()),
        "OIDC_METADATA_URL": ("server_metadata_url", settings.oidc_metadata_url),
        "OIDC_REDIRECT_URI": ("redirect_uri", settings.oidc_redirect_uri),
    }
    missing = [setting for setting, (_, value) in given.items() if not value]
    if missing:
        raise ConfigurationError(f"AUTH_MODE=oidc needs {', '.join(missing)} too.")
    secret = derived(cookie_key(settings), "openid connect cookie").hex()
    return {"auth": {**dict(given.values()), "cookie_secret": secret}}


def greeting(settings: Settings, shop: Shop) -> str:
    """Where the dashboard is, and how to sign in."""
    lines = [f"Tillpost serves {shop.name} at http://{_shown(settings.host)}:{settings.port}"]
    code = setup_code(shop, shell.policy())
    if code is not None:
        lines.append(f"Nobody is in the team yet. Create the first admin there with the set-up code {code}")
    if settings.auth_mode == "password" and may_use_demo(shop, shell.policy()):
        lines.append("Demo sign-ins (on this machine only):")
        lines += [f"  {role.value:<9} {name:<15} {password}" for name, password, role in demo_sign_ins()]
    return "\n".join(lines)


def _shown(host: str) -> str:
    if host in ("0.0.0.0", "::"):  # noqa: S104 - the configured host is shown, not bound
        return "localhost"
    return f"[{host}]" if ":" in host else host


def _metrics(settings: Settings, rounds: Rounds) -> Callable[[Request], Awaitable[Response]]:
    """What Prometheus reads, for requests with the token or from this machine."""
    made: list[Metrics] = []
    token, proxies = settings.metrics_token.get_secret_value(), settings.trusted_proxies

    looks = CapacityLimiter(2)

    async def metrics(request: Request) -> Response:
        """In threads of its own, so that it answers while those of the server are busy."""
        with move_on_after(LONGEST_WAIT - 1):
            return await to_thread.run_sync(answer, request, limiter=looks, abandon_on_cancel=True)
        return PlainTextResponse("The metrics could not be read in time.\n", status_code=503)

    def answer(request: Request) -> Response:
        origin = origin_of(request.client.host if request.client else "", request.headers.items(), proxies)
        if not may_read(token, request.headers.get("authorization", ""), origin):
            return PlainTextResponse("Not for you: see METRICS_TOKEN.\n", status_code=403)
        if not made:  # the store is opened by the first request, and not when the application is built
            sources = Sources(
                MEASURES,
                rounds,
                shell.meter(),
                lambda: gauges(shell.current_shop()),
                version(),
                "server",
                shell.current_shop().clock,
            )
            made.append(Metrics(sources))
        return Response(made[0].text(), media_type=CONTENT_TYPE)

    return metrics


def _lifespan(
    settings: Settings, rounds: Rounds, stop: loop.Stop
) -> Callable[[st.App], AbstractAsyncContextManager[dict[str, Any] | None]]:
    @asynccontextmanager
    async def lifespan(app: st.App) -> AsyncIterator[dict[str, Any] | None]:
        logs.configure(settings, silent=_SILENT)  # uvicorn and Streamlit have set up their own by now
        sentry.start(settings, version())
        _import_pages_code()
        navigation.make_known()
        place = loop.Workplace(shell.current_shop(), shell.mailer(), settings, "server", shell.meter(), rounds)
        workers = loop.start(place, stop, duties.DUTIES)
        # What is loaded now stays; without it, each collection costs more than most runs of a page.
        gc.collect()
        gc.freeze()
        yield None
        stop.set()
        loop.end(workers, stop, settings.shutdown_seconds)
        shell.current_shop().store.close()
        sentry.stop()

    return lifespan


def _links() -> Links:
    return shell.mailer().links


def _import_pages_code() -> None:
    """Loads now what pages would otherwise load while the first person waits.

    Not before Streamlit runs: components of libraries announce themselves when they are imported.
    """
    for module in sorted(Path(__file__).with_name("pages").joinpath("components").glob("[a-z]*.py")):
        importlib.import_module(f"pages.components.{module.stem}")


if __name__ == "__main__":
    sys.exit(main())
