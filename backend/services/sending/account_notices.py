"""Asks for the emails to members about their accounts that changes have left behind (`team.notices`)."""

from __future__ import annotations

from loguru import logger

from backend.domain.sessions import AccountEvent, AccountNotice
from backend.domain.team import THE_ACCOUNTS
from backend.errors import InvalidInputError, NotFoundError, TemplateError, UnreadableItemError
from backend.records.team import notice_from
from backend.services.context import Shop
from backend.services.sending.mailer import Mailer
from backend.services.sending.requests import SendRequest, request_message
from backend.services.team.members import find_member
from backend.services.unreadable.items import readable, set_aside
from backend.store import schema
from backend.store.meter import access_pattern
from backend.store.port import Delete, Key, Query, Row

TEMPLATE = "account-notice"
_HEADLINES = {
    AccountEvent.NEW_DEVICE: "New sign-in to your account",
    AccountEvent.PASSWORD: "Your password was changed",
    AccountEvent.SECOND_FACTOR_ON: "Your second factor was turned on",
    AccountEvent.SECOND_FACTOR_OFF: "Your second factor was turned off",
    AccountEvent.RECOVERY_CODES: "You have new recovery codes",
}
_SENTENCES = {
    AccountEvent.NEW_DEVICE: "You signed in on a device that you have not used in the last 90 days.",
    AccountEvent.PASSWORD: "The password of your account was changed, and all devices were signed out.",
    AccountEvent.SECOND_FACTOR_ON: "From now on you are asked for a code after your password.",
    AccountEvent.SECOND_FACTOR_OFF: "You sign in by password alone until you set up a second factor again.",
    AccountEvent.RECOVERY_CODES: "Your earlier recovery codes no longer work.",
}


def ask_for_notices(shop: Shop, mailer: Mailer, public_url: str) -> int:
    """Puts the emails of waiting notices into the ledger, each once; returns how many."""
    with access_pattern("emails to members about their accounts"):
        page = shop.store.query(Query(schema.SHOP, schema.ACCOUNT_NOTICES, consistent=True))
    waiting = readable(shop, page.rows, lambda key, item: (key, notice_from(Row(key, item))))
    return sum(_ask(shop, mailer, public_url, key, notice) for key, notice in waiting)


def _ask(shop: Shop, mailer: Mailer, public_url: str, key: Key, notice: AccountNotice) -> bool:
    try:
        asked = _requested(shop, mailer, public_url, notice)
    except UnreadableItemError as error:  # it waits until somebody has repaired that
        set_aside(shop, Key(*error.key), error.reason)
        return False
    shop.store.delete(Delete(key))
    return asked


def _requested(shop: Shop, mailer: Mailer, public_url: str, notice: AccountNotice) -> bool:
    member = find_member(shop, notice.username)
    if member is None or member.demo:
        return False
    fields = {
        "headline": _HEADLINES[notice.event],
        "sentence": _SENTENCES[notice.event],
        "device": notice.device,
        "at": f"{notice.at.astimezone(shop.zone):%Y-%m-%d %H:%M} ({shop.zone.key})",
        "page_url": f"{public_url}/account",
    }
    wanted = SendRequest(TEMPLATE, f"account-{notice.at:%Y%m%d%H%M%S}-{notice.id}", to=member.email, fields=fields)
    try:
        return not request_message(shop, mailer, THE_ACCOUNTS, wanted).duplicate
    except (InvalidInputError, NotFoundError, TemplateError) as error:
        logger.warning("A member cannot be emailed about their account: {}", type(error).__name__)
        return False
