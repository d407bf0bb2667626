"""What the shop says about itself in emails: read by everybody, changed by managers and admins."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import fields, replace
from urllib.parse import urlsplit

from backend.domain.customers import clean_email
from backend.domain.shop import ShopFacts, clean_colour
from backend.domain.team import Actor, Permission
from backend.domain.text import clean_line, clean_text
from backend.errors import ConflictError, InvalidInputError
from backend.records.shop import shop_from, shop_item
from backend.services.audit import log as audit_log
from backend.services.context import Shop
from backend.store import schema
from backend.store.meter import access_pattern
from backend.store.port import Absent, Delete, Equals, Put

_KEY = schema.meta_key("shop")
_LONGEST_URL = 500
_DEMO_ADDRESS = "Tillpost demo shop\n1 Example Street\n12345 Exampleton"


def get_shop_facts(shop: Shop) -> ShopFacts:
    """What was saved; currency, language and time zone, and the name until it is changed, are the installation's."""
    return shop_from(_defaults(shop), shop.store.get(_KEY))


def save_shop_facts(shop: Shop, actor: Actor, facts: ShopFacts) -> ShopFacts:
    """Saves what a form holds; `facts.version` is that of the facts which the person has seen.

    Raises: `PermissionDeniedError`, `InvalidInputError` naming the field, `ConflictError`.
    """
    actor.require(Permission.EDIT_SHOP)
    seen = facts.version
    saved = replace(_cleaned(facts), version=seen + 1)
    unmoved = Equals("version", seen) if seen else Absent()
    before = get_shop_facts(shop)
    changed = [field.name for field in fields(ShopFacts) if getattr(before, field.name) != getattr(saved, field.name)]
    detail = ", ".join(name.replace("_", " ") for name in changed if name != "version")
    audit_entry = audit_log.entry(shop, actor, "changed the shop's settings", "shop:settings", detail)
    with access_pattern("change the shop's settings"):
        shop.store.transact([Put(_KEY, shop_item(saved), unmoved, _overtaken()), audit_entry])
    return get_shop_facts(shop)


def give_demo_address(shop: Shop) -> None:
    """Lets the demo shop send marketing mail, which needs a postal address, unless somebody has saved settings."""
    facts = replace(get_shop_facts(shop), postal_address=_DEMO_ADDRESS, version=1)
    with suppress(ConflictError):
        shop.store.put(Put(_KEY, shop_item(facts), Absent(), _overtaken()))


def take_demo_address(shop: Shop) -> None:
    """Takes the demo's address out again, with the settings that came with it."""
    facts = get_shop_facts(shop)
    if facts.version == 1 and facts.postal_address == _DEMO_ADDRESS:
        with suppress(ConflictError):
            shop.store.delete(Delete(_KEY, Equals("version", 1), _overtaken()))


def _defaults(shop: Shop) -> ShopFacts:
    return ShopFacts(shop.name, shop.currency, shop.locale, str(shop.zone))


def _cleaned(facts: ShopFacts) -> ShopFacts:
    return replace(
        facts,
        name=clean_line(facts.name, "Name", longest=100, required=True),
        logo_url=_clean_url(facts.logo_url, "Logo", "logo_url", secure=True),
        brand=clean_colour(facts.brand),
        postal_address=clean_text(facts.postal_address, "Postal address", longest=500, field="postal_address"),
        sender_name=clean_line(facts.sender_name, "Sender name", longest=100, field="sender_name"),
        sender_address=clean_email(facts.sender_address) if facts.sender_address.strip() else "",
        reply_to=clean_email(facts.reply_to) if facts.reply_to.strip() else "",
        url=_clean_url(facts.url, "Website", "url"),
        support_url=_clean_url(facts.support_url, "Help page", "support_url"),
    )


def _clean_url(text: str, label: str, field: str, *, secure: bool = False) -> str:
    """An address of the web; pictures have to be https, because mail clients show no others."""
    url = clean_line(text, label, longest=_LONGEST_URL, field=field)
    if not url:
        return ""
    schemes = ("https",) if secure else ("https", "http")
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise InvalidInputError(f"{label} is not a web address: {url[:60]}", field) from error
    if parts.scheme not in schemes or not parts.hostname or any(character in url for character in " <>\"'"):
        raise InvalidInputError(f"{label} has to be a web address that begins with https://.", field)
    return url


def _overtaken() -> ConflictError:
    return ConflictError("Someone else has changed the settings.")
