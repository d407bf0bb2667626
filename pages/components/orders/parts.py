"""What the dialogs of parcels, returns, payments and refunds have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import streamlit as st

from backend.domain.fulfilments import PackedItem
from backend.domain.money import parse_amount
from backend.domain.orders import Order
from backend.domain.team import Actor, Permission
from backend.errors import InvalidInputError
from backend.services.context import Shop
from backend.services.orders.changes import OrderRef
from pages.components.ui import actions, formats
from pages.components.ui.dialogs import Dialog
from pages.components.ui.forms import Form

Part = TypeVar("Part")
Subject = TypeVar("Subject")


@dataclass(frozen=True, slots=True)
class Entry:
    """A part that is being entered; its id was made when the form was opened, so it is added once.

    `quantities` of the line items are filled in.
    """

    order: Order
    id: str
    quantities: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Known(Generic[Part]):
    """A part that is there, in the version of the order that was seen."""

    order: Order
    part: Part


def save(
    dialog: Dialog[Subject],
    form: Form,
    order: Order,
    act: Callable[[Actor, OrderRef], object],
    done: str,
    *,
    permission: Permission = Permission.CHANGE_ORDERS,
) -> None:
    """Does what the form is for, on the version that was seen, and closes the dialog."""
    dialog.finish(actions.attempt(permission, lambda actor: act(actor, OrderRef.of(order)), done), form)


def amount_field(shop: Shop, form: Form, field: str, begun: int, most: int, *, empty: str, end: str) -> tuple[int, str]:
    """The amount in minor units, and what is missing. `end` is that of the sentence about more than `most`."""
    typed = st.text_input(
        f"Amount in {shop.currency}",
        formats.amount_text(shop, begun) if begun else "",
        max_chars=30,
        autocomplete="off",
        key=form.key(field),
        persist_state="session",
    )
    if not typed.strip():
        return 0, empty
    try:
        amount = parse_amount(typed, shop.currency, "Amount", decimal_comma=formats.decimal_comma(shop))
    except InvalidInputError as error:
        return 0, error.sentence
    if amount > most:
        return 0, f"At most {formats.money(shop, most)} {end}."
    return amount, "" if amount > 0 else "Enter an amount above zero."


def items_text(shop: Shop, items: Iterable[PackedItem]) -> str:
    """Such as "2 × Mug, 1 × Tea towel"."""  # noqa: RUF002
    return ", ".join(f"{formats.count(shop, item.quantity)} × {item.title}" for item in items)  # noqa: RUF001
