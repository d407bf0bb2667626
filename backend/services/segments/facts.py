"""Looks up what a rule asks of customers, as the store knows it at this moment, and no more than that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from backend.domain.customers import Customer, email_identity
from backend.domain.rfm import Fifths
from backend.domain.segments import (
    Bought,
    Day,
    DayField,
    EmailState,
    Mailed,
    MailEvent,
    MailKind,
    Number,
    NumberField,
    Rule,
    Test,
    WordField,
    Words,
    tests_in,
)
from backend.domain.suppression import SuppressionReason
from backend.records.columns import line_rows, order_row
from backend.services.context import Shop
from backend.services.segments.membership import Facts, Purchase
from backend.services.snapshots import folders
from backend.services.snapshots.info import SnapshotFailedError, SnapshotMissingError
from backend.services.snapshots.queries import opened
from backend.services.suppression.entries import suppressed
from backend.store import schema
from backend.store.port import Query, pages_of

_EPOCH = date(1970, 1, 1)
_SCORES = (NumberField.RECENCY, NumberField.FREQUENCY, NumberField.MONEY)
_STATES = {
    SuppressionReason.COMPLAINT: EmailState.COMPLAINED,
    SuppressionReason.HARD_BOUNCE: EmailState.BOUNCED,
    SuppressionReason.MANUAL: EmailState.BLOCKED,
    SuppressionReason.UNSUBSCRIBED: EmailState.UNSUBSCRIBED,
}

_Mail = dict[tuple[MailEvent, MailKind], date]


def facts_of(shop: Shop, rule: Rule, customers: Sequence[Customer]) -> list[Facts]:
    """What the rule asks of these customers, in their order. Archived customers are looked up like the others."""
    tests = list(tests_in(rule.group))
    orders = any(_asks_orders(test) for test in tests)
    fifths = _fifths(shop) if any(_asks_scores(test) for test in tests) else None
    states = _states(shop, customers) if any(_asks_email(test) for test in tests) else None
    mailed = _mailed(shop, customers) if any(isinstance(test, Mailed) for test in tests) else None
    found = []
    for customer in customers:
        days, purchases = _orders(shop, customer.id) if orders else (None, None)
        found.append(
            Facts(
                customer,
                joined=customer.created_at.astimezone(shop.zone).date(),
                order_days=days,
                purchases=purchases,
                email=None if states is None else states[customer.id],
                mailed=None if mailed is None else mailed.get(customer.id, {}),
                fifths=fifths,
            )
        )
    return found


def _asks_orders(test: Test) -> bool:
    if isinstance(test, Day):
        return test.field is not DayField.JOINED
    return isinstance(test, Bought) or _asks_scores(test)


def _asks_scores(test: Test) -> bool:
    return (isinstance(test, Number) and test.field in _SCORES) or (
        isinstance(test, Words) and test.field is WordField.CLASS
    )


def _asks_email(test: Test) -> bool:
    return isinstance(test, Words) and test.field is WordField.EMAIL


def _fifths(shop: Shop) -> Fifths | None:
    info = folders.current(shop)
    return None if info is None else info.fifths


def _orders(shop: Shop, customer_id: str) -> tuple[list[date], list[Purchase]]:
    days: list[date] = []
    purchases: list[Purchase] = []
    query = Query(schema.SHOP, schema.customer_partition(customer_id), begins_with=schema.ORDERS, limit=1000)
    for row in pages_of(shop.store, query):
        order = order_row(row)
        if order is not None:
            day = _EPOCH + timedelta(days=order[2])
            days.append(day)
            purchases += (Purchase(day, line[3], line[4]) for line in line_rows(row, order[2]))
    return days, purchases


def _states(shop: Shop, customers: Sequence[Customer]) -> dict[str, EmailState]:
    entries = suppressed(shop, [customer.email for customer in customers if customer.email])
    states = {}
    for customer in customers:
        entry = entries.get(email_identity(customer.email)) if customer.email else None
        known = EmailState.REACHABLE if entry is None else _STATES[entry.reason]
        states[customer.id] = known if customer.email else EmailState.NO_ADDRESS
    return states


def _mailed(shop: Shop, customers: Sequence[Customer]) -> Mapping[str, _Mail] | None:
    """As of the snapshot; None on a machine that has none."""
    kinds = [(event, kind) for event in MailEvent for kind in (MailKind.MARKETING, MailKind.TRANSACTIONAL)]
    columns = ", ".join(f"{event.value}_{kind.value}" for event, kind in kinds)
    sql = f"SELECT id, {columns} FROM customers WHERE list_contains($ids, id)"
    try:
        with opened(shop) as snapshot:
            rows = snapshot.rows(sql, {"ids": [customer.id for customer in customers]})
    except (SnapshotMissingError, SnapshotFailedError):
        return None
    return {row[0]: {key: day for key, day in zip(kinds, row[1:], strict=True) if day is not None} for row in rows}
