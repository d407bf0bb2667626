"""Choosing a file to import: what is in it, what its columns are, and a look at its first rows."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from backend.domain.imports import ImportKind
from backend.domain.team import Permission
from backend.errors import InvalidInputError
from backend.services.context import Shop
from backend.services.imports import CUSTOMER_FIELDS, ENCODINGS, Preview, guess_mapping, readings_in, sheet_names
from backend.services.imports.code_pages import Readings
from backend.services.imports.dates import DateOrder
from backend.services.imports.orders import MOST_NEW_DAYS
from backend.services.jobs.requests import enqueue_import, new_job_id, preview_of
from pages.components.imports import order_columns
from pages.components.ui import actions, formats
from pages.components.ui.shell import current_shop, refuse
from pages.components.ui.state import Slot

_KEY: Slot[str] = Slot("import.key")
_READINGS: Slot[tuple[str, Readings]] = Slot("import.readings")
_KINDS = {
    ImportKind.ORDERS: "Orders",
    ImportKind.CUSTOMERS: "A table of customers",
    ImportKind.PRODUCTS: "Products from Shopify",
}
_HELP = {
    ImportKind.ORDERS: "The export of Shopify, WooCommerce, Etsy, Square, BigCommerce or Stripe, or any table of "
    "orders. Importing the same file again changes nothing; a newer export updates orders.",
    ImportKind.CUSTOMERS: "Any CSV file with a column of email addresses. Existing customers are updated.",
    ImportKind.PRODUCTS: "In Shopify: Products → Export → All products → Plain CSV file. A product is found again by "
    "its SKU, or by title and variant.",
}
_NONE = ""
_DATES = {
    DateOrder.UNKNOWN: "As the file shows",
    DateOrder.DAY_FIRST: "The day (2 March)",
    DateOrder.MONTH_FIRST: "The month (3 February)",
}


def show(shop: Shop) -> None:
    """The form. Its idempotency key names the fields, so that it is empty again once an import was asked for."""
    key = _KEY.once(lambda: new_job_id(shop))
    kind = st.segmented_control(
        "File contents",
        list(_KINDS),
        format_func=formats.legible(_KINDS.__getitem__),
        default=ImportKind.ORDERS,
        required=True,
        key="import_kind",
        persist_state="session",
    )
    upload = st.file_uploader(
        "CSV file or Excel workbook", type=["csv", "tsv", "txt", "json", "xlsx"], key=f"import_{key}"
    )
    if upload is None:
        st.caption(_HELP[kind])
        return
    first_rows = st.container()
    with first_rows:
        try:
            sheets = sheet_names(upload)
            sheet = _choose_sheet(sheets, f"{key}_{upload.file_id}")
            confirmed = "" if sheets else _confirm_letters(upload, key)
        except InvalidInputError as error:
            refuse(error.sentence)
            return
    encoding = "" if sheets else _choose_encoding(key) or confirmed
    if encoding is None:
        return
    with first_rows:
        try:
            preview = preview_of(kind, upload, encoding=encoding, sheet=sheet)
        except InvalidInputError as error:
            refuse(error.sentence)
            return
        _show_rows(preview)
    is_orders = kind is ImportKind.ORDERS
    columns = order_columns.choose(shop, preview, key) if is_orders else None
    looked = st.container()
    mapping = columns.columns if columns else _choose_columns(preview, key) if kind is ImportKind.CUSTOMERS else {}
    dates = _choose_dates(key) if is_orders else DateOrder.UNKNOWN
    if columns:
        with looked:
            order_columns.show_first(shop, upload, columns, encoding, dates, sheet)
    new_days = _choose_new_days(key) if is_orders else 0
    nobody = kind is ImportKind.CUSTOMERS and not {"email", "id"} & mapping.keys()
    missing = "Choose the column with email addresses first." if nobody else order_columns.missing_in(columns)
    if actions.pressed("Start import", key="import_now", icon=":material/upload_file:", missing=missing):
        _start(kind, upload, mapping, columns.source if columns else "", sheet, encoding, dates, new_days, key)
        st.rerun()


def _start(
    kind: ImportKind,
    upload: Any,
    mapping: Mapping[str, str],
    source: str,
    sheet: str,
    encoding: str,
    dates: DateOrder,
    new_days: int,
    key: str,
) -> None:
    actions.act(
        Permission.IMPORT_DATA,
        lambda actor: enqueue_import(
            current_shop(),
            actor,
            kind,
            upload.name,
            upload,
            mapping=mapping,
            source_name=source,
            sheet=sheet,
            encoding=encoding,
            dates=dates,
            new_days=new_days,
            job_id=key,
        ),
        f"{upload.name} is being imported. You can leave this page.",
        beside="import_now",
    )
    if _KEY.get() == key:
        _KEY.clear()


def _choose_sheet(names: Sequence[str], key: str) -> str:
    """The sheet of a workbook that has several; "" for the first, and for other files."""
    if len(names) <= 1:
        return ""
    chosen = st.selectbox("Sheet", names, key=f"import_sheet_{key}", persist_state="session")
    return chosen or ""


def _confirm_letters(upload: UploadedFile, key: str) -> str | None:
    """The encoding in which a person finds the names right: "" for Unicode, None as long as they have not chosen."""
    readings = _READINGS.get()
    if readings is None or readings[0] != upload.file_id:
        readings = upload.file_id, readings_in(upload)
        _READINGS.set(readings)
    found = readings[1]
    if not found.all:
        return ""
    labels = {reading.name: reading.label for reading in found.all}
    return st.radio(
        "In which of these are the names right?",
        list(labels),
        index=0 if found.clear else None,
        format_func=lambda name: f"{labels[name]} ({name})",
        captions=[formats.plain(" · ".join(reading.samples)) for reading in found.all],
        help="The file is not in Unicode, so its letters can be read in several ways.",
        key=f"import_letters_{key}_{upload.file_id}",
        persist_state="session",
    )


def _choose_encoding(key: str) -> str:
    with st.expander("Do letters look wrong above?", icon=":material/translate:"):
        return st.selectbox(
            "How the file's characters are encoded",
            [_NONE, *ENCODINGS],
            format_func=lambda name: f"{ENCODINGS[name]} ({name})" if name else "Find out",
            key=f"import_encoding_{key}",
            persist_state="session",
        )


def _choose_dates(key: str) -> DateOrder:
    with st.expander("Are the dates those of a spreadsheet?", icon=":material/calendar_month:"):
        chosen = st.selectbox(
            "What comes first in a date such as 02/03/2026",
            list(DateOrder),
            format_func=_DATES.__getitem__,
            help="The file usually shows it. When it does not, the import asks you to choose here.",
            key=f"import_dates_{key}",
            persist_state="session",
        )
    return chosen or DateOrder.UNKNOWN


def _choose_new_days(key: str) -> int:
    with st.expander("Should recent orders start automations?", icon=":material/bolt:"):
        days = st.number_input(
            "Treat orders as new that are younger than (days)",
            min_value=0,
            max_value=MOST_NEW_DAYS,
            help="Automations and webhooks treat these orders as if they had just been placed, so their customers may "
            "be emailed. With 0, all orders are history and start nothing.",
            key=f"import_new_days_{key}",
            persist_state="session",
        )
        if days:
            st.warning(
                f"Orders of the last {'day' if days == 1 else f'{days} days'} that are not here yet start automations: "
                "customers may be emailed. Older ones start nothing.",
                icon=":material/forward_to_inbox:",
            )
    return days


def _choose_columns(preview: Preview, key: str) -> dict[str, str]:
    """Which column is which field; guessed from the titles, for the person to correct."""
    guessed, titles = guess_mapping(preview.header), [_NONE, *dict.fromkeys(preview.header)]
    shape = zlib.crc32("\n".join(preview.header).encode())  # another file has other columns
    st.markdown("**Match columns**")
    mapping = {}
    for place, (field, label) in enumerate(CUSTOMER_FIELDS.items()):
        if place % 4 == 0:
            columns = st.columns(4)
        mapping[field] = columns[place % 4].selectbox(
            label,
            titles,
            index=titles.index(guessed.get(field, _NONE)),
            format_func=lambda title: title or "Not in the file",
            key=f"import_{field}_{key}_{shape}",
            persist_state="session",
        )
    if not (mapping["email"] or mapping["id"]):
        st.info("Choose the column with email addresses to continue.", icon=":material/alternate_email:")
    return {field: title for field, title in mapping.items() if title}


def _show_rows(preview: Preview) -> None:
    st.caption(f"The first rows, read as {preview.encoding.upper()}:")
    st.dataframe(
        [dict(zip(preview.header, row, strict=True)) for row in preview.rows], hide_index=True, height="content"
    )
