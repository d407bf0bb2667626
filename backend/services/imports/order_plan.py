"""Plans the writes for imported orders: new, changed and unchanged ones.

An order is found again by its number at the source. With that reference a fingerprint of the file's values is stored.
The same fingerprint means "unchanged", so changes made here survive importing the same file again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from backend.domain.customers import ActivityKind, Customer
from backend.domain.erasure import anonymised
from backend.domain.ids import new_customer_id
from backend.domain.imports import Fault, ImportedOrder, Outcome
from backend.domain.orders import Order, OrderStatus, contribution_of
from backend.domain.team import Actor
from backend.domain.time import day_of
from backend.errors import InvalidInputError
from backend.records.orders import order_day, order_from
from backend.records.values import text
from backend.services.concurrency.retries import StaleReadError
from backend.services.context import Shop
from backend.services.customers.customers import months_with_orders
from backend.services.customers.writes import creating_writes, editing_writes
from backend.services.imports.consents import (
    activity_put,
    combined,
    consent_of,
    identity_put,
    newer_consent,
    proof_of,
    with_consent,
)
from backend.services.imports.order_file import OrderCandidate
from backend.services.imports.order_merge import is_ahead, is_behind, new_order, updated_order
from backend.services.imports.snapshot import ImportSnapshot, Known, order_key_of, read_snapshot
from backend.services.imports.steps import ImportStep, Read, print_before
from backend.services.orders.writes import OrderExistsError, changing_writes, placing_writes
from backend.services.outgoing import writes as outgoing
from backend.services.outgoing.about import on_customer_created
from backend.services.triggers import writes as triggers
from backend.store import schema
from backend.store.port import Absent, AllOf, Equals, Item, Missing, Put, Update, Write

_LATER = ("shipping_address", "billing_address", "fulfilments")
"""Fields that stored fingerprints of earlier versions of the program do not know."""
_REMEMBERED_CUSTOMERS = 20_000
ON_ITS_WAY = timedelta(hours=1)
"""An order of a file that was placed less than so long ago may still arrive by itself."""
_WRITES_BESIDE = 11
"""The writes of an order besides its customer's: itself, its reference, totals, a line of activity, an address."""


class OrderPlanner:
    """Plans imported orders for one shop, on behalf of one person.

    It caches customers from one plan to the next. If one was changed meanwhile, the version condition of the write
    fails, and the order is planned again from fresh reads. Orders of a file that were placed at `new_since` or later
    start automations. `connected` says since when each source reports its orders itself.
    """

    def __init__(
        self,
        shop: Shop,
        actor: Actor,
        new_since: datetime | None = None,
        connected: Mapping[str, datetime] | None = None,
    ) -> None:
        self._shop = shop
        self._new_since = new_since
        self._connected = connected or {}
        self._by = actor.username
        self._known = Known()

    def plan(self, candidates: Sequence[OrderCandidate], read: Read) -> list[ImportStep | Fault]:
        """Implements `steps.Planner`."""
        snapshot = read_snapshot(candidates, read, self._known)
        steps = [self._step(candidate, snapshot) for candidate in candidates]
        if len(self._known.customers) > _REMEMBERED_CUSTOMERS:
            self.forget()
        return steps

    def forget(self) -> None:
        """Implements `steps.Planner`."""
        self._known.clear()

    def _step(self, candidate: OrderCandidate, snapshot: ImportSnapshot) -> ImportStep | Fault:
        reference = snapshot.items.get(candidate.reference)
        if reference is None:
            twin = snapshot.twin(candidate)
            return self._place(candidate, snapshot) if twin is None else self._adopt(candidate, twin, snapshot)
        live = candidate.live
        if live is not None and text(reference, "updated", "") > live.updated:
            return ImportStep(Outcome.UNCHANGED)
        if reference.get("print") == candidate.print:
            is_known = live is None or reference.get("updated") == live.updated
            return ImportStep(Outcome.UNCHANGED, [] if is_known else _reference_writes(candidate, reference))
        try:
            return self._change(candidate, reference, snapshot, _reference_writes(candidate, reference))
        except InvalidInputError as error:
            return Fault(candidate.name, candidate.line, error.field.capitalize(), error.sentence)

    # --- new orders ----------------------------------------------------------------------------------------------

    def _place(self, candidate: OrderCandidate, snapshot: ImportSnapshot) -> ImportStep:
        imported = candidate.order
        known = snapshot.owner(imported)
        if known is not None and imported.email and not known.email:
            return self._place_with_address(candidate, known, snapshot)
        customer = known or _new_customer(imported, candidate.source)
        order = self._new_order(candidate, customer.id)
        identities = snapshot.free_identities(imported)
        writes = [
            *placing_writes(order, customer, self._shop.zone),
            *_reference_puts(candidate, order),
            *self._triggers(candidate, order),
            *(identity_put(identity, customer.id) for identity in identities),
            *snapshot.default_address(customer.id, imported),
        ]
        day = day_of(order.placed_at, self._shop.zone)
        first_day = min(customer.first_day or day, day)
        consent = None if known is None else newer_consent(known, consent_of(imported))
        if known is None:
            figures = contribution_of(order)
            after = replace(customer, first_day=first_day, orders=figures.orders, revenue=figures.revenue)
            writes = [*self._creating(after, order, writes), *self._joined(candidate, after)]
        elif consent is not None:
            after = replace(known, first_day=first_day, consent=consent, version=known.version + 1)
            writes = with_consent(writes, known, after, self._by, self._shop.clock())
        else:
            after = known if first_day == known.first_day else replace(known, first_day=first_day)
        snapshot.keep(after, identities)
        if known is None:
            snapshot.created.add(after.id)
        return ImportStep(
            Outcome.CREATED,
            writes,
            creates_customer=known is None,
            is_new=self._is_new(candidate),
            missed_since=self._missed_since(candidate),
        )

    def _place_with_address(self, candidate: OrderCandidate, known: Customer, snapshot: ImportSnapshot) -> ImportStep:
        """An order that brings the address of somebody who had none.

        Months that are planned in the same chunk are not stored yet. The condition then fails, and the order is
        planned again when they are.
        """
        imported = candidate.order
        order = self._new_order(candidate, known.id)
        day = day_of(order.placed_at, self._shop.zone)
        consent = newer_consent(replace(known, email=imported.email), consent_of(imported))
        after = replace(
            known,
            email=imported.email,
            consent=consent or known.consent,
            first_day=min(known.first_day or day, day),
            version=known.version + 1,
        )
        seen = replace(known, orders=-1) if known.id in snapshot.created else known
        months = () if known.id in snapshot.created else months_with_orders(self._shop, known.id)
        writes = combined(
            placing_writes(order, replace(after, version=known.version, first_day=known.first_day), self._shop.zone),
            editing_writes(seen, after, months, room_for=_WRITES_BESIDE),
        )
        said = f"The address came with order {order.number}"
        now = self._shop.clock()
        activity = activity_put(known.id, ActivityKind.EDITED, said, self._by, now, proof_of(consent))
        snapshot.keep(after)
        puts = [*_reference_puts(candidate, order), *self._triggers(candidate, order)]
        address = snapshot.default_address(known.id, imported)
        return ImportStep(
            Outcome.CREATED,
            [*writes, *puts, activity, *address],
            is_new=self._is_new(candidate),
            missed_since=self._missed_since(candidate),
        )

    def _new_order(self, candidate: OrderCandidate, customer_id: str) -> Order:
        return new_order(
            candidate.order,
            candidate.id,
            customer_id,
            self._shop.currency,
            self._by,
            self._shop.clock(),
            source=candidate.source,
            how="Imported" if candidate.live is None else f"Received from {candidate.live.label}",
        )

    def _triggers(self, candidate: OrderCandidate, order: Order) -> list[Write]:
        """What a new order sends to automations and endpoints; history sends nothing."""
        if not self._is_new(candidate):
            return []
        return [*triggers.on_placed(self._shop, order), *outgoing.on_order_placed(self._shop, order)]

    def _is_new(self, candidate: OrderCandidate) -> bool:
        if candidate.live is not None:
            return candidate.live.is_new
        is_young = self._new_since is not None and candidate.order.placed_at >= self._new_since
        return is_young and candidate.order.status is not OrderStatus.CANCELLED

    def _missed_since(self, candidate: OrderCandidate) -> datetime | None:
        """Since when the order should have arrived by itself; None where it need not have."""
        since, placed = self._connected.get(candidate.source), candidate.order.placed_at
        late = placed <= self._shop.clock() - ON_ITS_WAY
        return since if since is not None and candidate.live is None and since <= placed and late else None

    def _joined(self, candidate: OrderCandidate, customer: Customer) -> list[Write]:
        """The same of a new customer."""
        if not self._is_new(candidate):
            return []
        return [*triggers.on_joined(self._shop, customer), *on_customer_created(self._shop, customer)]

    def _creating(self, customer: Customer, order: Order, placing: Sequence[Write]) -> list[Write]:
        """One transaction for the order and its new customer, whose item has the order's figures from the start."""
        key = schema.customer_key(customer.id)
        said, now = f"Imported with order {order.number}", self._shop.clock()
        return [
            *creating_writes(customer),
            *(write for write in placing if write.key != key),
            activity_put(customer.id, ActivityKind.CREATED, said, self._by, now, proof_of(customer.consent)),
        ]

    # --- orders that are here already ----------------------------------------------------------------------------

    def _adopt(self, candidate: OrderCandidate, twin: Item, snapshot: ImportSnapshot) -> ImportStep:
        """An order that another program has placed by the API, and that its source names now. What happened stays."""
        key = order_key_of(twin)
        before, imported = order_from(key, snapshot.items[key]), candidate.order
        item: Item = {"customer": before.customer_id, "order": before.id, **_marks(candidate, {})}
        exists = OrderExistsError(f"Order {imported.number} is there already.")
        noted = [Put(candidate.reference, item, Absent(), exists)]
        named = [*noted, *_source_id_puts(candidate, before.customer_id, {})]
        if is_behind(before, imported) or (candidate.live is None and not is_ahead(before, imported)):
            return ImportStep(Outcome.UNCHANGED, named)
        return self._change(candidate, {"customer": before.customer_id, "order": before.id}, snapshot, named)

    def _change(
        self, candidate: OrderCandidate, reference: Item, snapshot: ImportSnapshot, noted: Sequence[Write]
    ) -> ImportStep:
        key = order_key_of(reference)
        item = snapshot.items.get(key)
        customer = snapshot.customer(text(reference, "customer"))
        if item is None or customer is None:
            raise InvalidInputError("The order was imported before and is not here any more.")
        before, now, live = order_from(key, item), self._shop.clock(), candidate.live
        imported, how = candidate.order, "import"
        if live is not None:
            imported, how = replace(imported, refunded=sum(_refunds(candidate, reference).values())), live.label
            if text(reference, "updated", "") == live.updated and is_behind(before, imported):
                return ImportStep(Outcome.UNCHANGED)
        elif "updated" in reference and not is_ahead(before, imported):
            return ImportStep(Outcome.UNCHANGED)  # a file does not say how old it is
        old = live is None and reference.get("print") == print_before(candidate.order, _LATER)
        after = updated_order(before, imported, self._by, now, self._shop.locale, how=how, addresses_alone=old)
        address = snapshot.default_address(customer.id, candidate.order)
        if customer.erased_at:
            after, address = _without_person(before, after), []
        writes = [*noted, *address]
        if after is not before:
            day = order_day(item)
            customer_item, month_item = (
                snapshot.items.get(each, {})
                for each in (schema.customer_key(customer.id), schema.customer_month_key(customer.id, day[:7]))
            )
            writes += changing_writes(before, after, item, customer_item, month_item, self._shop.zone)
            if live is not None:
                writes += triggers.on_changed(self._shop, before, after)
                writes += outgoing.on_order_changed(self._shop, before, after)
        consent = None if customer.erased_at else newer_consent(customer, consent_of(candidate.order))
        if consent is not None:
            consenting = replace(customer, consent=consent, version=customer.version + 1)
            writes = with_consent(writes, customer, consenting, self._by, now)
            snapshot.keep(consenting)
        return ImportStep(Outcome.UNCHANGED if after is before and consent is None else Outcome.UPDATED, writes)


def _without_person(before: Order, after: Order) -> Order:
    """The newer version of an erased customer's order: amounts and status alone."""
    after = anonymised(after)
    same = replace(after, version=before.version, history=before.history) == before
    return before if same else after


def _new_customer(imported: ImportedOrder, source: str) -> Customer:
    """A customer who was created on the day of the order."""
    return Customer(
        id=new_customer_id(),
        name=imported.name,
        email=imported.email,
        created_at=imported.placed_at,
        country=imported.country,
        city=imported.city,
        phone=imported.phone,
        tags=imported.tags,
        consent=consent_of(imported),
        source=source,
    )


def _reference_puts(candidate: OrderCandidate, order: Order) -> list[Write]:
    item: Item = {"customer": order.customer_id, "order": order.id, **_marks(candidate, {})}
    exists = OrderExistsError(f"Order {order.number} is there already.")
    return [Put(candidate.reference, item, Absent(), exists), *_source_id_puts(candidate, order.customer_id, {})]


def _reference_writes(candidate: OrderCandidate, reference: Item) -> list[Write]:
    """Notes which values were read last, on condition that nobody else has read others meanwhile."""
    seen = [(name, reference.get(name)) for name in ("print", "updated", "refunds")]
    update = Update(
        candidate.reference,
        set=_marks(candidate, reference),
        condition=AllOf(tuple(Missing(name) if value is None else Equals(name, value) for name, value in seen)),
        otherwise=StaleReadError("Somebody is importing the same order."),
    )
    return [update, *_source_id_puts(candidate, text(reference, "customer"), reference)]


def _marks(candidate: OrderCandidate, reference: Item) -> Item:
    """What is kept beside an order about its source."""
    if candidate.live is None:
        return {"print": candidate.print}
    marks: Item = {"print": candidate.print, "updated": candidate.live.updated}
    if refunds := _refunds(candidate, reference):
        marks["refunds"] = dict(refunds)
    return marks | ({"source_id": candidate.live.id} if candidate.live.id else {})


def _refunds(candidate: OrderCandidate, reference: Item) -> dict[str, int]:
    """All refunds that the source has reported, each once."""
    known = reference.get("refunds")
    before = (
        {name: amount for name, amount in known.items() if isinstance(amount, int)} if isinstance(known, dict) else {}
    )
    return before | dict(candidate.live.refunds if candidate.live is not None else {})


def _source_id_puts(candidate: OrderCandidate, customer_id: str, reference: Item) -> list[Write]:
    if candidate.live is None or not candidate.live.id or reference.get("source_id") == candidate.live.id:
        return []
    item: Item = {"customer": customer_id, "number": candidate.order.number}
    return [Put(schema.source_order_key(candidate.source, candidate.live.id), item)]
