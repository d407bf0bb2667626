"""The routes behind the links of emails. GET only shows (mail scanners follow links); POST decides.

One-click unsubscribing is a POST to the same address, as mail programs send it (RFC 8058).
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from urllib.parse import parse_qs

from babel.dates import format_date
from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from loguru import logger

from backend.api.public.limits import LinkLimit
from backend.domain.eligibility import TOPICS
from backend.domain.network import Origin
from backend.domain.shop import ShopFacts
from backend.email.links import LinkProblem, Links, Purpose, Target
from backend.email.rendering.context import shop_view
from backend.errors import BackendError
from backend.services.context import Shop
from backend.services.customers.preferences import pause
from backend.services.sending import email_choices, ledger
from backend.services.sending.composition import email_of
from backend.services.shop_settings import get_shop_facts
from backend.services.system.checks import note_origin

_LARGEST_FORM = 8 * 1024


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request brings beside its link: the fields of a form, and the address that it comes from."""

    form: dict[str, list[str]]
    ip: str = field(repr=False)


Handler = Callable[[Target, Asked], Response]


class PublicPages:
    """The handlers, for one shop. `origin` says where a request comes from."""

    def __init__(self, shop: Shop, links: Links, limit: LinkLimit, origin: Callable[[Request], Origin]) -> None:
        self._shop, self._links, self._limit, self._origin = shop, links, limit, origin

    async def answer(self, request: Request, purpose: Purpose, token: str, handler: Handler) -> Response:
        """Runs the handler for a good link within the limit; every problem becomes a page that explains itself."""
        target, origin = self._links.read(purpose, token), self._origin(request)
        if not self._limit.allows(target, origin.address):
            return await run_in_threadpool(self._busy)
        form = await _form(request)
        return await run_in_threadpool(self._decided, target, origin, form, handler)

    def _busy(self) -> Response:
        busy = self._message("Too many requests", "Please wait a minute, then open the link again.", status=429)
        busy.headers["Retry-After"] = str(self._limit.retry_after)
        return busy

    def _decided(
        self, target: Target | LinkProblem, origin: Origin, form: dict[str, list[str]], handler: Handler
    ) -> Response:
        note_origin(self._shop, origin)
        if isinstance(target, LinkProblem):
            return self._message(
                "This link does not work", target.value, status=404 if target is LinkProblem.WRONG else 410
            )
        try:
            return handler(target, Asked(form, origin.address))
        except BackendError as error:
            logger.info("A public page could not be shown: {}", type(error).__name__)
            return self._message("This does not work now", "Please try again later, or write to us.", status=503)

    # --- what is behind the links --------------------------------------------------------------------------------

    def ask_unsubscribe(self, target: Target, _asked: Asked) -> Response:
        sentence = "You will get no marketing mail from us any more. Mail about your orders still reaches you."
        return self._page("confirm.html", title="Unsubscribe?", sentences=[sentence], button="Unsubscribe")

    def unsubscribe(self, target: Target, asked: Asked) -> Response:
        email_choices.unsubscribe(self._shop, target, ip=asked.ip)
        link = {"url": self._links.url(Purpose.PREFERENCES, target), "text": "Changed your mind?"}
        return self._message("You are unsubscribed", "You get no marketing mail from us any more.", link=link)

    def preferences(self, target: Target, asked: Asked) -> Response:
        notice = self._changed(target, asked)
        choices = email_choices.choices_of(self._shop, target)
        until = choices.preferences.paused_until if choices.preferences.paused(self._shop.clock()) else None
        return self._page(
            "preferences.html",
            title="What may we write to you?",
            notice=notice,
            subscribed=choices.subscribed,
            may_grant=choices.may_grant,
            topics=[
                {"name": name, "label": label, "wanted": choices.preferences.wants(name)}
                for name, label in TOPICS.items()
            ],
            paused_until=format_date(until.astimezone(self._shop.zone), locale=self._shop.locale) if until else "",
        )

    def _changed(self, target: Target, asked: Asked) -> str:
        form, action = asked.form, asked.form.get("action", [""])[0]
        if action == "topics":
            return _notice(email_choices.choose_topics(self._shop, target, form.get("topic", [])), "Saved.")
        if action == "pause":
            pause(self._shop, target.customer_id)
            return "We pause for 30 days."
        if action == "resume":
            return _notice(email_choices.end_pause(self._shop, target), "The pause is over.")
        if action == "unsubscribe":
            email_choices.unsubscribe(self._shop, target, ip=asked.ip)
            return "You are unsubscribed."
        if action == "subscribe":
            return _notice(email_choices.subscribe(self._shop, target, ip=asked.ip), "Welcome back.")
        return ""

    def ask_verify(self, target: Target, _asked: Asked) -> Response:
        sentences = [email_choices.VERIFY_TEXT]
        return self._page("confirm.html", title="Is this you?", sentences=sentences, button="Yes, confirm")

    def verify(self, target: Target, asked: Asked) -> Response:
        outcome = email_choices.verify_address(self._shop, target, ip=asked.ip)
        done = outcome is email_choices.Granted.DONE
        return self._message("Confirmed" if done else "Not confirmed", outcome.value, status=200 if done else 409)

    def view(self, target: Target, _asked: Asked) -> Response:
        message = ledger.get_message(self._shop, target.message_id)
        return email_page(email_of(self._shop, message).html)

    # --- pages ---------------------------------------------------------------------------------------------------

    def _message(self, title: str, sentence: str, *, status: int = 200, link: dict[str, str] | None = None) -> Response:
        return self._page("message.html", status=status, title=title, sentences=[sentence], link=link)

    def _page(self, name: str, *, status: int = 200, **values: object) -> Response:
        return page(name, self._facts(), status=status, **values)

    def _facts(self) -> ShopFacts:
        try:
            return get_shop_facts(self._shop)
        except BackendError:
            return ShopFacts(self._shop.name, self._shop.currency, self._shop.locale, str(self._shop.zone))


def public_router(pages: Callable[[], PublicPages]) -> APIRouter:
    """The routes; `pages` is called at each request, so that nothing is opened before."""
    router = APIRouter(prefix="/mail")

    def add(purpose: Purpose, method: str, handler: Callable[[PublicPages], Handler]) -> None:
        async def endpoint(request: Request, token: str) -> Response:
            serving = pages()
            return await serving.answer(request, purpose, token, handler(serving))

        route: Callable[[Request, str], Awaitable[Response]] = endpoint
        router.add_api_route(f"/{purpose.value}/{{token}}", route, methods=[method], response_model=None)

    add(Purpose.UNSUBSCRIBE, "GET", lambda serving: serving.ask_unsubscribe)
    add(Purpose.UNSUBSCRIBE, "POST", lambda serving: serving.unsubscribe)
    add(Purpose.PREFERENCES, "GET", lambda serving: serving.preferences)
    add(Purpose.PREFERENCES, "POST", lambda serving: serving.preferences)
    add(Purpose.VERIFY, "GET", lambda serving: serving.ask_verify)
    add(Purpose.VERIFY, "POST", lambda serving: serving.verify)
    add(Purpose.VIEW, "GET", lambda serving: serving.view)
    return router


def _notice(outcome: email_choices.Granted, done: str) -> str:
    return done if outcome is email_choices.Granted.DONE else outcome.value


async def _form(request: Request) -> dict[str, list[str]]:
    """The fields of a small form; anything else counts as an empty one."""
    if request.method != "POST":
        return {}
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LARGEST_FORM:
            return {}
    try:
        return parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=50)
    except ValueError:
        return {}


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
