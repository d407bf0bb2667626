"""The handler of each kind of thing that a recorded change touches, in the order in which kinds are taken back."""

from __future__ import annotations

from collections.abc import Mapping

from backend.services.changes.handler import Handler
from backend.services.customers import undo as customers
from backend.services.customers.recorded import KIND as CUSTOMER

HANDLERS: Mapping[str, Handler] = {
    CUSTOMER: customers.HANDLER,
}
