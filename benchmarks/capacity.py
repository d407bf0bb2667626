"""What the same work costs on DynamoDB, by AWS's rules from the bytes of the items. No time is measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from zoneinfo import ZoneInfo

from backend.bootstrap import open_store
from backend.domain.customers import Customer
from backend.domain.messages import Message
from backend.domain.orders import LineItem, OrderStatus
from backend.domain.team import COMMAND_LINE
from backend.domain.time import utc_now
from backend.email.transports.recording import RecordingTransport
from backend.services.context import Shop
from backend.services.customers import customers, leaderboards
from backend.services.customers.customers import Profile
from backend.services.customers.leaderboards import Measure
from backend.services.orders import orders
from backend.services.orders.lists import orders_of
from backend.services.orders.orders import OrderDraft, OrderRef
from backend.services.sending.delivery import deliver_due
from backend.services.sending.requests import SendRequest, request_message
from backend.store.meter import Meter, Usage
from benchmarks.mail_shop import MailShop
from benchmarks.results import Measurement

ORDER_TARGET = 20.0
TOP_TARGET = 4.0
_PEOPLE = 120
_ADDRESS = "maria.lopez@example.com"
_LINES = (
    LineItem("Assam tea, loose leaf, 100 g", 2, 1290, "TEA-AS-100"),
    LineItem("Tea strainer, steel", 1, 890, "TEA-ST-1"),
)


def measure() -> Iterator[Measurement]:
    """Yields requests and units of changes of orders and customers, of an email, and of the leaderboard."""
    meter = _Counting()
    shop = Shop(open_store("sqlite://", meter=meter), utc_now, ZoneInfo("UTC"), "USD")
    try:
        shop.store.create_tables()
        for name, work in _steps(shop):
            meter.reset()
            work()
            yield from _lines(name, meter)
    finally:
        shop.store.close()


class _Counting(Meter):
    """Distinguishes requests that write from those that only read."""

    writing = 0

    def add(self, *, read_units: float = 0.0, write_units: float = 0.0, requests: int = 1) -> None:
        super().add(read_units=read_units, write_units=write_units, requests=requests)
        self.writing += requests if write_units else 0

    def reset(self) -> None:
        super().reset()
        self.writing = 0

    def total(self) -> Usage:
        used = self.usage().values()
        return Usage(*(sum(getattr(each, name) for each in used) for name in Usage.__slots__))


def _steps(shop: Shop) -> Iterator[tuple[str, Callable[[], object]]]:
    """What is measured, in an order in which each finds what it needs."""
    for number in range(_PEOPLE):
        _place(shop, _create(shop, f"Customer {number}", f"customer.{number}@example.com").id)
    yield "a customer is added", lambda: _create(shop, "Maria Lopez", _ADDRESS)
    maria = _maria(shop)
    yield "a first order is placed", lambda: _place(shop, maria.id)
    yield "an order is placed", lambda: _place(shop, maria.id)

    def ref() -> OrderRef:
        last = orders.get_order(shop, maria.id, orders_of(shop, maria.id, limit=1).orders[0].id)
        return OrderRef(maria.id, last.id, last.version)

    seen = ref()
    yield "an order changes its status", lambda: orders.change_status(shop, COMMAND_LINE, seen, OrderStatus.FULFILLED)
    paid = ref()
    yield "an order is refunded in part", lambda: orders.refund_order(shop, COMMAND_LINE, paid, 100, "Broken", "R1")
    refunded = ref()
    yield "an order is cancelled", lambda: orders.change_status(shop, COMMAND_LINE, refunded, OrderStatus.CANCELLED)
    profile = Profile("Maria Perez", "maria.perez@example.com", "ES")
    yield "a profile is edited", lambda: customers.edit_customer(shop, COMMAND_LINE, maria.id, 1, profile)
    yield from _email_steps(shop, maria)
    yield "top 25 of all time", lambda: leaderboards.top_customers(shop, Measure.REVENUE, limit=25)
    month = f"{shop.clock():%Y-%m}"
    yield "top 25 of a month", lambda: leaderboards.top_customers(shop, Measure.ORDERS, month, limit=25)


def _email_steps(shop: Shop, customer: Customer) -> Iterator[tuple[str, Callable[[], object]]]:
    """An email about an order, when others of its kind have gone out before."""
    mail = MailShop(shop, [customer])
    mailer = mail.mailer(RecordingTransport())
    _place(shop, customer.id)
    order_id = orders_of(shop, customer.id, limit=1).orders[0].id

    def request(key: str) -> Message:
        wanted = SendRequest("order-confirmation", key, customer.id, order_id=order_id)
        return request_message(shop, mailer, COMMAND_LINE, wanted).message

    request("first")
    mail.drain(mailer)
    yield "an email is requested", lambda: request("second")
    yield "an email goes out", lambda: deliver_due(shop, mailer)


def _create(shop: Shop, name: str, email: str) -> Customer:
    return customers.create_customer(shop, COMMAND_LINE, Profile(name, email, "DE", tags=("newsletter",)))


def _maria(shop: Shop) -> Customer:
    found = customers.find_by_email(shop, _ADDRESS)
    if found is None:
        raise AssertionError("The customer was not added.")
    return found


def _place(shop: Shop, customer_id: str) -> None:
    draft = OrderDraft(customer_id, _LINES, shipping=590, status=OrderStatus.PAID)
    orders.place_order(shop, COMMAND_LINE, draft, orders.new_idempotency_key(shop))


def _lines(name: str, meter: _Counting) -> Iterator[Measurement]:
    used, reading = meter.total(), name.startswith("top")
    placing = name == "an order is placed"
    if used.write_units:
        yield _line(f"{name}: write units", used.write_units, "WCU", ORDER_TARGET if placing else None)
        yield _line(f"{name}: requests that write", meter.writing, "requests", 1.0 if placing else None)
    if used.read_units:
        yield _line(f"{name}: read units", used.read_units, "RCU", TOP_TARGET if reading else None)
        yield _line(f"{name}: requests that read", used.requests - meter.writing, "requests", None)


def _line(what: str, value: float, unit: str, target: float | None) -> Measurement:
    return Measurement("capacity", what, value, unit, 1, target=target)
