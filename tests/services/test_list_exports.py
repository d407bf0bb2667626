"""Files of lists hold exactly what is filtered, all pages of it."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any, BinaryIO

import pytest

from backend.domain.messages import ShownStatus
from backend.domain.orders import LineItem
from backend.domain.suppression import SuppressionReason
from backend.domain.team import Actor
from backend.errors import PermissionDeniedError
from backend.services import list_exports
from backend.services.audit.log import AuditFilter
from backend.services.context import Shop
from backend.services.list_exports import (
    export_audit_log,
    export_campaigns,
    export_messages,
    export_products,
)
from backend.services.orders import orders
from backend.services.products.counting import count_sold
from backend.services.products.lists import ProductFilter
from backend.services.sending.message_log import LogFilter
from backend.services.suppression.entries import suppress
from backend.services.suppression.files import export_suppressions
from tests.campaigns.support import Desk, prepare_shop
from tests.pages.mailing import deliver, request
from tests.services.test_exports import csv_of
from tests.support import ADMIN, MANAGER, STAFF, add_customer, draft

NOVEMBER = LogFilter(date(2026, 11, 1), date(2026, 11, 30))
Export = Callable[[Shop, Actor, BinaryIO, str], int]


def written(shop: Shop, export: Export) -> list[dict[str, str]]:
    target = io.BytesIO()
    count = export(shop, MANAGER, target, "csv")
    rows = csv_of(target.getvalue())
    assert count == len(rows)
    return rows


def test_products_are_those_of_the_search_with_what_was_sold(shop: Shop) -> None:
    lines = (LineItem("=Assam", 2, 450, "TEA-1"), LineItem("Cup", 1, 1000))
    orders.place_order(shop, STAFF, draft(add_customer(shop), lines=lines), orders.new_idempotency_key(shop))
    count_sold(shop)
    [row] = written(shop, lambda s, a, to, kind: export_products(s, a, to, kind, ProductFilter("assam")))
    assert {name: row[name] for name in ("Title", "SKU", "Price", "Units", "Revenue", "Added")} == {
        "Title": "'=Assam", "SKU": "TEA-1", "Price": "4.50", "Units": "2", "Revenue": "9.00",
        "Added": "2026-11-26 12:00:00",
    }  # fmt: skip


def test_messages_of_all_pages_are_those_that_fit(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list_exports, "_AT_ONCE", 2)
    for name in ("Ann", "Ben", "Cy"):
        deliver(shop, request(shop, add_customer(shop, name, f"{name}@example.com".lower())))
    request(shop, add_customer(shop, "Dora"))
    rows = written(
        shop, lambda s, a, to, kind: export_messages(s, a, to, kind, replace(NOVEMBER, status=ShownStatus.SENT))
    )
    assert {(row["Recipient"], row["E-mail address"], row["Sent"]) for row in rows} == {
        (name, f"{name}@example.com".lower(), "2026-11-26 12:00:00") for name in ("Ann", "Ben", "Cy")
    }
    assert len(written(shop, lambda s, a, to, kind: export_messages(s, a, to, kind, NOVEMBER))) == 4


def test_campaigns_are_all_with_what_came_of_them(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list_exports, "_AT_ONCE", 1)
    prepare_shop(shop)
    desk = Desk(shop)
    desk.people(2)
    desk.planned()
    desk.planned()
    rows = written(shop, export_campaigns)
    assert [(row["Status"], row["Planned recipients"], row["Sent"]) for row in rows] == [("planned", "2", "")] * 2


def test_suppressions_are_those_of_the_reason(shop: Shop) -> None:
    suppress(shop, ADMIN, "a@example.com", reason=SuppressionReason.COMPLAINT)
    suppress(shop, ADMIN, "b@example.com", reason=SuppressionReason.MANUAL)
    rows = written(shop, lambda s, a, to, kind: export_suppressions(s, a, to, kind, SuppressionReason.COMPLAINT))
    assert [row["E-mail address"] for row in rows] == ["a@example.com"]


@pytest.mark.parametrize(
    "export",
    [
        lambda s, a, to, kind: export_products(s, a, to, kind, ProductFilter()),
        lambda s, a, to, kind: export_messages(s, a, to, kind, NOVEMBER),
        export_campaigns,
        export_suppressions,
        lambda s, a, to, kind: export_audit_log(s, a, to, kind, AuditFilter("2026-11")),
    ],
)
def test_whoever_may_not_export_or_has_to_confirm_first_gets_nothing(shop: Shop, export: Any) -> None:
    for actor in (STAFF, replace(ADMIN, confirmed=False)):
        target = io.BytesIO()
        with pytest.raises(PermissionDeniedError):
            export(shop, actor, target, "csv")
        assert target.getvalue() == b""
