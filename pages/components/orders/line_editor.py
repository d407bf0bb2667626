"""Entering line items and amounts: simple fields for a new order, a table for one that is there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, TypedDict

import pandas as pd
import streamlit as st

from backend.domain.money import decimals_of, parse_amount, parse_discount, to_minor
from backend.domain.money import plain as in_units
from backend.domain.orders import LARGEST_QUANTITY, LineItem, Order
from backend.errors import InvalidInputError
from backend.services.context import Shop
from backend.services.orders.orders import OrderDraft, edited
from pages.components.ui import formats
from pages.components.ui.state import Slot, field_of

_WIDTHS = [5, 3, 2, 3, 1]
_LIVE = "300ms"
"""The total follows what is typed."""


@dataclass(frozen=True, slots=True)
class TypedLine:
    """A line item as it was typed. `price` is a text, or a number of currency units from the table."""

    title: str
    sku: str
    quantity: int
    price: str | float | None

    @property
    def blank(self) -> bool:
        return not self.title.strip() and self.price in ("", None)


@dataclass(frozen=True, slots=True)
class TypedAmounts:
    """Discount, shipping and tax as they were typed."""

    discount: str
    shipping: str
    tax: str


class Amounts(TypedDict):
    """Discount, shipping and tax in minor units."""

    discount: int
    shipping: int
    tax: int


def fields(shop: Shop, name: str) -> list[TypedLine]:
    """One row of fields a line item, with a button for another and one to take a row away."""
    rows: Slot[list[int]] = Slot(f"{name}.rows")
    numbers = rows.once(lambda: [0])
    typed = [_field_row(shop, name, rows, number, first=number == numbers[0]) for number in numbers]
    st.button(
        "Add another line",
        icon=":material/add:",
        type="tertiary",
        on_click=rows.set,
        args=([*numbers, max(numbers) + 1],),
    )
    return typed


def put_line(shop: Shop, name: str, title: str, sku: str, price: int | None) -> None:
    """For callbacks: puts a product into the first blank row or a new one; one that is there gets another unit."""
    rows: Slot[list[int]] = Slot(f"{name}.rows")
    numbers = rows.get() or [0]
    for number in numbers:
        if (_text(name, number, "title").get(), _text(name, number, "sku").get()) == (title, sku):
            quantity = field_of(f"{name}_{number}_quantity", 1)
            quantity.set(min((quantity.get() or 0) + 1, LARGEST_QUANTITY))
            return
    blank = (n for n in numbers if not _text(name, n, "title").get() and not _text(name, n, "price").get())
    number = next(blank, max(numbers) + 1)
    if number not in numbers:
        rows.set([*numbers, number])
    _text(name, number, "title").set(title)
    _text(name, number, "sku").set(sku)
    _text(name, number, "price").set("" if price is None else formats.amount_text(shop, price))


def _text(name: str, number: int, field: str) -> Slot[str]:
    return field_of(f"{name}_{number}_{field}", "")


def _field_row(shop: Shop, name: str, rows: Slot[list[int]], number: int, *, first: bool) -> TypedLine:
    columns = st.columns(_WIDTHS, vertical_alignment="bottom", gap="xsmall")
    visibility: Literal["visible", "collapsed"] = "visible" if first else "collapsed"
    key = f"{name}_{number}"
    title = columns[0].text_input(
        "Product",
        key=f"{key}_title",
        max_chars=300,
        placeholder="Product",
        label_visibility=visibility,
        persist_state="session",
    )
    sku = columns[1].text_input(
        "SKU",
        key=f"{key}_sku",
        max_chars=100,
        placeholder="SKU (optional)",
        label_visibility=visibility,
        persist_state="session",
    )
    quantity = columns[2].number_input(
        "Quantity",
        min_value=1,
        max_value=LARGEST_QUANTITY,
        step=1,
        key=field_of(f"{key}_quantity", 1).key,
        label_visibility=visibility,
        persist_state="session",
    )
    price = columns[3].text_input(
        f"Price in {shop.currency}",
        key=f"{key}_price",
        max_chars=30,
        live=_LIVE,
        placeholder=formats.amount_text(shop, 0),
        label_visibility=visibility,
        persist_state="session",
    )
    numbers = rows.get() or [0]
    columns[4].button(
        "",
        icon=":material/delete:",
        key=f"{key}_remove",
        type="tertiary",
        help="Remove line",
        disabled=len(numbers) == 1,
        on_click=rows.set,
        args=([other for other in numbers if other != number],),
    )
    return TypedLine(title, sku, int(quantity or 1), price)


def table(shop: Shop, lines: Sequence[LineItem], *, name: str) -> list[TypedLine]:
    """All line items in one table that can be typed and pasted into. What was typed stays while it is not shown."""
    places = decimals_of(shop.currency)
    frame = pd.DataFrame(
        {
            "title": pd.Series([line.title for line in lines], dtype="string"),
            "sku": pd.Series([line.sku for line in lines], dtype="string"),
            "quantity": pd.Series([line.quantity for line in lines], dtype="Int64"),
            "price": pd.Series([float(in_units(line.unit_price, shop.currency)) for line in lines], dtype="float"),
        }
    )
    column = st.column_config
    # A table of Streamlit keeps nothing while it is not shown: it then begins with what it said last.
    key, begun, last = f"{name}_lines", Slot[pd.DataFrame](f"{name}_begun"), typed_table(name)
    if key not in st.session_state or begun.get() is None:
        before = last.get()
        begun.set(frame if before is None else before)
    edited = st.data_editor(
        begun.once(lambda: frame),
        num_rows="dynamic",
        hide_index=True,
        key=key,
        alt="Line items of this order, to be edited",
        column_config={
            "title": column.TextColumn("Product", required=True, max_chars=300),
            "sku": column.TextColumn("SKU", max_chars=100),
            "quantity": column.NumberColumn(
                "Quantity", required=True, min_value=1, max_value=LARGEST_QUANTITY, step=1, default=1
            ),
            "price": column.NumberColumn(
                f"Price in {shop.currency}", required=True, min_value=0.0, step=10.0**-places, format=f"%.{places}f"
            ),
        },
    )
    last.set(edited)
    return [_typed(record) for record in edited.to_dict("records")]


def typed_table(name: str) -> Slot[pd.DataFrame]:
    """What a table said last."""
    return Slot(f"{name}_typed")


def _typed(record: Mapping[Any, object]) -> TypedLine:
    def text(name: str) -> str:
        value = record[name]
        return value if isinstance(value, str) else ""

    quantity, price = record["quantity"], record["price"]
    return TypedLine(
        text("title"),
        text("sku"),
        quantity if isinstance(quantity, int) else 1,
        price if isinstance(price, float) and price == price else None,
    )


def amounts(shop: Shop, discount: int = 0, shipping: int = 0, tax: int = 0, *, name: str) -> TypedAmounts:
    """Fields for what is taken off and added, which keep what was typed while they are not shown."""
    begun = amount_fields(shop, discount, shipping, tax, name)
    typed = [
        column.text_input(
            f"{label} in {shop.currency}",
            text,
            placeholder=formats.amount_text(shop, 0) + (" or 10%" if label == "Discount" else ""),
            key=key,
            max_chars=30,
            live=_LIVE,
            persist_state="session",
        )
        for column, label, (key, text) in zip(
            st.columns(3), ("Discount", "Shipping", "Tax"), begun.items(), strict=True
        )
    ]
    return TypedAmounts(*typed)


def amount_fields(shop: Shop, discount: int, shipping: int, tax: int, name: str) -> dict[str, str]:
    """The keys of the fields, and what these begin with."""
    amounts = {"discount": discount, "shipping": shipping, "tax": tax}
    return {f"{name}_{each}": formats.amount_text(shop, value) if value else "" for each, value in amounts.items()}


def are_lines(shop: Shop, typed: Iterable[TypedLine], lines: Sequence[LineItem]) -> bool:
    """Whether a table says just these line items."""
    try:
        return items(shop, typed) == tuple(lines)
    except InvalidInputError:
        return False


def items(shop: Shop, typed: Iterable[TypedLine]) -> tuple[LineItem, ...]:
    """The line items, without blank rows.

    Raises: `InvalidInputError` for a price that is missing or no amount.
    """
    return tuple(LineItem(line.title, line.quantity, _price(shop, line), line.sku) for line in typed if not line.blank)


def _price(shop: Shop, line: TypedLine) -> int:
    label = f"The price of “{line.title.strip()[:60]}”"
    if line.price is None or line.price == "":
        raise InvalidInputError(f"{label} is missing.", "price")
    if isinstance(line.price, float):
        return to_minor(Decimal(str(line.price)), shop.currency, label)
    return parse_amount(line.price, shop.currency, label, decimal_comma=formats.decimal_comma(shop))


def parsed(shop: Shop, typed: TypedAmounts, lines: Sequence[LineItem]) -> Amounts:
    """The amounts in minor units; what is left empty is nothing. A discount such as "10%" is of the line items.

    Raises: `InvalidInputError`.
    """

    def minor(text: str, label: str) -> int:
        comma = formats.decimal_comma(shop)
        return parse_amount(text, shop.currency, label, decimal_comma=comma) if text.strip() else 0

    return {
        "discount": parse_discount(
            typed.discount, sum(line.amount for line in lines), shop.currency, decimal_comma=formats.decimal_comma(shop)
        ),
        "shipping": minor(typed.shipping, "Shipping"),
        "tax": minor(typed.tax, "Tax"),
    }


def show_total(shop: Shop, draft: Callable[[], OrderDraft], seen: Order | None = None) -> tuple[OrderDraft | None, str]:
    """What the order comes to as it is typed, and what is missing. The service decides when it is placed.

    `seen` is the order that is edited; its tip and duties stay, and what was paid leaves a balance.
    It is equally high in every case: a button below must not move away between the press and the release of a click.
    """
    try:
        typed = draft()
        after = None if seen is None else edited(seen, typed)
    except InvalidInputError as error:
        st.metric("Total", "…")
        st.caption(f":material/edit_note: {formats.plain(error.sentence)}")
        return None, error.sentence
    added = sum(line.amount for line in typed.lines) - typed.discount + typed.shipping + typed.tax
    st.metric("Total", formats.plain(formats.money(shop, added if after is None else after.total)))
    owed = after is not None and after.received and after.balance
    st.caption(formats.plain(formats.balance(shop, after)) if owed and after else "\u00a0")
    return typed, "" if typed.lines else "Add a line item first."
