"""The check of the sender's domain: all that receivers look at, looked up at once, and kept for the next look."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from email.utils import parseaddr
from functools import partial

from backend.deadlines import DeadlineError, within
from backend.domain.deliverability import Level
from backend.domain.sender_domain import DomainReport, Finding, Identity, Subject, clean_domain
from backend.domain.team import Actor, Permission
from backend.email.dns import Lookup
from backend.email.links import Links
from backend.email.transports.protocol import AccountUnknownError
from backend.email.web import Web
from backend.errors import InvalidInputError
from backend.records.domain_reports import report_from, report_item
from backend.services.context import Shop
from backend.services.deliverability.dkim import check_selectors, check_ses_dkim
from backend.services.deliverability.dmarc import check_alignment, check_dmarc, stand_of
from backend.services.deliverability.mail_from import check_mail_from
from backend.services.deliverability.one_click import check_one_click
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
    """Checks a domain as the sender of this shop's mail. `selectors` name DKIM keys where SES does not tell them.

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
        standing = pool.submit(stand_of, lookup, domain)
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
        stands = standing.result()
        aligned = check_alignment(lookup, domain, stands, signed_by=signed_by, mail_from=return_path)
        found = [spf.result(), dkim.result(), check_dmarc(stands, domain), aligned]
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
