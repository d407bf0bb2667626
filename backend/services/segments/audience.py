"""Who belongs to a rule: counted and listed from the snapshot, and asked again from the store right before sending.

The snapshot is as old as it says. So whoever acts on an audience asks `still_matches` for each customer at the last
moment: what the store itself knows is decided by the store, and only what the snapshot alone knows (opens, clicks,
the fifths behind the RFM scores) as of the snapshot.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from backend.domain.customers import Customer
from backend.domain.segments import Rule, Segment
from backend.services.context import Shop
from backend.services.snapshots.info import SnapshotInfo


def count_segment(shop: Shop, rule: Rule) -> int:
    """How many customers belong to the rule, as of the snapshot.

    Raises: `SnapshotMissingError` while there is none yet, `InvalidInputError` for a rule that cannot be asked.
    """
    raise NotImplementedError


def audience_ids(shop: Shop, rule: Rule, chunk: int = 500, *, after: str = "") -> Iterator[list[str]]:
    """Ids of the customers who belong, ascending, in lists of `chunk` (the last may be shorter), from one snapshot.

    Memory stays the same however many there are. `after` leaves out all ids up to this one, to go on where somebody
    stopped. The snapshot stays on the disk until the iterator ends or is closed.

    Raises: `SnapshotMissingError`, `InvalidInputError`.
    """
    raise NotImplementedError


def still_matches(shop: Shop, rule: Rule, customers: Sequence[Customer]) -> dict[str, bool]:
    """By customer id, whether each of them belongs to the rule now. The customers are as just read from the store.

    Orders, suppression and months are read only for rules that ask for them. Conditions that only a snapshot can
    answer are as of the snapshot; on a machine that has none they are taken as they were when the audience was made.
    """
    raise NotImplementedError


def get_segment(shop: Shop, segment_id: str) -> Segment:
    """A saved segment, or one of those that come with the program.

    Raises: `NotFoundError`.
    """
    raise NotImplementedError


def snapshot_info(shop: Shop) -> SnapshotInfo | None:
    """When the snapshot was made that counts are of, and how much it holds; None while there is none."""
    raise NotImplementedError
