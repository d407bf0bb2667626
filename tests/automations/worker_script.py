"""A worker that answers triggers in a process of its own, which the tests kill, or which kills itself at a step.

Or somebody who places an order: the first argument says which. The second says where to die, as in
`tests.mailing.worker_script`; the third is the store, the fourth a customer and the fifth the form's key.
"""

from __future__ import annotations

import sys
import time

from backend.domain.time import utc_now
from backend.services.automations.duty import answer_due
from backend.services.customers.customers import get_customer
from backend.services.orders import orders
from tests.mailing.processes import NoTransport
from tests.mailing.worker_script import Fate, MortalStore, mailer_on
from tests.support import STAFF, draft, shop_on

REST = 0.01


def main(what: str, step: str, url: str, customer_id: str = "", key: str = "") -> None:
    shop = shop_on(MortalStore(url, Fate(step)), clock=utc_now)
    mailer = mailer_on(shop, NoTransport())
    print("ready", flush=True)  # noqa: T201 - the test waits for it
    if what == "order":
        orders.place_order(shop, STAFF, draft(get_customer(shop, customer_id)), key)
        return
    while answer_due(shop, mailer).triggers or what == "for ever":
        time.sleep(REST)


if __name__ == "__main__":
    main(*sys.argv[1:])
