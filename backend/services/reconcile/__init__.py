"""Holds everything that is kept (totals, leaderboards, lists, pointers) against the orders and customers themselves.

scan ─▶ running ─▶ partitions   one customer: ranks, months, first day, the order's own lists
                ─▶ pointers     words, tags, countries, addresses, references: the missing and the stray
                ─▶ sums         days and counters, which many customers share
        findings: what is wrong, and the one transaction that repairs it

It is safe while orders are being taken. What looks wrong is read again, consistently, before it counts as wrong, and
every repair carries what was found as its condition. Limits: a figure that changes each time it is counted is left
("unsettled"; run again when it is quieter). Days and counters are recounted from indexes, which DynamoDB brings up to
date a moment later; so they are counted twice, a second apart, before they are changed. An order whose customer is
gone, and two customers with one address, are reported and left to a person.
"""

from backend.services.reconcile.findings import Drift, Reconciliation
from backend.services.reconcile.run import reconcile

__all__ = ["Drift", "Reconciliation", "reconcile"]
