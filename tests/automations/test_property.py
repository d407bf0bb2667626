"""Whatever happens to orders, an event gives one message for each automation that listens, and totals stay right.

An event that was taken back before a worker came to it gives none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from backend.domain.automation_rules import Event, events_of_change, events_of_placing
from backend.domain.automations import TriggerKind
from backend.domain.orders import NEXT_STATUSES, Order, OrderStatus
from backend.services.orders import orders
from backend.services.orders.parts import new_part_id
from backend.services.reconcile import reconcile
from backend.store.sql import SqlStore
from tests.automations.making import messages, running, step, waiting, work
from tests.recount import assert_totals_hold
from tests.services.test_mailing import mailer_on
from tests.support import STAFF, TestClock, add_customer, add_order, ref, shop_on

LISTENING = (TriggerKind.ORDER_PLACED, TriggerKind.ORDER_PAID, TriggerKind.ORDER_SHIPPED, TriggerKind.ORDER_REFUNDED)
NUMBERS = st.integers(0, 1_000_000)


class OrdersMachine(RuleBasedStateMachine):
    """Orders are placed, moved and refunded; workers answer now and then. Two automations listen to each kind.

    Cancelling is left to other tests: it ends what waits, so that which messages there are depends on who is faster.
    """

    def __init__(self) -> None:
        super().__init__()
        self.store = SqlStore("sqlite://")
        self.store.create_tables()
        self.clock = TestClock()
        self.shop = shop_on(self.store, clock=self.clock)
        self.mailer = mailer_on(self.shop)
        self.orders: list[Order] = []
        self.waiting: dict[tuple[TriggerKind, str], int] = {}
        self.events: set[tuple[TriggerKind, str]] = set()

    def teardown(self) -> None:
        self.a_worker_answers()
        assert waiting(self.shop) == []
        found = Counter(message.key for message in messages(self.shop))
        wanted = {f"{automation}-{event}-1" for kind, event in self.events for automation in self.automations[kind]}
        assert found == Counter(wanted)
        assert reconcile(self.shop, pause=lambda _: None).drift == []
        self.store.close()

    @initialize()
    def automations_are_on(self) -> None:
        self.customers = [add_customer(self.shop) for _ in range(3)]
        self.automations = {
            kind: [running(self.shop, kind, step("verify-address")).id for _ in range(2)] for kind in LISTENING
        }

    @rule(who=NUMBERS, status=st.sampled_from((OrderStatus.PENDING, OrderStatus.PAID, OrderStatus.FULFILLED)))
    def place(self, who: int, status: OrderStatus) -> None:
        order = add_order(self.shop, self.customers[who % 3], status=status)
        self.orders.append(order)
        self._happened(events_of_placing(order), len(self.orders) - 1)

    @precondition(lambda self: self.orders)
    @rule(which=NUMBERS, choice=NUMBERS)
    def change_status(self, which: int, choice: int) -> None:
        possible = [s for s in NEXT_STATUSES[self._order(which).status] if s is not OrderStatus.CANCELLED]
        self._changed(
            which, lambda order: orders.change_status(self.shop, STAFF, ref(order), possible[choice % len(possible)])
        )

    @precondition(lambda self: self.orders)
    @rule(which=NUMBERS)
    def refund(self, which: int) -> None:
        order = self._order(which)
        if order.status is not OrderStatus.PENDING and order.refundable >= 100:
            refund_id = new_part_id()
            self._changed(which, lambda seen: orders.refund_order(self.shop, STAFF, ref(seen), 100, "", refund_id))

    @rule(minutes=st.integers(1, 300))
    def time_passes(self, minutes: int) -> None:
        self.clock.forward(minutes=minutes)

    @rule()
    def a_worker_answers(self) -> None:
        work(self.shop, self.mailer)
        stands = {(kind, event) for (kind, event), place in self.waiting.items() if self._stands(kind, place)}
        self.events |= stands
        self.waiting.clear()

    @invariant()
    def totals_hold(self) -> None:
        assert_totals_hold(self.shop)

    def _order(self, which: int) -> Order:
        return self.orders[which % len(self.orders)]

    def _changed(self, which: int, change: Callable[[Order], Order]) -> None:
        place = which % len(self.orders)
        before = self.orders[place]
        after = change(before)
        self.orders[place] = after
        self._happened(events_of_change(before, after), place)

    def _happened(self, events: Iterable[Event], place: int) -> None:
        self.waiting |= {(event.kind, event.id): place for event in events if event.kind in LISTENING}

    def _stands(self, kind: TriggerKind, place: int) -> bool:
        status = self.orders[place].status
        if kind is TriggerKind.ORDER_PAID:
            return status is not OrderStatus.PENDING
        return kind is not TriggerKind.ORDER_SHIPPED or status is OrderStatus.FULFILLED


TestOneMessageForEachEvent = OrdersMachine.TestCase
TestOneMessageForEachEvent.settings = settings(
    max_examples=15,
    stateful_step_count=15,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.generate, Phase.shrink),
)
