"""The same file again, and newer exports of the same orders."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

from backend.domain.orders import Order, OrderStatus
from backend.services.context import Shop
from backend.services.customers import customers
from backend.services.customers.customers import find_by_email
from backend.services.customers.leaderboards import Measure, top_customers
from backend.services.imports import import_orders
from backend.services.orders import orders
from backend.services.orders.lists import find_order
from backend.services.statistics.figures import totals_by_day, totals_of
from tests.recount import assert_totals_hold
from tests.services.imports.shopify_csv import export, faults, imported, line, order, text_of, written
from tests.support import MANAGER, STAFF, TestClock, ref


def found(shop: Shop, number: str = "#1001") -> Order:
    order = find_order(shop, number)
    assert order is not None
    return order


def items(shop: Shop) -> list[object]:
    return list(shop.store.scan("shop", limit=100_000).rows)


def test_the_same_rows_again_write_nothing_however_the_file_is_dressed(shop: Shop) -> None:
    rows = (order(), line(), order("#1002", email="other@example.com"))
    imported(shop, *rows)
    before = items(shop)
    dressed = text_of(rows, header=[*reversed(order()), "Vendor"], delimiter=";", end="\r\n").encode("utf-16")

    again = import_orders(shop, STAFF, written(shop.data_dir, dressed))

    assert again.orders.as_dict() == {"created": 0, "updated": 0, "unchanged": 2, "failed": 0}
    assert items(shop) == before


def test_a_newer_export_moves_status_amounts_lines_and_totals(shop: Shop, clock: TestClock) -> None:
    imported(shop, order())
    clock.forward(days=1)

    result = imported(
        shop,
        order(subtotal="26.00", total="32.00", fulfillment_status="fulfilled", refunded_amount="2.00", notes="Gift"),
        line(),
    )

    assert (result.orders.updated, result.orders.created) == (1, 0)
    now = found(shop)
    assert (now.status, now.total, now.refunded, len(now.lines), now.note) == ("fulfilled", 3200, 200, 2, "Gift")
    assert now.history[-1].text == (
        "Updated by import: paid → fulfilled, total $26.00 → $32.00, refunded $0.00 → $2.00, line items"
    )
    assert top_customers(shop, Measure.REVENUE)[0].revenue == 3000
    totals = totals_of(totals_by_day(shop, date(2026, 3, 2), date(2026, 3, 2)))
    assert (totals.orders, totals.revenue, totals.refunded) == (1, 3000, 200)


def test_a_newer_export_can_cancel_the_only_order_of_a_customer(shop: Shop) -> None:
    imported(shop, order())
    imported(shop, order(cancelled_at="2026-03-05 10:00:00 +0000"))

    assert top_customers(shop, Measure.REVENUE) == []
    assert totals_of(totals_by_day(shop, date(2026, 3, 2), date(2026, 3, 2))).cancelled == 1


def test_several_orders_of_one_customer_are_updated_in_one_go(shop: Shop) -> None:
    numbers = [f"#{n}" for n in range(1, 6)]
    imported(shop, *(order(number) for number in numbers))
    result = imported(shop, *(order(number, cancelled_at="2026-03-05 10:00:00 +0000") for number in numbers))

    assert (result.orders.updated, result.orders.failed) == (5, 0)
    customer = find_by_email(shop, "maria@example.com")
    assert customer is not None
    assert (customer.orders, customer.revenue) == (0, 0)
    assert top_customers(shop, Measure.ORDERS) == []


def test_what_people_changed_here_survives_the_same_file(shop: Shop) -> None:
    imported(shop, order())
    changed = orders.change_status(shop, STAFF, ref(found(shop)), OrderStatus.FULFILLED)
    before = items(shop)

    again = imported(shop, order())

    assert again.orders.unchanged == 1
    assert found(shop) == changed
    assert items(shop) == before


def test_an_export_that_says_something_new_wins_over_what_people_changed_here(shop: Shop) -> None:
    imported(shop, order())
    orders.change_status(shop, STAFF, ref(found(shop)), OrderStatus.FULFILLED)

    imported(shop, order(notes="New"))

    assert (found(shop).status, found(shop).note) == (OrderStatus.PAID, "New")


def test_refunds_made_here_stay_and_count_towards_what_the_export_says(shop: Shop) -> None:
    imported(shop, order())
    orders.refund_order(shop, MANAGER, ref(found(shop)), 500, "Broken", "HERE")

    imported(shop, order(refunded_amount="5.00"))
    assert [(refund.id, refund.amount) for refund in found(shop).refunds] == [("HERE", 500)]

    imported(shop, order(refunded_amount="8.00"))
    assert [(refund.id, refund.amount) for refund in found(shop).refunds] == [("HERE", 500), ("import", 300)]

    imported(shop, order(refunded_amount="9.50"))
    assert [(refund.id, refund.amount) for refund in found(shop).refunds] == [("HERE", 500), ("import", 450)]
    assert top_customers(shop, Measure.REVENUE)[0].revenue == 2600 - 950


def test_an_export_whose_total_is_below_what_was_refunded_here_comes_in_as_it_is(shop: Shop) -> None:
    imported(shop, order())
    orders.refund_order(shop, MANAGER, ref(found(shop)), 2600, "", "HERE")

    assert imported(shop, order(total="20.00")).orders.updated == 1

    assert (found(shop).total, found(shop).refunded, found(shop).refundable) == (2000, 2600, 0)
    assert_totals_hold(shop)


def test_an_address_that_changed_leaves_the_order_with_its_customer(shop: Shop) -> None:
    imported(shop, order())
    owner = found(shop).customer_id

    result = imported(shop, order(email="new@example.com"))

    assert (result.orders.unchanged, result.customers.created) == (1, 0)
    assert found(shop).customer_id == owner
    assert find_by_email(shop, "new@example.com") is None


def test_a_customer_who_was_renamed_here_keeps_the_name_and_gets_the_orders(shop: Shop) -> None:
    imported(shop, order())
    customer = find_by_email(shop, "maria@example.com")
    assert customer is not None
    profile = customers.Profile("Maria Renamed", "maria@example.com", "DE")
    customers.edit_customer(shop, STAFF, customer.id, customer.version, profile)

    imported(shop, order("#1002"))

    assert [(each.name, each.orders) for each in top_customers(shop, Measure.REVENUE)] == [("Maria Renamed", 2)]


def test_only_a_changed_consent_updates_the_customer_and_not_the_order(shop: Shop) -> None:
    imported(shop, order())
    version = found(shop).version

    result = imported(shop, order(accepts_marketing="no"))

    customer = find_by_email(shop, "maria@example.com")
    assert customer is not None
    assert customer.consent is not None
    assert (result.orders.updated, customer.consent.given, found(shop).version) == (1, False, version)


def test_an_order_that_is_missing_behind_its_reference_fails_with_a_sentence(shop: Shop, tmp_path: Path) -> None:
    from backend.store import schema
    from backend.store.port import Delete

    imported(shop, order())
    kept = found(shop)
    shop.store.delete(Delete(schema.order_key(kept.customer_id, kept.id)))

    result = import_orders(shop, STAFF, export(tmp_path, order(notes="New")))

    assert faults(result)[0]["Reason"] == "The order was imported before and is not here any more."


def test_an_order_that_was_changed_too_often_fails_alone(shop: Shop) -> None:
    from backend.domain.orders import MOST_HISTORY
    from backend.records.orders import order_day, order_item
    from backend.store import schema
    from backend.store.port import Put

    imported(shop, order(), order("#1002"))
    kept = found(shop)
    key = schema.order_key(kept.customer_id, kept.id)
    item = shop.store.get(key)
    assert item is not None
    full = replace(kept, history=kept.history * MOST_HISTORY)
    shop.store.put(Put(key, order_item(full, shop.zone, order_day(item))))

    result = imported(shop, order(notes="New"), order("#1002", notes="New"))

    assert (result.orders.updated, result.orders.failed) == (1, 1)
    assert "too often" in faults(result)[0]["Reason"]
