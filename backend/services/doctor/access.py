"""Who gets in: secrets, the address that people use, the proxy before the server, who can sign in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network

from backend.domain.health import OF_STATE, Diagnosis, Verdict
from backend.domain.team import COMMAND_LINE
from backend.email.web import Reached
from backend.errors import ConfigurationError
from backend.secret_file import FILE_NAME, cookie_key, seal_key
from backend.services.audit import seals
from backend.services.demo.shop import is_demo
from backend.services.doctor.installation import Installation
from backend.services.first_steps import checklist
from backend.services.system import health
from backend.services.team.members import team_is_empty

FEWEST_SIGNS = 10
"""A random key of 32 characters has fewer different ones once in many millions."""
_LOOKED_BACK = timedelta(days=31)
_SHORTEST_TOKEN = 20
_NEW_KEY = "python -c 'import secrets; print(secrets.token_urlsafe(48))'"


def secrets(installation: Installation) -> list[Diagnosis]:
    """Whether the secrets are there and hard to guess. None of them is shown."""
    wrong = list(_weak_secrets(installation))
    return wrong or [Diagnosis("Secrets", Verdict.OK, "They are there and long enough.")]


def _weak_secrets(installation: Installation) -> Iterator[Diagnosis]:
    settings = installation.settings
    key, token = settings.cookie_key.get_secret_value(), settings.metrics_token.get_secret_value()
    fix = f"Set COOKIE_KEY to what {_NEW_KEY} prints; it ends all sessions."
    try:
        if key or (settings.data_dir / FILE_NAME).exists():  # asking makes the file
            cookie_key(settings)
    except ConfigurationError as error:
        yield Diagnosis("Secrets", Verdict.FAIL, str(error), fix)
    if key and len(set(key)) < FEWEST_SIGNS:
        yield Diagnosis("Secrets", Verdict.FAIL, "COOKIE_KEY is easy to guess.", fix)
    if not key and installation.store_file is None:
        found = f"There is no COOKIE_KEY; each server makes its own in {FILE_NAME}."
        fix = f"Set COOKIE_KEY to what {_NEW_KEY} prints, the same for all servers and workers."
        yield Diagnosis("Secrets", Verdict.WARN, found, fix)
    if 0 < len(token) < _SHORTEST_TOKEN:
        fix = f"Set METRICS_TOKEN to what {_NEW_KEY} prints, and give it to Prometheus."
        yield Diagnosis("Secrets", Verdict.WARN, "METRICS_TOKEN is short enough to be guessed.", fix)
    if settings.auth_mode == "oidc" and not settings.oidc_client_secret.get_secret_value():
        fix = "Set OIDC_CLIENT_SECRET to what the provider gave you."
        yield Diagnosis("Secrets", Verdict.FAIL, "AUTH_MODE=oidc lacks OIDC_CLIENT_SECRET.", fix)


def address(installation: Installation) -> list[Diagnosis]:
    """Whether people reach the server under PUBLIC_URL, by HTTPS."""
    url = installation.settings.public_url
    if not installation.is_public:
        verdict = Verdict.FAIL if installation.sends else Verdict.WARN
        fix = "Set PUBLIC_URL to the https address that people use; links in emails begin with it."
        return [Diagnosis("Address", verdict, "PUBLIC_URL leads to this machine only.", fix)]
    if not url.startswith("https://"):
        fix = "Put HTTPS in front (infra/box/Caddyfile does it), and let PUBLIC_URL begin with https://."
        return [Diagnosis("Address", Verdict.FAIL, "PUBLIC_URL is not https: passwords travel in the open.", fix)]
    answer = installation.probe.web.ask(f"{url}/api/health")
    if isinstance(answer, Reached) and answer.status == 200:
        return [Diagnosis("Address", Verdict.OK, f"{url} answers, and its certificate is valid.")]
    why = f"it answered {answer.status}" if isinstance(answer, Reached) else answer.why
    fix = "See that its name leads to this machine, ports 80 and 443 are open, and the proxy runs."
    return [Diagnosis("Address", Verdict.WARN, f"{url}/api/health could not be read from here: {why}.", fix)]


def proxy(installation: Installation) -> list[Diagnosis]:
    """Whether the addresses of visitors can be distinguished, and nobody can choose theirs."""
    settings = installation.settings
    if any(not network.prefixlen for network in _trusted(settings.trusted_proxies)):
        fix = "Name only the addresses of your own proxies in TRUSTED_PROXIES."
        return [Diagnosis("Proxy", Verdict.FAIL, "TRUSTED_PROXIES believes everybody's X-Forwarded-For.", fix)]
    seen = health.check_proxy(installation.system)
    verdict = OF_STATE[seen.state]
    if verdict is Verdict.OK and not settings.trusted_proxies and settings.public_url.startswith("https://"):
        found = "PUBLIC_URL is https, which a proxy has to do, and TRUSTED_PROXIES names none."
        fix = "Set TRUSTED_PROXIES to the proxy's address, such as 127.0.0.1,::1 for Caddy on this machine."
        return [Diagnosis("Proxy", Verdict.WARN, found, fix)]
    return [Diagnosis("Proxy", verdict, seen.found, seen.advice)]


def first_steps(installation: Installation) -> list[Diagnosis]:
    """What the shop itself has not done yet; the Overview leads through the same list."""
    steps = checklist.first_steps(installation.shop, COMMAND_LINE, installation.mailer.sender)
    left = [state for state in steps if not state.done]
    if not left:
        return [Diagnosis("First steps", Verdict.OK, "All are done.")]
    names = ", ".join(state.step.value for state in left)
    found = f"{len(steps) - len(left)} of {len(steps)} are done. Not yet: {names}."
    verdict = Verdict.WARN if installation.sends else Verdict.OK
    return [Diagnosis("First steps", verdict, found, "Take them on the Overview, signed in as an admin.")]


def audit_log(installation: Installation) -> list[Diagnosis]:
    """Whether the audit log of the last month is as it was sealed."""
    since = (installation.shop.clock() - _LOOKED_BACK).date().isoformat()
    found = seals.verify(installation.shop, COMMAND_LINE, seal_key(installation.settings), since=since)
    if found.faults:
        fix = "Find out who writes to the store beside Tillpost. python -m backend audit verify lists all."
        return [Diagnosis("Audit log", Verdict.FAIL, " ".join(found.faults[:3]), fix)]
    return [Diagnosis("Audit log", Verdict.OK, found.sentence)]


def _trusted(text: str) -> Iterator[IPv4Network | IPv6Network]:
    for part in filter(None, (part.strip() for part in text.split(","))):
        yield ip_network(part, strict=False)


def sign_ins(installation: Installation) -> list[Diagnosis]:
    """Whether somebody can sign in, and nobody by a password that everybody knows."""
    if is_demo(installation.shop) and (installation.is_public or installation.sends):
        found = "The demo shop, whose passwords everybody knows, is still in the store."
        return [Diagnosis("Sign-ins", Verdict.FAIL, found, "Remove it: python -m backend seed --remove.")]
    if team_is_empty(installation.shop):
        fix = "Create the first admin with the set-up code in the server's log, or with python -m backend user add."
        return [Diagnosis("Sign-ins", Verdict.WARN, "Nobody is in the team yet.", fix)]
    return [Diagnosis("Sign-ins", Verdict.OK, "There is a team, and no public password works from elsewhere.")]
