"""An email that tries everything, in a real browser: nothing of it runs, nothing is fetched, and it cannot get out."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from pages.components.templates.email_frame import DESKTOP, Scheme, document

OUTER = "allow-scripts allow-same-origin allow-forms allow-popups allow-modals allow-top-navigation-by-user-activation"
"""What Streamlit allows its own frame, and more."""


@contextmanager
def elsewhere() -> Iterator[tuple[str, list[str]]]:
    """A server on the loopback interface, and the paths that it was asked for."""
    asked: list[str] = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def hostile(url: str) -> str:
    return f"""<!doctype html><html><head><meta http-equiv="refresh" content="1;url={url}/refresh">
<script>top.document.title = "taken"; fetch("{url}/script")</script><script src="{url}/source"></script>
<link rel="stylesheet" href="{url}/style"><style>@import url({url}/import); body {{ background: url({url}/back) }}
@font-face {{ font-family: x; src: url({url}/font) }} p {{ font-family: x }}</style></head>
<body onload="fetch('{url}/onload')"><p>Hello</p><img src="{url}/picture" onerror="fetch('{url}/onerror')">
<iframe src="{url}/frame"></iframe><object data="{url}/object"></object><video src="{url}/video" autoplay></video>
<form action="{url}/form"><button id="form">go</button></form><a id="top" target="_top" href="{url}/top">top</a>
<a id="new" target="_blank" href="{url}/new">new</a><a id="code" href="javascript:fetch('{url}/code')">code</a>
<a id="plain" href="{url}/plain">plain</a>"></iframe><script>fetch("{url}/escape")</script></body></html>"""


def shown(chromium: Any, page: str) -> Any:
    """A window in which a frame like Streamlit's shows the page."""
    window = chromium.new_page()
    window.set_content(
        f'<title>Dashboard</title><iframe id="outer" width="700" height="700" sandbox="{OUTER}"></iframe>'
    )
    window.evaluate("page => { document.getElementById('outer').srcdoc = page }", page)
    window.wait_for_timeout(2_000)
    return window


def test_the_email_would_act_without_our_frame(chromium: Any) -> None:
    with elsewhere() as (url, asked), closing(shown(chromium, hostile(url))) as window:
        assert window.title() == "taken"
        assert {"/script", "/picture", "/frame"} <= set(asked)


@pytest.mark.parametrize("remote", [False, True])
def test_in_our_frame_nothing_runs_nothing_is_fetched_and_clicks_lead_nowhere(chromium: Any, remote: bool) -> None:
    with elsewhere() as (url, asked):
        page = document(hostile(url), "label", width=DESKTOP, scheme=Scheme.LIGHT, remote=remote)
        with closing(shown(chromium, page)) as window:
            (inner,) = [frame for frame in window.frames if frame.parent_frame == window.frames[1]]
            assert inner.get_by_text("Hello").is_visible()
            for name in ("form", "top", "new", "code", "plain"):
                inner.locator(f"#{name}").click(force=True)
            window.wait_for_timeout(500)
            assert window.title() == "Dashboard"
            assert window.url == "about:blank"
            assert len(window.context.pages) == 1
            assert inner.get_by_text("Hello").is_visible()
        assert asked == []
