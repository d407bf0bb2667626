"""The suppression list as a file: taken in, with a report of what was left out, and taken out."""

from __future__ import annotations

import tempfile
from io import BytesIO
from pathlib import Path

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from backend.domain.team import Actor, Permission
from backend.services import suppression_files
from backend.services.context import Shop
from backend.services.suppression_files import SuppressionImport
from pages.components import actions, formats
from pages.components.shell import shop
from pages.components.state import Slot

_LARGEST_MB = 20
_MOST_ERRORS_SHOWN = 100
_RESULT: Slot[SuppressionImport] = Slot("suppression.imported")


def show(here: Shop, actor: Actor) -> None:
    """Import and export, for those who may."""
    if actor.may(Permission.MANAGE_SUPPRESSION):
        with st.expander("Import a file", icon=":material/upload:"):
            _show_import(here)
    if actor.may(Permission.EXPORT_DATA):
        with st.expander("Export the list", icon=":material/download:"):
            _show_export(here, actor)


def _show_import(here: Shop) -> None:
    st.caption(
        "A CSV file with a column “E-mail address”, and perhaps “Reason”, “Since” and “Note”. "
        "Importing a file again changes nothing. Larger files: use the command line."
    )
    file = st.file_uploader("CSV file", type=["csv", "txt"], max_upload_size=_LARGEST_MB, key="suppression_file")
    st.button("Import", disabled=file is None, icon=":material/upload:", on_click=_import, args=(file,))
    result = _RESULT.get()
    if result is not None:
        _show_result(here, result)


def _import(file: UploadedFile) -> None:
    def taken_in(actor: Actor) -> SuppressionImport:
        with tempfile.TemporaryDirectory(prefix="suppression") as folder:
            path = Path(folder) / "list.csv"
            path.write_bytes(file.getbuffer())
            return suppression_files.import_suppressions(shop(), actor, path)

    _RESULT.clear()
    actions.act(Permission.MANAGE_SUPPRESSION, lambda actor: _RESULT.set(taken_in(actor)), "")


def _show_result(here: Shop, result: SuppressionImport) -> None:
    numbers = [
        f"{formats.count(here, result.added)} added",
        f"{formats.count(here, result.unchanged)} there already",
        f"{formats.count(here, result.failed)} left out",
    ]
    st.markdown(f":material/check_circle: {formats.plain(', '.join(numbers))}")
    if result.errors:
        shown = result.errors[:_MOST_ERRORS_SHOWN]
        table = {"Line": [error.line for error in shown], "Why it was left out": [error.sentence for error in shown]}
        st.dataframe(table, hide_index=True, alt="Lines that were left out")


def _show_export(here: Shop, actor: Actor) -> None:
    st.caption("A row for each address and reason. The file can be imported again.")

    def file() -> bytes:
        target = BytesIO()
        suppression_files.export_suppressions(shop(), actor, target)
        return target.getvalue()

    st.download_button(
        "Download CSV",
        file,
        file_name=f"suppressions-{here.clock():%Y%m%d}.csv",
        mime="text/csv",
        icon=":material/download:",
        on_click="ignore",
    )
