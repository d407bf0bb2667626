"""Matching the columns of a table of orders with what they mean, and a look at its first orders."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from backend.domain.imports import Fault, ImportedOrder, OrderMapping, Skipped
from backend.errors import InvalidInputError
from backend.services.context import Shop
from backend.services.imports import ORDER_FIELDS, Preview, first_orders, lacking, remembered_or_proposed
from pages.components.ui import formats

_NONE = ""
_FIRST = (
    *("number", "date", "email", "name", "status", "total", "shipping", "tax"),
    *("item", "sku", "quantity", "price"),
)
"""The fields that most tables have; the others are behind a fold, opened where one of them was recognised."""
_A_ROW = 4


def choose(shop: Shop, preview: Preview, key: str) -> OrderMapping | None:
    """What the columns mean, as proposed and corrected; None for Shopify's own export, which needs no matching."""
    proposed = remembered_or_proposed(shop, preview.header)
    if proposed is None:
        return None
    shape = zlib.crc32("\n".join(preview.header).encode())  # another file has other columns
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"):
        st.markdown(f"**Match columns**  \n{_known(proposed)}", width="stretch")
        source = st.text_input(
            "Shop or program",
            proposed.source,
            help="Orders are found again by this name and their number. Use the same name for all files of one shop.",
            key=f"import_source_{key}_{shape}",
            persist_state="session",
            width=240,
        )
    titles = [_NONE, *dict.fromkeys(preview.header)]
    columns = _fields(_FIRST, proposed, titles, f"{key}_{shape}")
    others = [field for field in ORDER_FIELDS if field not in _FIRST]
    more = sum(field in proposed.columns for field in others)
    with st.expander(f"More columns ({more} matched)", icon=":material/view_column:"):
        columns |= _fields(others, proposed, titles, f"{key}_{shape}")
    return OrderMapping(source, {field: columns[field] for field in ORDER_FIELDS if columns[field]}, proposed.label)


def missing_in(mapping: OrderMapping | None) -> str:
    """Why the import cannot start yet; "" when it can."""
    if mapping is None:
        return ""
    return lacking(mapping.columns) or ("" if mapping.source.strip() else "Name the shop or program first.")


def show_first(shop: Shop, upload: UploadedFile, mapping: OrderMapping, encoding: str, dates: str, sheet: str) -> None:
    """The first orders as they would come in."""
    try:
        found = first_orders(shop, upload, mapping, encoding=encoding, dates=dates, sheet=sheet)
    except InvalidInputError as error:
        st.info(formats.plain(error.sentence), icon=":material/rule:")
        return
    st.caption("The first orders, as they would come in:")
    st.dataframe([_row(shop, each) for each in found], hide_index=True, height="content")


def _known(proposed: OrderMapping) -> str:
    if not proposed.label:
        return "Matched as the last time."
    return f"Recognised as {proposed.label}." if proposed.source != "other" else "Matched by the titles of the columns."


def _fields(fields: Sequence[str], proposed: OrderMapping, titles: Sequence[str], key: str) -> dict[str, str]:
    chosen = {}
    for place, field in enumerate(fields):
        if place % _A_ROW == 0:
            columns = st.columns(_A_ROW)
        chosen[field] = columns[place % _A_ROW].selectbox(
            ORDER_FIELDS[field],
            titles,
            index=titles.index(proposed.columns.get(field, _NONE)),
            format_func=lambda title: title or "Not in the file",
            key=f"import_order_{field}_{key}",
            persist_state="session",
        )
    return chosen


def _row(shop: Shop, found: ImportedOrder | Fault | Skipped) -> dict[str, str]:
    if not isinstance(found, ImportedOrder):
        name = found.name if isinstance(found, Fault) else ""
        return {"Order": name, "Date": "", "Customer": f"Left out: {found.reason}"}
    items = ", ".join(f"{line.quantity} {line.title}" for line in found.lines)
    return {
        "Order": found.number,
        "Date": formats.moment(shop, found.placed_at),
        "Customer": found.name,
        "E-mail address": found.email or "",
        "Status": formats.STATUS_LABELS[found.status],
        "Items": items,
        "Total": formats.money(shop, found.total),
        "Refunded": formats.money(shop, found.refunded) if found.refunded else "",
    }
