"""Forms about products: adding, editing, archiving."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from backend.domain.money import parse_amount
from backend.domain.products import PICTURE_LENGTH, TITLE_LENGTH, Product
from backend.domain.team import Permission
from backend.errors import InvalidInputError
from backend.services.context import Shop
from backend.services.products import catalogue
from backend.services.products.catalogue import ProductDraft
from pages.components.ui import actions, formats, forms
from pages.components.ui.actions import Trouble
from pages.components.ui.dialogs import Dialog
from pages.components.ui.forms import Form
from pages.components.ui.navigation import page_of
from pages.components.ui.shell import current_shop


@dataclass(frozen=True, slots=True)
class _Typed:
    """The fields as they are typed."""

    title: str = ""
    variant: str = ""
    sku: str = ""
    price: str = ""
    picture: str = ""


def _add(_: str) -> None:
    form = Form("add_product")
    with form.area():
        typed = _fields(current_shop(), form, _Typed())
        draft, missing = _draft(current_shop(), typed)
        pressed = form.pressed("Add product", missing=missing, changed=typed != _Typed())
    if pressed and draft:
        added = actions.attempt(
            Permission.EDIT_PRODUCTS,
            lambda actor: catalogue.create_product(current_shop(), actor, draft),
            f"{typed.title.strip()} added.",
        )
        if isinstance(added, Trouble):
            actions.show_trouble(added)
        else:
            form.done()
            ADD.close()
            st.switch_page(page_of("product.py"), query_params={"id": added.id})


def _edit(seen: Product) -> None:
    form, before = _edit_form(seen), _typed_of(current_shop(), seen)
    with form.area():
        typed = _fields(current_shop(), form, before)
        draft, missing = _draft(current_shop(), typed)
        pressed = form.pressed("Save", missing=missing, changed=typed != before)
    if pressed and draft:
        edited = actions.attempt(
            Permission.EDIT_PRODUCTS,
            lambda actor: catalogue.edit_product(current_shop(), actor, seen.id, seen.version, draft),
            "Saved.",
        )
        if not isinstance(edited, Trouble):
            form.done()
            EDIT.close()
            st.rerun()
        actions.show_trouble(edited)
        if edited.stale:
            forms.show_overtaken(lambda: _reopen(seen, typed), lambda: _reopen(seen, before))


def _reopen(seen: Product, typed: _Typed) -> None:
    """The newest version, with what was changed here."""
    theirs = catalogue.get_product(current_shop(), seen.id)
    _edit_form(seen).done()
    _edit_form(theirs).begin(forms.changed(_typed_of(current_shop(), seen), typed))
    EDIT.open(theirs)


def _edit_form(seen: Product) -> Form:
    return Form("edit_product", f"{seen.id}_{seen.version}")


def _typed_of(shop: Shop, product: Product) -> _Typed:
    price = "" if product.price is None else formats.amount_text(shop, product.price)
    return _Typed(product.title, product.variant, product.sku, price, product.picture)


def _fields(shop: Shop, form: Form, before: _Typed) -> _Typed:
    title = _line(form, "Title", "title", before.title, TITLE_LENGTH)
    left, right = st.columns(2)
    with left:
        variant = _line(form, "Variant", "variant", before.variant, TITLE_LENGTH, hint="Such as Blue / M")
        price = _line(form, f"Price in {shop.currency}", "price", before.price, 30)
    with right:
        sku = _line(form, "SKU", "sku", before.sku, 100)
        picture = _line(form, "Picture", "picture", before.picture, PICTURE_LENGTH, hint="https://…")
    st.caption("Orders find the product by its SKU, or by title and variant. Earlier ones stay valid.")
    return _Typed(title, variant, sku, price, picture)


def _line(form: Form, label: str, field: str, value: str, longest: int, *, hint: str = "") -> str:
    return st.text_input(
        label,
        value,
        max_chars=longest,
        placeholder=hint or None,
        autocomplete="off",
        key=form.key(field),
        persist_state="session",
    )


def _draft(shop: Shop, typed: _Typed) -> tuple[ProductDraft | None, str]:
    """What was typed, and what is missing in it."""
    if not typed.title.strip():
        return None, "Enter a title."
    try:
        comma = formats.decimal_comma(shop)
        text = typed.price.strip()
        price = parse_amount(text, shop.currency, "Price", decimal_comma=comma) if text else None
    except InvalidInputError as error:
        return None, error.sentence
    return ProductDraft(typed.title, typed.sku, typed.variant, price, typed.picture), ""


def archive(product: Product) -> None:
    """For `actions.button`."""
    actions.act(
        Permission.EDIT_PRODUCTS,
        lambda actor: catalogue.archive_product(current_shop(), actor, product.id, product.version),
        "Archived: not offered for new orders any more.",
    )


def restore(product: Product) -> None:
    """For `actions.button`."""
    actions.act(
        Permission.EDIT_PRODUCTS,
        lambda actor: catalogue.restore_product(current_shop(), actor, product.id, product.version),
        "Restored.",
    )


ADD = Dialog[str]("add_product", "Add a product", _add, icon=":material/add:")
EDIT = Dialog[Product]("edit_product", "Edit product", _edit, icon=":material/edit:")
