"""What an order of an export becomes here."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from backend.domain.customers import ConsentSource
from backend.domain.imports import ImportProgress
from backend.domain.orders import LineItem, Order, OrderStatus
from backend.domain.team import Actor, Role
from backend.errors import PermissionDeniedError
from backend.services.context import Shop
from backend.services.customers import customers
from backend.services.customers.customers import activity_of, find_by_email, get_customer
from backend.services.customers.leaderboards import Measure, top_customers
from backend.services.customers.lists import CustomerFilter, Sort, list_customers
from backend.services.imports import import_orders
from backend.services.orders import orders
from backend.services.orders.lists import find_order, orders_of
from backend.services.orders.parts import new_part_id
from backend.services.statistics.figures import counts_of, totals_by_day, totals_of
from tests.services.imports.shopify_csv import export, faults, imported, line, order
from tests.support import STAFF, TestClock, add_customer, add_order, opened_shop


def found(shop: Shop, number: str = "#1001") -> Order:
    order = find_order(shop, number)
    assert order is not None
    return order


def test_an_order_keeps_the_figures_of_the_file_even_where_its_lines_add_up_to_less(shop: Shop) -> None:
    imported(shop, order(subtotal="20.01", total="26.01", discount_amount="1.50", discount_code="TEA10"), line())

    kept = found(shop)
    assert kept.lines == (LineItem("Assam tea", 2, 1000, "TEA-1"), LineItem("Tea pot", 1, 600))
    assert (kept.subtotal, kept.shipping, kept.tax, kept.discount, kept.total) == (2001, 500, 100, 150, 2601)
    assert (kept.number, kept.source, kept.discount_code, kept.country) == ("#1001", "shopify", "TEA10", "DE")
    assert kept.placed_at == datetime(2026, 3, 2, 10, tzinfo=UTC)
    assert [(entry.by, entry.text) for entry in kept.history] == [("sam", "Imported as paid")]


def test_a_customer_comes_with_the_first_order_and_is_known_from_that_day(shop: Shop) -> None:
    result = imported(
        shop,
        order(tags="Tea lover, #VIP", phone="'+49 30 1234"),
        order("#1002", email="MARIA@example.com", created_at="2026-04-02 10:00:00 +0000"),
    )

    assert (result.orders.created, result.customers.created) == (2, 1)
    customer = find_by_email(shop, "maria@example.com")
    assert customer is not None
    assert (customer.name, customer.email, customer.city, customer.country) == (
        "Maria Lopez", "maria@example.com", "Berlin", "DE",
    )  # fmt: skip
    assert (customer.tags, customer.phone, customer.source) == (("tea lover", "vip"), "+49 30 1234", "shopify")
    assert customer.created_at == datetime(2026, 3, 2, 10, tzinfo=UTC)
    assert (customer.orders, customer.revenue, customer.first_day) == (2, 5200, "2026-03-02")
    assert [activity.text for activity in activity_of(shop, customer.id)] == ["Imported with order #1001"]
    assert counts_of(shop, "tag") == {"tea lover": 1, "vip": 1}
    assert [c.id for c in list_customers(shop, CustomerFilter(search="lop")).customers] == [customer.id]
    assert [c.id for c in list_customers(shop, CustomerFilter(sort=Sort.NEWEST)).customers] == [customer.id]


def test_the_first_day_of_a_customer_is_right_whatever_the_order_of_the_file(shop: Shop) -> None:
    imported(
        shop,
        order("#1003", created_at="2026-03-03 10:00:00 +0000"),
        order("#1001", created_at="2026-03-01 10:00:00 +0000"),
        order("#1002", created_at="2026-03-02 10:00:00 +0000"),
    )

    days = {day.day: day.totals for day in totals_by_day(shop, date(2026, 3, 1), date(2026, 3, 31))}
    assert [days[date(2026, 3, n)].new_customers for n in (1, 2, 3)] == [1, 0, 0]
    assert [days[date(2026, 3, n)].orders for n in (1, 2, 3)] == [1, 1, 1]


@pytest.mark.parametrize(
    ("financial", "fulfilment", "cancelled_at", "status"),
    [
        ("paid", "", "", OrderStatus.PAID),
        ("PAID", "unfulfilled", "", OrderStatus.PAID),
        ("partially_refunded", "partial", "", OrderStatus.PAID),
        ("refunded", "restocked", "", OrderStatus.PAID),
        ("paid", "fulfilled", "", OrderStatus.FULFILLED),
        ("pending", "fulfilled", "", OrderStatus.FULFILLED),
        ("pending", "", "", OrderStatus.PENDING),
        ("authorized", "", "", OrderStatus.PENDING),
        ("partially_paid", "", "", OrderStatus.PENDING),
        ("Partially paid", "", "", OrderStatus.PENDING),
        ("expired", "", "", OrderStatus.PENDING),
        ("voided", "", "", OrderStatus.CANCELLED),
        ("paid", "fulfilled", "2026-03-05 10:00:00 +0000", OrderStatus.CANCELLED),
    ],
)
def test_two_statuses_of_shopify_become_one(
    shop: Shop, financial: str, fulfilment: str, cancelled_at: str, status: OrderStatus
) -> None:
    imported(
        shop, order(financial_status=financial, fulfillment_status=fulfilment, cancelled_at=cancelled_at)
    )  # fmt: skip
    assert found(shop).status is status


def test_a_cancelled_order_counts_as_cancelled_and_leaves_its_customer_off_the_board(shop: Shop) -> None:
    imported(shop, order(cancelled_at="2026-03-05 10:00:00 +0000", refunded_amount="26.00"))

    totals = totals_of(totals_by_day(shop, date(2026, 3, 1), date(2026, 3, 31)))
    assert (totals.orders, totals.revenue, totals.refunded, totals.cancelled) == (0, 0, 2600, 1)
    assert top_customers(shop, Measure.REVENUE) == []
    assert found(shop).refunds[0].at == datetime(2026, 3, 5, 10, tzinfo=UTC)


def test_a_refunded_amount_becomes_one_refund(shop: Shop) -> None:
    imported(shop, order(financial_status="partially_refunded", refunded_amount="6.00"))

    assert [(refund.id, refund.amount) for refund in found(shop).refunds] == [("import", 600)]
    assert top_customers(shop, Measure.REVENUE)[0].revenue == 2000


def test_orders_without_an_address_get_customers_of_their_own_who_cannot_be_emailed(shop: Shop) -> None:
    walk_in = {"email": "", "billing_name": "", "tags": "pos"}
    result = imported(shop, order("#1", **walk_in), order("#2", **walk_in))
    again = imported(shop, order("#1", **walk_in), order("#2", **walk_in))

    assert (result.customers.created, again.customers.created, again.orders.unchanged) == (2, 0, 2)
    customer = get_customer(shop, found(shop, "#1").customer_id)
    assert (customer.name, customer.email, customer.consent) == ("Walk-in customer #1", None, None)


def test_a_customer_without_a_billing_name_is_called_by_the_address(shop: Shop) -> None:
    imported(shop, order(billing_name=""))
    assert found(shop).customer_name == "maria@example.com"


def test_orders_of_a_customer_who_is_here_already_join_that_customer_and_leave_the_profile_alone(shop: Shop) -> None:
    known = add_customer(shop, "Maria L.", "maria@example.com", country="FR", tags=["regular"])
    add_order(shop, known, 1000)

    result = imported(shop, order(tags="other"))

    assert result.customers.created == 0
    now = get_customer(shop, known.id)
    assert (now.name, now.country, now.tags, now.orders, now.revenue) == ("Maria L.", "FR", ("regular",), 2, 3600)
    assert len(orders_of(shop, known.id).orders) == 2


def test_orders_of_an_archived_customer_come_in_all_the_same(shop: Shop) -> None:
    known = add_customer(shop, email="maria@example.com")
    customers.archive_customer(shop, STAFF, known.id, known.version)

    assert imported(shop, order()).orders.created == 1
    assert get_customer(shop, known.id).archived


def test_consent_is_that_of_the_newest_order_whatever_the_order_of_the_file(shop: Shop) -> None:
    imported(
        shop,
        order("#1", accepts_marketing="yes", created_at="2026-02-01 10:00:00 +0000"),
        order("#3", accepts_marketing="no", created_at="2026-04-01 10:00:00 +0000"),
        order("#2", accepts_marketing="yes", created_at="2026-03-01 10:00:00 +0000"),
        order("#4", accepts_marketing="", created_at="2026-05-01 10:00:00 +0000"),
    )

    customer = find_by_email(shop, "maria@example.com")
    assert customer is not None
    assert customer.consent is not None
    assert (customer.consent.given, customer.consent.source) == (False, ConsentSource.IMPORT)
    assert customer.consent.at == datetime(2026, 4, 1, 10, tzinfo=UTC)
    assert "Refused marketing (import)" in [each.text for each in activity_of(shop, customer.id)]


@pytest.mark.parametrize("given", [True, False])
def test_an_import_never_overrules_what_staff_recorded(shop: Shop, given: bool) -> None:
    known = add_customer(shop, email="maria@example.com", consent=given)

    imported(shop, order(accepts_marketing="no" if given else "yes"))

    consent = get_customer(shop, known.id).consent
    assert consent is not None
    assert (consent.given, consent.source) == (given, ConsentSource.STAFF)


def test_somebody_whom_nobody_asked_takes_the_answer_of_the_import(shop: Shop) -> None:
    known = add_customer(shop, email="maria@example.com")
    imported(shop, order(accepts_marketing="yes"))

    now = get_customer(shop, known.id)
    assert now.consent is not None
    assert now.consent.given
    assert now.version == known.version + 1


def test_days_are_those_of_the_shops_zone(clock: TestClock, tmp_path: Path) -> None:
    with opened_shop(clock=clock, zone="Asia/Tokyo", data_dir=tmp_path) as shop:
        imported(shop, order(created_at="2026-03-02 20:00:00 +0000"))
        days = [day.day for day in totals_by_day(shop, date(2026, 3, 1), date(2026, 3, 31))]
    assert days == [date(2026, 3, 3)]


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2026-03-02 10:00:00 +0100", datetime(2026, 3, 2, 9, tzinfo=UTC)),
        ("2026-03-02T10:00:00Z", datetime(2026, 3, 2, 10, tzinfo=UTC)),
        ("2026-03-02T10:00:00.123-05:30", datetime(2026, 3, 2, 15, 30, tzinfo=UTC)),
        ("2026-03-02 10:00 UTC", datetime(2026, 3, 2, 10, tzinfo=UTC)),
        ("2026-03-02 10:00:00", datetime(2026, 3, 2, 10, tzinfo=UTC)),
        ("2026-03-02", datetime(2026, 3, 2, tzinfo=UTC)),
    ],
)
def test_dates_come_in_the_ways_that_programs_write_them(shop: Shop, written: str, moment: datetime) -> None:
    imported(shop, order(created_at=written))
    assert found(shop).placed_at == moment


@pytest.mark.parametrize(("written", "code"), [("us", "US"), ("Germany", "DE"), ("UK", "GB"), ("USA", "US"), ("", "")])
def test_countries_come_as_codes_or_english_names(shop: Shop, written: str, code: str) -> None:
    imported(shop, order(billing_country=written))
    assert found(shop).country == code


def test_html_and_notes_of_several_lines_come_in_as_the_text_that_they_are(shop: Shop) -> None:
    imported(shop, order(billing_name="<b>Maria</b>", notes="Ring twice.\nThen <script>run</script>"))
    kept = found(shop)
    assert (kept.customer_name, kept.note) == ("<b>Maria</b>", "Ring twice.\nThen <script>run</script>")


def test_an_imported_order_can_be_changed_and_refunded_like_any_other(shop: Shop) -> None:
    imported(shop, order())
    before = found(shop)
    paid = orders.change_status(
        shop, STAFF, orders.OrderRef(before.customer_id, before.id, before.version), OrderStatus.FULFILLED
    )
    ref = orders.OrderRef(paid.customer_id, paid.id, paid.version)
    refunded = orders.refund_order(shop, STAFF, ref, 600, "Broken", new_part_id())
    assert (refunded.status, refunded.refunded) == (OrderStatus.FULFILLED, 600)


@pytest.mark.usefixtures("small_batches")
def test_the_progress_grows_to_the_end(shop: Shop) -> None:
    seen: list[ImportProgress] = []
    path = export(shop.data_dir, *(order(f"#{number}") for number in range(700)))

    import_orders(shop, STAFF, path, progress=seen.append)

    shares = [progress.share for progress in seen]
    assert shares == sorted(shares)
    assert (shares[-1], seen[-1].counts.created) == (1.0, 700)
    assert len({progress.counts.created for progress in seen}) > 2


def test_an_import_needs_the_permission(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    path = export(shop.data_dir, order())
    # Every role may import today, so one is made that may not.
    monkeypatch.setattr("backend.domain.team.PERMISSIONS", {Role.MANAGER: frozenset()})
    with pytest.raises(PermissionDeniedError):
        import_orders(shop, Actor("nobody", Role.MANAGER), path)
    assert find_order(shop, "#1001") is None


def test_faults_of_an_ordinary_import_are_none(shop: Shop) -> None:
    assert faults(imported(shop, order())) == []
