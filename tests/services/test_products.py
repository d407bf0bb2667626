"""The catalogue, what a customer bought, and who bought a product."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backend.domain.ids import new_order_id
from backend.domain.orders import LineItem, OrderStatus
from backend.domain.products import Sold
from backend.domain.team import COMMAND_LINE
from backend.errors import ConflictError, InvalidInputError, PermissionDeniedError
from backend.services.audit import log as audit_log
from backend.services.context import Shop
from backend.services.insights.buyers import buyers_of
from backend.services.orders import orders
from backend.services.products import catalogue, counting
from backend.services.products.bought import bought_by
from backend.services.products.catalogue import ProductDraft, ProductTakenError
from backend.services.products.figures import Days
from backend.services.products.lists import ProductFilter, ProductSort, list_products, products_to_sell
from backend.services.snapshots.build import make_first
from tests.support import ENGINEER, NOW, STAFF, add_customer, draft, ref

TEA, POT = LineItem("Assam", 2, 1000, "TEA-1"), LineItem("Teapot", 1, 4500)


def place(shop: Shop, customer_id: str, *lines: LineItem, days: int = 0) -> orders.Order:
    then = NOW - timedelta(days=days)
    wanted = orders.OrderDraft(customer_id, lines, status=OrderStatus.PAID, placed_at=then)
    return orders.place_order(shop, STAFF, wanted, new_order_id(then)).order


def test_a_product_is_added_edited_archived_and_restored_and_the_audit_log_says_so(shop: Shop) -> None:
    made = catalogue.create_product(shop, STAFF, ProductDraft(" Assam ", "TEA-1", price=990))
    edited = catalogue.edit_product(
        shop,
        STAFF,
        made.id,
        made.version,
        ProductDraft("Assam", "TEA-1", "100 g", 1090, "https://cdn.example.com/a.jpg"),
    )
    assert (edited.name, edited.price, edited.version) == ("Assam - 100 g", 1090, 2)
    with pytest.raises(ConflictError, match="Someone else has changed this product"):
        catalogue.archive_product(shop, STAFF, made.id, made.version)
    archived = catalogue.archive_product(shop, STAFF, made.id, edited.version)
    assert products_to_sell(shop) == []
    assert list_products(shop, ProductFilter(archived=True)).count == 1
    catalogue.restore_product(shop, STAFF, made.id, archived.version)
    assert [each.name for each in products_to_sell(shop)] == ["Assam - 100 g"]
    entries = audit_log.list_entries(shop, COMMAND_LINE, audit_log.AuditFilter("2026-11")).entries
    actions = {"added a product", "changed a product", "archived a product", "restored a product"}
    assert {each.action for each in entries} == actions


def test_a_sku_and_a_title_without_one_belong_to_one_product(shop: Shop) -> None:
    catalogue.create_product(shop, STAFF, ProductDraft("Assam", "TEA-1"))
    pot = catalogue.create_product(shop, STAFF, ProductDraft("Teapot"))
    with pytest.raises(ProductTakenError, match="“Assam” has this SKU already"):
        catalogue.create_product(shop, STAFF, ProductDraft("Sencha", "tea-1"))
    with pytest.raises(ProductTakenError, match="“Teapot” has this title already") as taken:
        catalogue.create_product(shop, STAFF, ProductDraft("TEAPOT"))
    assert taken.value.product_id == pot.id
    with pytest.raises(ProductTakenError):
        catalogue.edit_product(shop, STAFF, pot.id, pot.version, ProductDraft("Teapot", "TEA-1"))


@pytest.mark.parametrize(
    "picture", ["http://example.com/a.jpg", "javascript:alert(1)", "https://me:pw@example.com/a", "x"]
)
def test_a_picture_is_an_https_address(shop: Shop, picture: str) -> None:
    with pytest.raises(InvalidInputError, match="https://"):
        catalogue.create_product(shop, STAFF, ProductDraft("Assam", picture=picture))


def test_who_may_not_change_products_is_refused(shop: Shop) -> None:
    with pytest.raises(PermissionDeniedError):
        catalogue.create_product(shop, ENGINEER, ProductDraft("Assam"))


def test_the_list_is_searched_sorted_and_read_page_by_page(shop: Shop) -> None:
    customer = add_customer(shop)
    place(shop, customer.id, TEA, days=40)
    place(shop, customer.id, POT)
    counting.count_sold(shop)
    catalogue.create_product(shop, STAFF, ProductDraft("Zest", "Z-1", price=100))

    def names(**wanted: object) -> list[str]:
        return [each.product.name for each in list_products(shop, ProductFilter(**wanted)).products]  # type: ignore[arg-type]

    assert names() == ["Teapot", "Assam", "Zest"]
    assert names(sort=ProductSort.UNITS) == ["Assam", "Teapot", "Zest"]
    assert names(sort=ProductSort.NAME) == ["Assam", "Teapot", "Zest"]
    assert names(sort=ProductSort.PRICE) == ["Teapot", "Assam", "Zest"]
    assert names(search="tea-") == ["Assam"]
    week = Days(NOW.date() - timedelta(days=7), NOW.date())
    assert [each.sold for each in list_products(shop, ProductFilter(days=week)).products] == [
        Sold(1, 4500),
        Sold(),
        Sold(),
    ]
    first = list_products(shop, ProductFilter(), limit=2)
    rest = list_products(shop, ProductFilter(), limit=2, cursor=first.cursor)
    assert (first.count, len(first.products), [each.product.name for each in rest.products]) == (3, 2, ["Zest"])
    assert rest.cursor is None


def test_what_a_customer_bought_is_known_at_once_and_by_product(shop: Shop) -> None:
    maria, tom = add_customer(shop), add_customer(shop)
    place(shop, maria.id, TEA, days=30)
    place(shop, maria.id, LineItem("Assam tea, renamed", 1, 900, "tea-1"), POT)
    gone = place(shop, maria.id, LineItem("Kettle", 1, 100))
    orders.change_status(shop, STAFF, ref(gone), OrderStatus.CANCELLED)
    place(shop, tom.id, LineItem("Sencha", 1, 100))
    before = bought_by(shop, maria.id)
    assert [(each.name, each.product) for each in before.products] == [("Teapot", None), ("Assam tea, renamed", None)]
    while counting.count_sold(shop).entries:
        pass
    pot, tea = bought_by(shop, maria.id).products
    assert (pot.name, pot.sold, pot.orders, pot.last) == ("Teapot", Sold(1, 4500), 1, NOW)
    assert (tea.sold, tea.orders, tea.last) == (Sold(3, 2900), 2, NOW)
    assert tea.product is not None
    assert tea.product.sku.lower() == "tea-1"


def test_who_bought_a_product_under_any_of_its_names_is_listed_the_last_ones_first(shop: Shop) -> None:
    maria, tom, ann = (add_customer(shop, name) for name in ("Maria Lopez", "Tom Brown", "Ann Ash"))
    place(shop, maria.id, TEA, days=5)
    place(shop, tom.id, LineItem("Another name", 1, 1, "TEA-1"), days=1)
    place(shop, ann.id, POT)
    while counting.count_sold(shop).entries:
        pass
    make_first(shop)
    (tea,) = [each for each in catalogue.all_products(shop) if each.sku]
    found = buyers_of(shop, STAFF, tea.id)
    assert found.count == 2
    assert [(each.customer.name, each.last, each.times) for each in found.newest] == [
        ("Tom Brown", NOW.date() - timedelta(days=1), 1),
        ("Maria Lopez", NOW.date() - timedelta(days=5), 1),
    ]


def test_a_discount_is_shared_over_products_to_the_cent(shop: Shop) -> None:
    lines = [LineItem(f"Product {n}", 1, 333) for n in range(3)]
    customer = add_customer(shop)
    orders.place_order(shop, STAFF, draft(customer, lines=lines, discount=100), orders.new_idempotency_key(shop))
    assert sorted(each.sold.revenue for each in bought_by(shop, customer.id).products) == [299, 300, 300]
