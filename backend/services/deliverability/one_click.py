"""One-click unsubscribe: whether mail programs reach the address that marketing mail names for it (RFC 8058)."""

from __future__ import annotations

from urllib.parse import urlsplit

from backend.domain.deliverability import Level
from backend.domain.sender_domain import Finding, Subject
from backend.email.links import Links, Purpose, Target
from backend.email.web import Unreached, Web

_NOBODY = Target("NOBODY", "NOBODY-domain-check")
"""A customer who does not exist: whoever unsubscribes them changes nothing."""
_ONE_CLICK = {"List-Unsubscribe": "One-Click"}
_SETTING = "Set PUBLIC_URL to the address under which customers reach this server, beginning with https://."


def check_one_click(web: Web, links: Links) -> Finding:
    """Unsubscribes a customer who does not exist, as a mail program would: a POST without cookies or redirects."""
    base = urlsplit(links.base_url)
    if base.scheme != "https":
        return _wrong(f"PUBLIC_URL is {links.base_url}. Mail programs unsubscribe by HTTPS only.", _SETTING)
    health = web.ask(f"{links.base_url}/api/health")
    if isinstance(health, Unreached):
        return _wrong(f"{links.base_url} {health.why}.", _SETTING)
    if health.status != 200:
        return _wrong(f"{links.base_url} answers, but not as Tillpost (HTTP {health.status}).", _SETTING)
    answer = web.ask(links.url(Purpose.UNSUBSCRIBE, _NOBODY), _ONE_CLICK)
    if isinstance(answer, Unreached):
        return _wrong(f"The unsubscribe link {answer.why}.", "Look whether a firewall lets POST requests through.")
    if 300 <= answer.status < 400:
        return _wrong(
            "The unsubscribe link is redirected, which RFC 8058 forbids.", "Set PUBLIC_URL to where the redirect leads."
        )
    if answer.status != 200:
        return _wrong(
            f"The unsubscribe link answers with HTTP {answer.status}.",
            "Look whether all servers of this shop have the same COOKIE_KEY, and whether something stands before them.",
        )
    return Finding(Subject.ONE_CLICK, Level.GOOD, f"A press of “unsubscribe” reaches {base.hostname}.")


def _wrong(sentence: str, advice: str) -> Finding:
    return Finding(Subject.ONE_CLICK, Level.WATCH, sentence, advice)
