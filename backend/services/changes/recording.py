"""Recording a change: its head, and an entry in the transaction of each thing that it touches."""

from __future__ import annotations

from dataclasses import dataclass, replace

from backend.domain.changes import Change, ChangeEntry, ChangeState
from backend.domain.ids import new_change_id
from backend.domain.team import Actor, Permission
from backend.records.changes import change_item, entry_item, entry_key
from backend.services.audit import log as audit_log
from backend.services.context import Shop
from backend.store import schema
from backend.store.port import Delete, Put, Update, Write


@dataclass(frozen=True, slots=True)
class Recording:
    """A change that is being made."""

    change: Change

    @property
    def id(self) -> str:
        return self.change.id

    def entry_put(self, entry: ChangeEntry) -> Put:
        """The write of an entry, for the transaction that changes the thing. Its `change` is set here."""
        entry = replace(entry, change=self.id)
        return Put(entry_key(entry), entry_item(entry, self.change.at))


def begin(shop: Shop, actor: Actor, summary: str, needs: Permission) -> Recording:
    """Starts a change of many things. `summary` is a few words without anybody's name or address."""
    recording = _new(shop, actor, summary, needs)
    shop.store.put(Put(schema.change_key(recording.id), change_item(recording.change)))
    return recording


def finish(shop: Shop, recording: Recording, count: int, *others: Write) -> None:
    """Ends a change that has so many entries; one without any is removed. `others` are written with it."""
    key = schema.change_key(recording.id)
    done = Update(key, set={"state": ChangeState.DONE.value, "count": count})
    shop.store.transact([done if count else Delete(key), *others])


def single(
    shop: Shop,
    actor: Actor,
    summary: str,
    needs: Permission,
    entry: ChangeEntry,
    *,
    audited: bool = False,
    detail: str = "",
) -> list[Write]:
    """The writes of a change of one thing, for the transaction that changes it; none when no field differs.

    With `audited` an audit entry is among them, whose action is the summary.
    """
    if entry.before == entry.after:
        return []
    recording = _new(shop, actor, summary, needs)
    head = change_item(replace(recording.change, state=ChangeState.DONE, count=1))
    target = f"{entry.kind}:{entry.id}"
    noted = [audit_log.entry(shop, actor, summary, target, detail, change=recording.id)] if audited else []
    return [Put(schema.change_key(recording.id), head), recording.entry_put(entry), *noted]


def _new(shop: Shop, actor: Actor, summary: str, needs: Permission) -> Recording:
    now = shop.clock()
    return Recording(Change(new_change_id(now), now, actor.username, actor.acts_as, summary, needs))
