"""Shops and rules by chance, from a seed: what they hold is small in number and wide in kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

from backend.domain.delivery import Outcome
from backend.domain.emails import Kind
from backend.domain.messages import Message, MessageStatus
from backend.domain.orders import LineItem, OrderStatus
from backend.domain.rfm import RfmClass
from backend.domain.segments import (
    Bought,
    ConsentState,
    Day,
    DayField,
    DayTest,
    EmailState,
    Goods,
    Group,
    Mailed,
    MailEvent,
    MailKind,
    Match,
    Number,
    NumberField,
    NumberTest,
    Part,
    Rule,
    Test,
    WordField,
    Words,
)
from backend.domain.suppression import SuppressionReason
from backend.records.messages import key_of, message_item
from backend.services.context import Shop
from backend.services.customers import customers
from backend.services.orders import orders
from backend.services.orders.parts import new_part_id
from backend.services.sending import ledger
from backend.services.suppression import entries
from backend.store.port import Put
from tests.segments.by_hand import Person
from tests.support import MANAGER, STAFF, TestClock, add_customer, draft, ref

GOODS = [("Assam tea", "TEA-1"), ("Oolong", "TEA-2"), ("Cup", ""), ("Kettle “big”", "K'1"), ("Tin", "TIN")]
COUNTRIES = ["DE", "AT", "FR", ""]
CITIES = ["Berlin", "Wien", "São Paulo", ""]
TAGS = ["vip", "wholesale", "o'neil"]


def fill(shop: Shop, clock: TestClock, chance: Random, people: int) -> None:
    """Customers of about two years with orders, refunds, tags, consents, suppressions and mail."""
    end = clock.now
    for _ in range(people):
        clock.now = end - timedelta(days=chance.randint(0, 700), minutes=chance.randint(0, 1440))
        customer = add_customer(
            shop,
            email="" if chance.random() < 0.15 else None,
            country=chance.choice(COUNTRIES),
            city=chance.choice(CITIES),
            tags=chance.sample(TAGS, chance.randint(0, 2)),
        )
        if customer.email and chance.random() < 0.6:
            customer = customers.set_consent(shop, STAFF, customer.id, customer.version, chance.random() < 0.7)
        if customer.email and chance.random() < 0.35:
            entries.add_suppression(
                shop, customer.email, chance.choice(list(SuppressionReason)), source="event", by="test"
            )
        for _ in range(chance.choice([0, 0, 1, 1, 2, 3, 5, 11])):
            _order(shop, clock, chance, customer.id, end)
        for number in range(chance.randint(0, 3)):
            _message(shop, clock, chance, customer.id, f"m{number}", end)
        if chance.random() < 0.15:
            clock.now = end
            current = customers.get_customer(shop, customer.id)
            customers.archive_customer(shop, STAFF, current.id, current.version)
    clock.now = end


def _order(shop: Shop, clock: TestClock, chance: Random, customer_id: str, end: object) -> None:
    clock.now = min(clock.now + timedelta(days=chance.randint(0, 60), minutes=chance.randint(0, 900)), end)  # type: ignore[call-overload]
    picked = chance.sample(GOODS, chance.randint(1, 2))
    lines = tuple(LineItem(title, chance.randint(1, 3), chance.randint(100, 9000), sku) for title, sku in picked)
    wanted = replace(draft(customers.get_customer(shop, customer_id)), lines=lines)
    order = orders.place_order(shop, STAFF, wanted, orders.new_idempotency_key(shop)).order
    if chance.random() < 0.15:
        orders.change_status(shop, STAFF, ref(order), OrderStatus.CANCELLED)
    elif chance.random() < 0.2:
        amount = chance.randint(1, order.total)
        orders.refund_order(shop, MANAGER, ref(order), amount, "broken", new_part_id())


def _message(shop: Shop, clock: TestClock, chance: Random, customer_id: str, key: str, end: object) -> None:
    sent = min(clock.now + timedelta(days=chance.randint(0, 200)), end)  # type: ignore[call-overload]
    seen = [outcome for outcome in (Outcome.DELIVERED, Outcome.OPENED, Outcome.CLICKED) if chance.random() < 0.5]
    message = Message(
        recipient=customer_id,
        key=key,
        template="news",
        version=1,
        kind=chance.choice([Kind.MARKETING, Kind.TRANSACTIONAL]),
        status=chance.choice([MessageStatus.SENT, MessageStatus.SENT, MessageStatus.UNKNOWN]),
        to="somebody@example.com",
        name="Somebody",
        requested_at=sent,
        requested_by="test",
        due_at=sent,
        customer_id=customer_id,
        sent_at=sent,
        test=chance.random() < 0.1,
        outcomes={outcome: sent + timedelta(hours=chance.randint(1, 90)) for outcome in seen},
    )
    shop.store.put(Put(key_of(message), message_item(message, ledger.hour_of(shop, sent))))


# --- rules -------------------------------------------------------------------------------------------------------


@dataclass
class RandomRules:
    """Rules by chance, whose numbers and days are mostly those of the shop: ends of ranges are where mistakes are."""

    chance: Random
    today: date
    people: list[Person]

    def __post_init__(self) -> None:
        self._days = [self.today]
        self._money = {NumberField.REVENUE: [0], NumberField.AVERAGE: [0]}
        for person in self.people:
            mailed = [mail[name] for mail in person.mails for name in ("sent", "opened", "clicked") if mail[name]]
            self._days += [person.joined, *person.days, *mailed]
            self._money[NumberField.REVENUE].append(person.revenue)
            self._money[NumberField.AVERAGE].append(person.revenue // max(len(person.bought), 1))

    def rule(self) -> Rule:
        return Rule(self._group(3), archived=self.chance.random() < 0.2)

    def single(self) -> Rule:
        return Rule(Group(parts=(self._condition(),)))

    def _group(self, deepest: int) -> Group:
        parts = []
        for _ in range(self.chance.randint(1, 3)):
            nested = deepest > 1 and self.chance.random() < 0.3
            parts.append(self._group(deepest - 1) if nested else self._condition())
        return Group(self.chance.choice(list(Match)), tuple(parts))

    def _condition(self) -> Part:
        makers: list[Callable[[], Test]] = [self._number, self._day, self._words, self._bought, self._mailed]
        return replace(self.chance.choice(makers)(), negated=self.chance.random() < 0.3)

    def _number(self) -> Number:
        field, test = self.chance.choice(list(NumberField)), self.chance.choice(list(NumberTest))
        values = self._money.get(field, list(range(7)))
        low, high = sorted((self.chance.choice(values), self.chance.choice(values)))
        return Number(field, test, low, high if test is NumberTest.BETWEEN else 0)

    def _day(self) -> Day:
        test = self.chance.choice(list(DayTest))
        first, last = sorted((self.chance.choice(self._days), self.chance.choice(self._days)))
        return Day(
            self.chance.choice(list(DayField)),
            test,
            days=max(self._ago(), 1) if test in (DayTest.WITHIN, DayTest.LONGER_AGO) else 0,
            first=first if test in (DayTest.FROM, DayTest.BETWEEN) else None,
            last=last if test in (DayTest.UNTIL, DayTest.BETWEEN) else None,
        )

    def _words(self) -> Words:
        choices: dict[WordField, list[str]] = {
            WordField.COUNTRY: COUNTRIES,
            WordField.CITY: CITIES,
            WordField.TAG: TAGS,
            WordField.CONSENT: list(ConsentState),
            WordField.EMAIL: list(EmailState),
            WordField.CLASS: list(RfmClass),
        }
        field = self.chance.choice(list(WordField))
        return Words(field, tuple(self.chance.sample(choices[field], self.chance.randint(1, 2))))

    def _bought(self) -> Bought:
        by = self.chance.choice(list(Goods))
        words = [title if by is Goods.PRODUCT else sku for title, sku in self.chance.sample(GOODS, 2)]
        return Bought(by, tuple(words), self.chance.choice([0, self._ago(), self._ago()]))

    def _mailed(self) -> Mailed:
        event, kind = self.chance.choice(list(MailEvent)), self.chance.choice(list(MailKind))
        return Mailed(event, kind, self.chance.choice([0, self._ago(), self._ago()]))

    def _ago(self) -> int:
        """Days ago; of something that happened and can still be on the first day of a range, or a day off."""
        return max((self.today - self.chance.choice(self._days)).days + self.chance.choice([-1, 0, 0, 1]), 0)
