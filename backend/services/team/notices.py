"""Emails to members about their accounts: noted in the transaction of the change, asked for by a worker.

So the email follows from the change whatever happens to the process that made it (`sending.account_notices`).
"""

from __future__ import annotations

from datetime import timedelta

from backend.domain.ids import new_entry_id
from backend.domain.sessions import AccountEvent, AccountNotice
from backend.domain.time import to_seconds, to_text
from backend.records.team import notice_item
from backend.services.context import Shop
from backend.store import schema
from backend.store.port import EXPIRES, Put

_OF_USE = timedelta(days=7)
"""Where no worker runs for longer, the email would only confuse."""


def notice(shop: Shop, username: str, event: AccountEvent, device: str = "") -> Put:
    """The write that has the member emailed about this."""
    noted = AccountNotice(new_entry_id(), username, event, shop.clock(), device)
    item = {**notice_item(noted), EXPIRES: to_seconds(noted.at + _OF_USE)}
    return Put(schema.account_notice_key(to_text(noted.at), noted.id), item)
