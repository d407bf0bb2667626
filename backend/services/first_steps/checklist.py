"""The first steps of a new shop, each with its state. The Overview shows them, and the doctor speaks of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import parseaddr
from enum import StrEnum

from backend.domain.deliverability import Level
from backend.domain.sender_domain import clean_domain
from backend.domain.team import Actor, Permission
from backend.services.context import Shop
from backend.services.deliverability.domain import last_report
from backend.services.shop_settings import get_shop_facts
from backend.services.statistics.overview import first_day
from backend.services.team.members import members_of
from backend.services.triggers.active import all_automations

UNNAMED = "My shop"
"""What a shop is called until somebody names it (SHOP_NAME)."""


class Step(StrEnum):
    """A step, in the order in which people take them."""

    NAME = "name"
    LOGO = "logo"
    POSTAL_ADDRESS = "postal address"
    CURRENCY = "currency and time zone"
    SENDER = "sender"
    DOMAIN = "domain"
    IMPORT = "import"
    INVITE = "invite"
    AUTOMATIONS = "automations"


PERMISSIONS: dict[Step, Permission | None] = {
    Step.NAME: Permission.EDIT_SHOP,
    Step.LOGO: Permission.EDIT_SHOP,
    Step.POSTAL_ADDRESS: Permission.EDIT_SHOP,
    Step.CURRENCY: None,
    Step.SENDER: Permission.EDIT_SHOP,
    Step.DOMAIN: Permission.VIEW_EMAIL,
    Step.IMPORT: Permission.IMPORT_DATA,
    Step.INVITE: Permission.MANAGE_TEAM,
    Step.AUTOMATIONS: Permission.EDIT_AUTOMATIONS,
}
"""What one needs to take the step; nobody takes one that needs nothing, it is only to be known."""


@dataclass(frozen=True, slots=True)
class StepState:
    """Whether a step is done, and in one sentence what was found or why it matters."""

    step: Step
    done: bool
    found: str


def first_steps(shop: Shop, actor: Actor, sender: str) -> list[StepState]:
    """All steps with their state. `sender` is the address that the settings give, as `Name <address>`.

    Costs about ten reads, and one for each year without orders.

    Raises: `PermissionDeniedError`.
    """
    actor.require(Permission.EDIT_SHOP)
    return list(_states(shop, sender))


def may_take(actor: Actor, step: Step) -> bool:
    """Whether this person can do something about a step."""
    permission = PERMISSIONS[step]
    return permission is not None and actor.may(permission)


def _states(shop: Shop, sender: str) -> Iterator[StepState]:
    facts = get_shop_facts(shop)
    named = bool(facts.name) and facts.name != UNNAMED
    yield StepState(Step.NAME, named, facts.name if named else "Customers see it in every email.")
    logo = bool(facts.logo_url)
    yield StepState(Step.LOGO, logo, "Emails show it." if logo else "Emails show the shop's name in its place.")
    address = bool(facts.postal_address.strip())
    yield StepState(
        Step.POSTAL_ADDRESS,
        address,
        "It is in every marketing email." if address else "Marketing emails are not sent without one.",
    )
    kept = f"{facts.currency}, {facts.zone}."
    began = first_day(shop)
    stay = "They stay as they are once there are orders." if began is None else "They stay, because there are orders."
    yield StepState(Step.CURRENCY, True, f"{kept} {stay}")
    yield from _mail(shop, facts.sender_address, sender)
    yield StepState(
        Step.IMPORT,
        began is not None,
        "There are no orders yet. Import them from Shopify or a table." if began is None else "There are orders.",
    )
    team = sum(not member.disabled for member in members_of(shop))
    yield StepState(
        Step.INVITE, team > 1, f"{team} people can sign in." if team > 1 else "Nobody else can sign in yet."
    )
    running = sum(each.on for each in all_automations(shop))
    yield StepState(
        Step.AUTOMATIONS,
        running > 0,
        f"{running} running." if running else "None is running, so orders are not confirmed by email.",
    )


def _mail(shop: Shop, chosen: str, given: str) -> Iterator[StepState]:
    sender = chosen or parseaddr(given)[1]
    own = bool(sender) and not sender.endswith("@example.com")  # as the default of MAIL_SENDER
    yield StepState(Step.SENDER, own, sender if own else "Emails need a sender at a domain of your own.")
    report = last_report(shop)
    current = report is not None and report.domain == clean_domain(sender)
    bad = [each for each in report.findings if each.level is Level.BAD] if report and current else []
    if not current:
        yield StepState(Step.DOMAIN, False, "It was not checked yet. Without its DNS records emails land in spam.")
    elif bad:
        yield StepState(Step.DOMAIN, False, bad[0].sentence)
    else:
        yield StepState(Step.DOMAIN, True, "Its DNS records are right.")
