"""Shopify's export of products: what a row becomes, what is found again, and what is refused."""

from __future__ import annotations

import io

import pytest

from backend.domain.imports import ImportKind, ImportResult
from backend.domain.orders import LineItem
from backend.domain.products import ProductSource
from backend.domain.team import Permission
from backend.errors import InvalidInputError, PermissionDeniedError
from backend.services.context import Shop
from backend.services.imports import import_products, preview_of
from backend.services.orders import orders
from backend.services.products import catalogue, counting, figures
from backend.services.products.catalogue import ProductDraft
from tests.services.imports.shopify_csv import faults, written
from tests.support import ENGINEER, STAFF, add_customer, draft

HEADER = (
    "Handle,Title,Body (HTML),Vendor,Type,Tags,Published,Option1 Name,Option1 Value,Option2 Name,Option2 Value,"
    "Variant SKU,Variant Price,Image Src,Status"
)
SHIRT = "shirt,T-shirt,,Us,,,TRUE,Colour,Blue,Size,M,SH-BM,19.90,https://cdn.example.com/shirt.jpg,active"
SHIRT_L = "shirt,,,,,,,,Blue,,L,SH-BL,21.00,https://cdn.example.com/back.jpg,"
PICTURE = "shirt,,,,,,,,,,,,,https://cdn.example.com/side.jpg,"
POT = "pot,Teapot,,Us,,,TRUE,Title,Default Title,,,,45.00,,draft"


def imported(shop: Shop, *rows: str) -> ImportResult:
    return import_products(shop, STAFF, written(shop.data_dir, "\n".join((HEADER, *rows)) + "\n"))


def test_each_variant_is_a_product_and_rows_of_pictures_are_none(shop: Shop) -> None:
    result = imported(shop, SHIRT, SHIRT_L, PICTURE, POT)
    assert result.figures()["products"] == {"created": 3, "updated": 0, "unchanged": 0, "failed": 0}
    pot, large, medium = sorted(catalogue.all_products(shop), key=lambda each: each.sku)
    assert (medium.name, medium.sku, medium.price) == ("T-shirt - Blue / M", "SH-BM", 1990)
    assert (large.name, large.price, large.picture) == ("T-shirt - Blue / L", 2100, "https://cdn.example.com/shirt.jpg")
    assert (pot.name, pot.sku, pot.price, pot.archived) == ("Teapot", "", 4500, True)
    assert {each.source for each in (pot, large, medium)} == {ProductSource.SHOPIFY}


def test_the_same_file_again_changes_nothing_and_a_newer_one_updates(shop: Shop) -> None:
    imported(shop, SHIRT, POT)
    (shirt,) = [each for each in catalogue.all_products(shop) if each.sku]
    here = ProductDraft("T-shirt", "SH-BM", "Blue / M", 1500)
    catalogue.edit_product(shop, STAFF, shirt.id, shirt.version, here)
    assert imported(shop, SHIRT, POT).products.unchanged == 2
    assert catalogue.get_product(shop, shirt.id).price == 1500
    newer = imported(shop, SHIRT.replace("19.90", "25.00"), POT)
    assert (newer.products.updated, newer.products.unchanged) == (1, 1)
    assert catalogue.get_product(shop, shirt.id).price == 2500


def test_products_that_orders_know_are_found_by_sku_and_by_title(shop: Shop) -> None:
    lines = [LineItem("Blue shirt", 2, 1000, "sh-bm"), LineItem("teapot", 1, 4500)]
    orders.place_order(shop, STAFF, draft(add_customer(shop), lines=lines), orders.new_idempotency_key(shop))
    counting.count_sold(shop)
    result = imported(shop, SHIRT, POT.replace(",,45.00", ",POT-1,45.00"))
    assert (result.products.created, result.products.updated) == (0, 2)
    best = {each.product.name: (each.product.sku, each.sold.units) for each in figures.best_products(shop)}
    assert best == {"T-shirt - Blue / M": ("SH-BM", 2), "Teapot": ("POT-1", 1)}


def test_what_cannot_be_read_is_left_out_or_repaired_and_told(shop: Shop) -> None:
    result = imported(
        shop,
        SHIRT.replace("19.90", "cheap").replace("https:", "http:"),
        SHIRT_L.replace("SH-BL", "SH-BM"),
        "lost,,,,,,,,Red,,,X-1,5.00,,",
        POT,
    )
    assert (result.products.created, result.products.failed, result.repaired) == (2, 2, 2)
    told = {(row["Line"], row["Column"], row["Outcome"]) for row in faults(result)}
    assert told == {
        ("2", "Variant Price", "repaired"),
        ("2", "Image Src", "repaired"),
        ("3", "", "left out"),
        ("4", "Title", "left out"),
    }


def test_exports_with_the_newer_titles_are_read(shop: Shop) -> None:
    header = "Title,URL handle,Vendor,Status,SKU,Option1 name,Option1 value,Price,Product image URL"
    path = written(shop.data_dir, f"{header}\nMug,mug,Us,Active,MUG-1,,,12.50,https://cdn.example.com/m.jpg\n")
    assert import_products(shop, STAFF, path).products.created == 1
    assert [(each.name, each.price) for each in catalogue.all_products(shop)] == [("Mug", 1250)]


def test_another_file_is_named_and_refused(shop: Shop) -> None:
    path = written(shop.data_dir, "Name,Financial Status,Lineitem name\n#1,paid,Mug\n")
    with pytest.raises(InvalidInputError, match="This is Shopify's export of orders, not Shopify's export of products"):
        import_products(shop, STAFF, path)
    with pytest.raises(InvalidInputError, match="Products from Shopify"):
        preview_of(ImportKind.ORDERS, io.BytesIO(f"{HEADER}\n{POT}\n".encode()))
    assert preview_of(ImportKind.PRODUCTS, io.BytesIO(f"{HEADER}\n{POT}\n".encode())).rows[0][1] == "Teapot"


def test_who_may_not_change_products_imports_none(shop: Shop) -> None:
    assert ENGINEER.may(Permission.IMPORT_DATA)
    with pytest.raises(PermissionDeniedError, match="change products"):
        import_products(shop, ENGINEER, written(shop.data_dir, f"{HEADER}\n{POT}\n"))
