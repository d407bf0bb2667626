"""The check of the sender's domain: all that receivers look at, looked up at once, and kept for the next look."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from email.utils import parseaddr
from functools import partial
from urllib.parse import urlsplit

from backend.deadlines import DeadlineError, within
from backend.domain.deliverability import Level
from backend.domain.sender_domain import (
    SES_SPF,
    SPF_VERSION,
    DnsRecord,
    DomainReport,
    Finding,
    Identity,
    Subject,
    clean_domain,
    spf_records,
)
from backend.domain.team import Actor, Permission
from backend.email.dns import Lookup, RecordKind
from backend.email.links import Links, Purpose, Target
from backend.email.transports.protocol import AccountUnknownError
from backend.email.web import Unreached, Web
from backend.errors import InvalidInputError
from backend.records.system import report_from, report_item
from backend.services.context import Shop
from backend.services.deliverability.dkim import check_selectors, check_ses_dkim
from backend.services.deliverability.dmarc import check_alignment, check_dmarc, dmarc_state_of
from backend.services.deliverability.spf import check_spf
from backend.services.shop_settings import get_shop_facts
from backend.services.unreadable.items import read_one
from backend.store import schema
from backend.store.port import Put

_REPORT = "domain-check"
MOST_SELECTORS = 5
IDENTITY_SECONDS = 5.0
"""How long SES may take to say what it knows of the domain and those above it: a person waits."""


@dataclass(frozen=True, slots=True)
class Probe:
    """With what the world is looked at. `lookup` makes a fresh one for each check, with its own time.

    `identity` asks SES for a domain; None where mail does not go out through SES.
    """

    lookup: Callable[[], Lookup]
    web: Web
    links: Links
    sender: str
    identity: Callable[[str], Identity | None] | None = None


def sender_domain(shop: Shop, probe: Probe) -> str:
    """The domain that emails come from now."""
    address = get_shop_facts(shop).sender_address or probe.sender
    return clean_domain(parseaddr(address)[1])


def last_report(shop: Shop) -> DomainReport | None:
    """The report that was kept last; None before the first one, or where it cannot be read."""
    return read_one(shop, schema.meta_key(_REPORT), lambda _, item: report_from(item))


def check_sender(shop: Shop, actor: Actor, probe: Probe, selectors: Sequence[str] = ()) -> DomainReport:
    """Checks the domain that emails come from, and keeps the report. Takes a few seconds.

    Raises: `PermissionDeniedError`, `InvalidInputError`.
    """
    actor.require(Permission.VIEW_EMAIL)
    report = check_domain(shop, probe, sender_domain(shop, probe), selectors)
    shop.store.put(Put(schema.meta_key(_REPORT), report_item(report)))
    return report


def check_domain(shop: Shop, probe: Probe, domain: str, selectors: Sequence[str] = ()) -> DomainReport:
    """Checks a domain as the sender of this shop's mail. `selectors` name DKIM keys where SES does not name them.

    Raises: `InvalidInputError` for what is no domain, and for too many selectors.
    """
    name = checked_domain(domain)
    if len(selectors) > MOST_SELECTORS:
        raise InvalidInputError(f"Name {MOST_SELECTORS} selectors at most.", "selector")
    return DomainReport(name, shop.clock(), _findings(probe, name, [checked_selector(each) for each in selectors]))


def checked_domain(text: str) -> str:
    """Raises: `InvalidInputError` for what is no domain."""
    domain = clean_domain(text)
    labels = domain.split(".")
    if len(domain) > 253 or len(labels) < 2 or not all(_is_label(label) for label in labels):
        raise InvalidInputError(f"“{text.strip()[:60]}” is not a domain such as example.com.", "domain")
    return domain


def checked_selector(text: str) -> str:
    """Raises: `InvalidInputError` for what is no name of a DKIM key."""
    selector = text.strip().lower().removesuffix("._domainkey")
    if not all(_is_label(label) for label in selector.split(".")):
        raise InvalidInputError(f"“{text.strip()[:60]}” is not a DKIM selector such as s1.", "selector")
    return selector


def _is_label(label: str) -> bool:
    return 0 < len(label) < 64 and all(sign.isalnum() or sign in "-_" for sign in label)


def _findings(probe: Probe, domain: str, selectors: list[str]) -> tuple[Finding, ...]:
    """All checks at the same time; those about DKIM and alignment need to know what SES knows."""
    lookup = probe.lookup()
    with ThreadPoolExecutor(5, "domain-check") as pool:
        one_click = pool.submit(check_one_click, probe.web, probe.links)
        spf = pool.submit(check_spf, lookup, domain, uses_ses=probe.identity is not None)
        dmarc = pool.submit(dmarc_state_of, lookup, domain)
        identity = _identity(probe, domain)
        if isinstance(identity, Identity):
            dkim = pool.submit(check_ses_dkim, lookup, identity)
            mail_from = [pool.submit(check_mail_from, lookup, identity)]
        elif identity is None:
            dkim, mail_from = pool.submit(check_selectors, lookup, domain, selectors), []
        else:
            dkim, mail_from = pool.submit(lambda: identity), []
        signed_by = identity.domain if isinstance(identity, Identity) and identity.dkim_tokens else ""
        return_path = identity.mail_from if isinstance(identity, Identity) else ""
        state = dmarc.result()
        aligned = check_alignment(lookup, domain, state, signed_by=signed_by, mail_from=return_path)
        found = [spf.result(), dkim.result(), check_dmarc(state, domain), aligned]
        return (*found, *(each.result() for each in mail_from), one_click.result())


def _identity(probe: Probe, domain: str) -> Identity | Finding | None:
    """What SES knows of the domain; a finding when it does not know it or does not say; None without SES."""
    if probe.identity is None:
        return None
    try:
        found = within(IDENTITY_SECONDS, "SES", partial(probe.identity, domain))
    except (AccountUnknownError, DeadlineError) as error:
        return Finding(Subject.DKIM, Level.UNKNOWN, error.sentence)
    return found or Finding(
        Subject.DKIM,
        Level.BAD,
        f"SES does not know {domain}, so it cannot sign its mail.",
        "Add the domain as an identity in the SES console, with Easy DKIM; then check again for its records.",
    )


# --- MAIL FROM: the return path, to which bounces go -------------------------------------------------------------


_SUGGESTED = "bounce"


def check_mail_from(lookup: Lookup, identity: Identity) -> Finding:
    """Whether the return path is a domain of the shop's, with the records that SES needs.

    AWS, "Using a custom MAIL FROM domain": exactly one MX record, to the region's feedback server, and an SPF record.
    """
    name = identity.mail_from or f"{_SUGGESTED}.{identity.domain}"
    server = f"feedback-smtp.{identity.region}.amazonses.com"
    mx, spf = DnsRecord("MX", name, f"10 {server}"), DnsRecord("TXT", name, f"{SPF_VERSION} {SES_SPF} ~all")
    if not identity.mail_from:
        return Finding(
            Subject.MAIL_FROM,
            Level.GOOD,
            "Bounces go to a domain of SES, which works. A domain of your own would put SPF in line as well.",
            f"To have it, set {name} as custom MAIL FROM domain of the identity in the SES console, and publish these.",
            (mx, spf),
        )
    servers, texts = lookup.look_up(name, RecordKind.MX), lookup.look_up(name, RecordKind.TXT)
    if any(each.absence is not None and not each.absence.is_certain for each in (servers, texts)):
        return Finding(Subject.MAIL_FROM, Level.UNKNOWN, f"{name} could not be looked up.", "Try again in a while.")
    names = [value.partition(" ")[2] for value in servers.values]
    records = spf_records(texts.values)
    missing: tuple[DnsRecord, ...] = () if names == [server] else (mx,)
    missing += () if len(records) == 1 and SES_SPF in records[0].lower() else (spf,)
    found = (*servers.values, *records)
    if not missing:
        return Finding(Subject.MAIL_FROM, Level.GOOD, f"Bounces go to {name}, as SES needs it.", found=found)
    others = " It has other mail servers besides; there must be this one only." if len(names) > 1 else ""
    return Finding(
        Subject.MAIL_FROM,
        Level.WATCH,
        f"{name} is not set up as SES needs it.{others}",
        "Publish these in place of what is there. Until then SES uses a domain of its own, or refuses to send.",
        missing,
        found,
    )


# --- One-click unsubscribe (RFC 8058) ----------------------------------------------------------------------------


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
            "Check that all servers of this shop have the same COOKIE_KEY, and what is in front of them.",
        )
    return Finding(Subject.ONE_CLICK, Level.GOOD, f"A press of “unsubscribe” reaches {base.hostname}.")


def _wrong(sentence: str, advice: str) -> Finding:
    return Finding(Subject.ONE_CLICK, Level.WATCH, sentence, advice)
