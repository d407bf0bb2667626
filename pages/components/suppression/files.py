"""A file of suppressions, taken in by a worker, with a report of what was left out."""

from __future__ import annotations

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from backend.domain.imports import ImportKind
from backend.domain.team import Actor, Permission
from backend.services.context import Shop
from backend.services.jobs.requests import enqueue_import, list_jobs, new_job_id
from pages.components.imports import job_list
from pages.components.ui import actions
from pages.components.ui.shell import current_shop
from pages.components.ui.state import Slot

_KEY: Slot[str] = Slot("suppression.import_key")


def show(shop: Shop, actor: Actor) -> None:
    """The import, for those who may."""
    if actor.may(Permission.MANAGE_SUPPRESSION):
        with st.expander("Import a file", icon=":material/upload:"):
            _show_import(shop, actor)


def _show_import(shop: Shop, actor: Actor) -> None:
    """The form. Its idempotency key names the field, so that it is empty again once an import was asked for."""
    st.caption(
        "A CSV file with a column of email addresses, and perhaps a reason and a date. The lists of other mail "
        "programs are understood. Importing a file again changes nothing."
    )
    key = _KEY.once(lambda: new_job_id(shop))
    file = st.file_uploader("CSV file", type=["csv", "txt"], key=f"suppression_file_{key}")
    missing = "" if file else "Choose a file first."
    if actions.pressed("Import", key="suppression_import", icon=":material/upload:", missing=missing) and file:
        _import(file, key)
        st.rerun()
    if list_jobs(shop, actor, limit=1, kind=ImportKind.SUPPRESSIONS):
        job_list.show(shop, actor, ImportKind.SUPPRESSIONS)


def _import(file: UploadedFile, key: str) -> None:
    actions.act(
        Permission.MANAGE_SUPPRESSION,
        lambda actor: enqueue_import(current_shop(), actor, ImportKind.SUPPRESSIONS, file.name, file, job_id=key),
        f"{file.name} is being imported. You may leave this page.",
        beside="suppression_import",
    )
    if _KEY.get() == key:
        _KEY.clear()
