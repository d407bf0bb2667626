"""The dialog in which line items, amounts and the note of an order are edited; drafts have the same."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from backend.domain.orders import Order
from backend.domain.team import Actor, Permission
from backend.domain.text import NOTE_LENGTH
from backend.services.orders.orders import OrderDraft
from pages.components.orders import line_editor
from pages.components.orders.line_editor import TypedLine
from pages.components.ui import actions, forms
from pages.components.ui.actions import Trouble
from pages.components.ui.dialogs import Dialog
from pages.components.ui.forms import Form
from pages.components.ui.shell import current_shop


class Editor(Dialog[Order]):
    """`save` saves what was typed over what was seen; `newest` is what it has become meanwhile."""

    def __init__(
        self,
        name: str,
        title: str,
        permission: Permission,
        save: Callable[[Actor, Order, OrderDraft], object],
        newest: Callable[[Order], Order],
    ) -> None:
        super().__init__(name, title, self._edit, icon=":material/edit:", width="medium")
        self._name, self._permission, self._save, self._newest = name, permission, save, newest

    def _edit(self, seen: Order) -> None:
        shop = current_shop()
        st.caption("Customer, status and date do not change.")
        form = self._form(seen)
        with form.area():
            lines = line_editor.table(shop, seen.lines, name=form.key("table"))
            amounts = line_editor.amounts(shop, seen.discount, seen.shipping, seen.tax, name=form.key("amount"))
            note = st.text_area(
                "Note", seen.note, max_chars=NOTE_LENGTH, height=80, key=form.key("note"), persist_state="session"
            )

            def typed() -> OrderDraft:
                items = line_editor.items(shop, lines)
                return OrderDraft(seen.customer_id, items, **line_editor.parsed(shop, amounts, items), note=note)

            draft, missing = line_editor.show_total(shop, typed, seen)
            pressed = form.pressed("Save", missing=missing, changed=draft is None or _differs(draft, seen))
        if pressed and draft:
            edited = actions.attempt(self._permission, lambda actor: self._save(actor, seen, draft), "Saved.")
            if isinstance(edited, Trouble) and edited.stale:
                actions.show_trouble(edited)
                forms.show_overtaken(lambda: self._reopen(seen, form, lines), self.close)
            else:
                self.finish(edited, form)

    def _form(self, seen: Order) -> Form:
        return Form(self._name, f"{seen.id}_{seen.version}")

    def _reopen(self, seen: Order, form: Form, lines: list[TypedLine]) -> None:
        """The newest version, with the fields that were changed here as they were typed."""
        theirs = self._newest(seen)
        again = self._form(theirs)
        before = {
            "note": seen.note,
            **line_editor.amount_fields(current_shop(), seen.discount, seen.shipping, seen.tax, "amount"),
        }
        typed = {name: st.session_state.get(form.key(name)) for name in before}
        again.begin({name: text for name, text in typed.items() if text is not None and text != before[name]})
        table = line_editor.typed_table(form.key("table")).get()
        if table is not None and not line_editor.are_lines(current_shop(), lines, seen.lines):
            line_editor.typed_table(again.key("table")).set(table)
        self.open(theirs)


def _differs(draft: OrderDraft, seen: Order) -> bool:
    typed = (draft.lines, draft.discount, draft.shipping, draft.tax, draft.note)
    return typed != (seen.lines, seen.discount, seen.shipping, seen.tax, seen.note)
