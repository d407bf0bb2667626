"""How the demo shop's customers come, buy, cancel and send back. Everything follows from one seeded generator."""

from __future__ import annotations

import bisect
import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from backend.demo.catalogue import CITIES, COUNTRIES, COUNTRY_WEIGHTS, PRODUCTS, names_of
from backend.demo.outcomes import address_of, sent
from backend.domain.addresses import Address
from backend.domain.customers import Consent, ConsentSource, Customer
from backend.domain.ids import order_id_of
from backend.domain.money import divided, half_up
from backend.domain.orders import HistoryEntry, LineItem, Order, OrderStatus, Refund
from backend.domain.text import fold

SOURCE = "demo"
DAYS = 730
_ID_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MONTH_WEIGHTS = (0.75, 0.72, 0.85, 0.85, 0.9, 0.8, 0.7, 0.75, 1.0, 1.1, 1.75, 2.1)
_WEEKDAY_WEIGHTS = (1.05, 1.0, 0.95, 1.0, 0.95, 1.15, 1.3)
_DOMAINS = ("example.com", "example.org", "example.net")


@dataclass(frozen=True, slots=True)
class DemoCustomer:
    """A customer of the demo shop with all orders, in the order of time."""

    customer: Customer
    orders: tuple[Order, ...]
    address: Address | None = None


class DemoShop:
    """Generates the demo shop up to `today`; the same arguments give the same customers and orders."""

    def __init__(self, today: date, zone: ZoneInfo, currency: str, now: datetime) -> None:
        self._random = random.Random(20260406)  # noqa: S311 - invented data, nothing secret
        self._zone, self._currency, self._now = zone, currency, now
        self._days = [today - timedelta(days=DAYS - 1 - n) for n in range(DAYS)]
        weights = (self._weight(n, day) for n, day in enumerate(self._days))
        self._cumulative = list(itertools.accumulate(weights))
        self._product_weights = list(itertools.accumulate(weight for *_, weight in PRODUCTS))
        self._addresses: set[str] = set()
        self._numbers = itertools.count(1001)

    def customers(self, count: int) -> Iterator[DemoCustomer]:
        """Yields `count` customers with their orders."""
        for _ in range(count):
            yield self._customer()

    @staticmethod
    def _weight(n: int, day: date) -> float:
        """How much is bought on a day: the shop grows by half in two years, with seasons and weekends."""
        growth = 1 + 0.5 * n / DAYS
        return growth * _MONTH_WEIGHTS[day.month - 1] * _WEEKDAY_WEIGHTS[day.weekday()]

    def _customer(self) -> DemoCustomer:
        rng = self._random
        customer_id = "".join(rng.choices(_ID_LETTERS, k=10))
        country = rng.choices(COUNTRIES, COUNTRY_WEIGHTS)[0]
        firsts, lasts = names_of(country)
        name = f"{rng.choice(firsts)} {rng.choice(lasts)}"
        moments = self._moments()
        email = None if rng.random() < 0.02 else self._address(name)
        customer = Customer(
            id=customer_id,
            name=name,
            email=email,
            created_at=moments[0] - timedelta(minutes=rng.randint(2, 40)),
            country=country,
            city=rng.choice(CITIES[country]),
            tags=self._tags(len(moments)),
            consent=self._consent(moments[0], email),
            source=SOURCE,
        )
        ordered = moments if rng.random() < 0.96 else []
        address = address_of(customer)
        orders = (sent(self._order(customer, moment), address, self._now) for moment in ordered)
        return DemoCustomer(customer, tuple(orders), address)

    def _moments(self) -> list[datetime]:
        """When the customer buys: most once or twice, a few very often; later orders cluster in the season too."""
        rng = self._random
        count = min(1 + int(rng.paretovariate(1.15) - 0.6), 45)
        days = sorted(self._day_index() for _ in range(count))
        return sorted(self._moment(day) for day in days)

    def _day_index(self) -> int:
        return bisect.bisect_left(self._cumulative, self._random.random() * self._cumulative[-1])

    def _moment(self, day_index: int) -> datetime:
        rng = self._random
        hour = min(max(int(rng.gauss(15, 4)), 0), 23)
        clock = time(hour, rng.randrange(60), rng.randrange(60))
        moment = datetime.combine(self._days[day_index], clock, tzinfo=self._zone).astimezone(UTC)
        return min(moment, self._now - timedelta(minutes=rng.randint(1, 90)))

    def _address(self, name: str) -> str:
        rng = self._random
        local = ".".join(part for part in fold(name).replace("'", "").split())
        for number in itertools.chain([""], itertools.count(2)):
            address = f"{local}{number}@{rng.choice(_DOMAINS)}"
            if address not in self._addresses:
                self._addresses.add(address)
                return address
        raise AssertionError("the numbers do not end")

    def _tags(self, orders: int) -> tuple[str, ...]:
        rng = self._random
        tags = ["vip"] if orders >= 8 else []
        tags += ["wholesale"] if rng.random() < 0.03 else []
        tags += ["newsletter"] if rng.random() < 0.25 else []
        tags += ["tea club"] if rng.random() < 0.08 else []
        return tuple(tags)

    def _consent(self, at: datetime, email: str | None) -> Consent | None:
        asked = self._random.random()
        if email is None or asked < 0.2:
            return None
        return Consent(asked < 0.75, at, ConsentSource.DEMO)

    def _order(self, customer: Customer, placed_at: datetime) -> Order:
        rng = self._random
        number = f"D{next(self._numbers)}"
        wholesale = "wholesale" in customer.tags
        picked = {
            PRODUCTS[bisect.bisect_left(self._product_weights, rng.random() * self._product_weights[-1])]
            for _ in range(min(1 + int(rng.expovariate(0.75)), 7))
        }
        lines = tuple(
            LineItem(title, rng.randint(5, 24) if wholesale else rng.choices((1, 2, 3), (8, 2, 1))[0], price, sku)
            for title, sku, price, _ in sorted(picked)
        )
        amount = sum(line.amount for line in lines)
        discount = divided(amount, 10) if rng.random() < 0.12 else 0
        shipping = 0 if amount - discount > 7500 else 590
        tax = divided((amount - discount) * 7, 100)
        status = self._status(placed_at)
        total = amount - discount + shipping + tax
        return Order(
            id=order_id_of(SOURCE, number, placed_at),
            number=number,
            customer_id=customer.id,
            customer_name=customer.name,
            customer_email=customer.email,
            status=status,
            placed_at=placed_at,
            lines=lines,
            subtotal=amount - discount,
            total=total,
            currency=self._currency,
            discount=discount,
            shipping=shipping,
            tax=tax,
            refunds=self._refunds(status, placed_at, total),
            history=(HistoryEntry(placed_at, SOURCE, f"Placed, now {status}"),),
            source=SOURCE,
            country=customer.country,
            discount_code="WELCOME10" if discount else "",
        )

    def _status(self, placed_at: datetime) -> OrderStatus:
        chance, age = self._random.random(), self._now - placed_at
        if chance < 0.03:
            return OrderStatus.CANCELLED
        if age < timedelta(days=3):
            return OrderStatus.PENDING if chance < 0.3 else OrderStatus.PAID
        return OrderStatus.PAID if chance < 0.06 else OrderStatus.FULFILLED

    def _refunds(self, status: OrderStatus, placed_at: datetime, total: int) -> tuple[Refund, ...]:
        rng = self._random
        if status is not OrderStatus.FULFILLED or rng.random() > 0.04:
            return ()
        amount = total if rng.random() < 0.4 else max(half_up(total * rng.uniform(0.1, 0.6)), 1)
        at = min(placed_at + timedelta(days=rng.randint(2, 20)), self._now)
        reason = rng.choice(("Arrived broken", "Changed their mind", "Wrong colour", "Came too late"))
        return (Refund("demo", amount, at, SOURCE, reason),)
