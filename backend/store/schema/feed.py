"""Whose changes the store's feed reports: what the snapshot is made of."""

from __future__ import annotations

from backend.store.port import Begins, Key
from backend.store.schema.customers import CUSTOMERS, PROFILE
from backend.store.schema.messages import MESSAGES
from backend.store.schema.orders import ORDERS
from backend.store.schema.suppression import SUPPRESSION, SUPPRESSIONS
from backend.store.schema.tables import MAIL, SHOP

FED_SHOP = Begins(CUSTOMERS, (PROFILE, ORDERS))
FED_MESSAGES = Begins(CUSTOMERS, (MESSAGES,))
FED_SUPPRESSIONS = Begins(SUPPRESSIONS, (SUPPRESSION,))
FED: dict[str, tuple[Begins, ...]] = {SHOP: (FED_SHOP,), MAIL: (FED_MESSAGES, FED_SUPPRESSIONS)}
"""By table."""


def is_fed(key: Key) -> bool:
    """Whether the feed reports writes to this item."""
    return any(key.pk.startswith(begins.pk) and key.sk.startswith(begins.sks) for begins in FED[key.table])
