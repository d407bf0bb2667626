"""Who belongs to a rule: counted and listed from the snapshot, and asked again from the store right before sending.

The snapshot is as old as it says. So whoever acts on an audience asks `still_matches` for each customer at the last
moment: what the store itself knows is decided by the store, and only what the snapshot alone knows (opens, clicks,
the fifths behind the RFM scores) as of the snapshot.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from datetime import date, datetime

from backend.domain.customers import Customer
from backend.domain.segment_checks import check_rule
from backend.domain.segments import Group, Rule, Segment
from backend.services.context import Shop
from backend.services.segments import library
from backend.services.segments.facts import facts_of
from backend.services.segments.membership import matches
from backend.services.segments.sql import asked
from backend.services.snapshots import folders
from backend.services.snapshots.build import make_first
from backend.services.snapshots.info import SnapshotInfo
from backend.services.snapshots.queries import opened


def count_segment(shop: Shop, rule: Rule) -> int:
    """How many customers belong to the rule, as of the snapshot. The first snapshot is made if there is none.

    Raises: `InvalidInputError` for a rule that cannot be asked, `SnapshotMissingError`, `SnapshotFailedError`.
    """
    return _counted(shop, check_rule(rule))


def count_in_both(shop: Shop, one: Rule, other: Rule) -> int:
    """How many customers belong to both of two rules, as of the snapshot. Raises: as `count_segment`."""
    both = Rule(Group(parts=(one.group, other.group)), archived=one.archived and other.archived)
    return _counted(shop, both)


def _counted(shop: Shop, rule: Rule) -> int:
    question = asked(rule, today(shop))
    make_first(shop)
    with opened(shop) as snapshot:
        rows = snapshot.rows(f"SELECT count(*) FROM customers WHERE {question.where}", question.parameters)
    return int(rows[0][0])


def audience_ids(shop: Shop, rule: Rule, chunk: int = 500, *, after: str = "") -> Generator[list[str], None, None]:
    """Ids of the customers who belong, ascending, in lists of `chunk` (the last may be shorter), from one snapshot.

    Memory stays the same however many there are. `after` leaves out all ids up to this one, to go on where somebody
    stopped. The snapshot stays on the disk until the iterator ends or is closed; the first one is made if there is
    none. To have nobody left out who came lately, wait for `fresh_enough` before.

    Raises: `InvalidInputError`, `SnapshotMissingError`, `SnapshotFailedError`.
    """
    question = asked(check_rule(rule), today(shop))
    make_first(shop)
    sql = f"SELECT id FROM customers WHERE {question.where} AND id > $after ORDER BY id"
    with opened(shop) as snapshot:
        for batch in snapshot.batches(sql, question.parameters | {"after": after}, chunk):
            yield [row[0] for row in batch]


def still_matches(shop: Shop, rule: Rule, customers: Sequence[Customer]) -> dict[str, bool]:
    """By customer id, whether each of them belongs to the rule now. The customers are as just read from the store.

    Orders and suppression are read only for rules that ask for them. Conditions that only a snapshot can answer are
    as of the snapshot; on a machine that has none they are taken as they were when the audience was made.
    """
    now = today(shop)
    return {facts.customer.id: matches(rule, facts, now) is not False for facts in facts_of(shop, rule, customers)}


def get_segment(shop: Shop, segment_id: str) -> Segment:
    """A saved segment, or one of those that come with the program.

    Raises: `NotFoundError`.
    """
    return library.get_segment(shop, segment_id)


def snapshot_info(shop: Shop) -> SnapshotInfo | None:
    """When the snapshot was made that counts are of, and how much it holds; None while there is none."""
    return folders.current(shop)


def fresh_enough(shop: Shop, since: datetime) -> bool:
    """Whether the snapshot was begun at this moment or later. If not, a newer one is asked for: look again soon.

    The duty `snapshot` of any worker of this machine makes it.
    """
    info = folders.current(shop)
    if info is not None and info.as_of >= since:
        return True
    asked_before = folders.asked_at(shop)
    if asked_before is None or asked_before < since:
        folders.ask(shop)
    return False


def today(shop: Shop) -> date:
    """The shop's day at this moment, from which days ago are counted."""
    return shop.clock().astimezone(shop.zone).date()
