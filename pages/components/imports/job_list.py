"""The imports that were asked for: how far each is, what it did, and the report of what it left out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import partial

import streamlit as st

from backend.domain.imports import Counts, ImportKind
from backend.domain.jobs import Job, JobStatus
from backend.domain.team import Actor, Permission
from backend.services.context import Shop
from backend.services.jobs.requests import find_report, list_jobs
from pages.components.ui import caching, empty, formats
from pages.components.ui.caching import who
from pages.components.ui.downloads import deferred
from pages.components.ui.guard import guarded_fragment
from pages.components.ui.session import current_actor
from pages.components.ui.shell import current_shop

_SHOWN = 10
_POLL_SECONDS = 1.0
_PATIENCE = timedelta(seconds=20)
_WORDS = {
    ImportKind.ORDERS: ("order", "orders"),
    ImportKind.CUSTOMERS: ("customer", "customers"),
    ImportKind.SUPPRESSIONS: ("address", "addresses"),
    ImportKind.PRODUCTS: ("product", "products"),
}
_BADGES = {
    JobStatus.WAITING: ("Waiting", "orange", ":material/schedule:"),
    JobStatus.RUNNING: ("Running", "blue", ":material/autorenew:"),
    JobStatus.DONE: ("Done", "green", ":material/check_circle:"),
    JobStatus.FAILED: ("Failed", "red", ":material/error:"),
}
_REPORTS = {ImportKind.SUPPRESSIONS: "Report of doubtful and skipped rows"}
"""A suppression whose reason is not understood counts all the same, and is in the report."""


def show(shop: Shop, actor: Actor, kind: ImportKind | None = None) -> None:
    """The newest imports, of one kind or of all; looks again each second as long as one of them is not over."""
    jobs = list_jobs(shop, actor, limit=_SHOWN, kind=kind)
    if not jobs:
        empty.nothing(":material/inbox:", "No imports yet", "Choose a file above. Its progress appears here.")
    elif _any_open(jobs):
        _watch(kind)
    else:
        _draw(shop, actor, jobs)


@guarded_fragment(Permission.IMPORT_DATA, run_every=_POLL_SECONDS)
def _watch(kind: ImportKind | None) -> None:
    shop, actor = current_shop(), current_actor()
    if actor is None:
        return
    jobs = list_jobs(shop, actor, limit=_SHOWN, kind=kind)
    if not _any_open(jobs):
        caching.changed()
        st.rerun()
    _draw(shop, actor, jobs)


def _any_open(jobs: Sequence[Job]) -> bool:
    return any(job.is_open for job in jobs)


def _draw(shop: Shop, actor: Actor, jobs: Sequence[Job]) -> None:
    for job in jobs:
        with st.container(border=True):
            _draw_job(shop, actor, job)


def _draw_job(shop: Shop, actor: Actor, job: Job) -> None:
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.markdown(f"**{formats.plain(job.file)}** {formats.badge(*_BADGES[job.status])}", width="content")
        when = formats.moment(shop, job.created_at)
        st.caption(formats.plain(f"{who(job.requested_by)}, {when}"), width="content")
    if job.status is JobStatus.RUNNING:
        st.progress(job.share, text=f"{formats.percent(shop, job.share, 0)} · {_told(shop, job)}")
    elif job.status is JobStatus.DONE:
        st.markdown(_result(shop, job))
    elif job.status is JobStatus.FAILED:
        st.error(formats.plain(job.error), icon=":material/error:")
    elif shop.clock() - job.created_at > _PATIENCE:
        st.caption("Waiting for a worker. If this stays, ask an engineer whether one is running.")
    if job.has_report:
        repaired = f", {formats.counted(shop, job.repaired, 'repaired cell')}" if job.repaired else ""
        st.download_button(
            f"{_REPORTS.get(job.kind, 'Report of skipped rows')} ({formats.count(shop, job.counts.failed)}){repaired}",
            data=deferred(shop, actor, partial(_report, shop, job.id)),
            file_name=f"left-out-of-{job.file}",
            mime="text/csv",
            key=f"report_{job.id}",
            icon=":material/download:",
            on_click="ignore",
        )


def _report(shop: Shop, job_id: str, actor: Actor) -> bytes:
    return find_report(shop, actor, job_id).read_bytes()


def _result(shop: Shop, job: Job) -> str:
    seconds = formats.plain(f"{job.seconds:,.0f} s") if job.seconds >= 1 else "less than a second"
    customers = f", {formats.counted(shop, job.customers_created, 'new customer')}" if job.customers_created else ""
    new = f" · {formats.counted(shop, job.treated_as_new, 'order')} treated as new" if job.new_days else ""
    missed = formats.counted(shop, job.had_not_arrived, "order") if job.had_not_arrived else ""
    missed = f" · {missed} had not arrived by webhook" if missed else ""
    return f"{_told(shop, job)}{customers}{new}{missed} · {seconds}"


def _told(shop: Shop, job: Job) -> str:
    """Such as "12 new orders, 3 updated, 5 unchanged, 1 skipped"; what did not occur is left away."""
    counts: Counts = job.counts
    one, many = _WORDS[job.kind]
    parts = [formats.counted(shop, counts.created, f"new {one}", f"new {many}")]
    others = {"updated": counts.updated, "unchanged": counts.unchanged, "skipped": counts.failed}
    parts += [f"{formats.count(shop, number)} {word}" for word, number in others.items() if number]
    return ", ".join(parts)
