"""Makes the public pages, and the headers that keep them quiet: no scripts, no frames, no caches, no search engines."""

from __future__ import annotations

import secrets
from functools import lru_cache
from pathlib import Path

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from backend.domain.shop import ShopFacts
from backend.email.rendering.context import shop_view

_QUIET = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
    "X-Frame-Options": "DENY",
}


@lru_cache(maxsize=1)
def _environment() -> Environment:
    loader = FileSystemLoader(Path(__file__).with_name("pages"))
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


def page(name: str, facts: ShopFacts, *, status: int = 200, **values: object) -> HTMLResponse:
    """One of the pages in `pages/`, in the shop's look. `title` is a heading; values are shown as text."""
    nonce = secrets.token_urlsafe(12)
    defaults: dict[str, object] = {"sentences": [], "link": None, "notice": ""}
    html = _environment().get_template(name).render({**defaults, **values, "shop": shop_view(facts), "nonce": nonce})
    policy = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    return HTMLResponse(html, status, {**_QUIET, "Content-Security-Policy": policy})


def email_page(html: str) -> HTMLResponse:
    """An email in the browser: its own styles and pictures over https, and nothing that runs."""
    policy = (
        "default-src 'none'; style-src 'unsafe-inline'; img-src https: data:; font-src https:; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'; sandbox allow-popups allow-popups-to-escape-sandbox"
    )
    return HTMLResponse(html, headers={**_QUIET, "Content-Security-Policy": policy})
