"""How old the figures of segments and insights are, and the button that has them counted again."""

from __future__ import annotations

from datetime import datetime, timedelta

import streamlit as st

from backend.domain.team import Permission
from backend.services.context import Shop
from backend.services.segments import audience
from backend.services.snapshots.info import SnapshotInfo
from pages.components.ui import empty, formats
from pages.components.ui.guard import guarded_fragment
from pages.components.ui.shell import current_shop
from pages.components.ui.state import Slot

_LOOK_SECONDS = 2.0
_OLD = timedelta(hours=1)
_ASKED: Slot[datetime] = Slot("snapshot.asked")


def require(shop: Shop) -> SnapshotInfo:
    """The snapshot that the page's figures are of. Without one the page waits here, and goes on when there is one."""
    info = audience.snapshot_info(shop)
    if info is None:
        empty.nothing(
            ":material/hourglass_top:",
            "Counting customers",
            "This takes a few seconds, up to a minute for a large shop. A server or worker must be running.",
        )
        audience.fresh_enough(shop, shop.clock())
        _wait(None)
        st.stop()
    return info


def show(shop: Shop, info: SnapshotInfo) -> None:
    """Says how old the figures are, and offers newer ones."""
    asked = _ASKED.get()
    if asked is not None and info.as_of >= asked:
        _ASKED.clear()
        asked = None
    with st.container(horizontal=True, vertical_alignment="center"):
        if asked is not None:
            st.caption(":material/hourglass_top: Updating …", width="content")
            _wait(asked)
            return
        age = max(shop.clock() - info.as_of, timedelta())
        icon = ":material/warning: " if age > _OLD else ""
        st.caption(f"{icon}{formats.plain(f'Updated {age_text(age)}')}", width="content")
        st.button("Refresh", icon=":material/refresh:", type="tertiary", key="count_again", on_click=_ask)


def age_text(age: timedelta) -> str:
    """Such as "5 minutes ago"."""
    minutes = int(age.total_seconds() // 60)
    if minutes < 1:
        return "just now"
    for unit, size in (("day", 1440), ("hour", 60), ("minute", 1)):
        if minutes >= size:
            number = minutes // size
            return f"{number} {unit}{'' if number == 1 else 's'} ago"
    return "just now"


def _ask() -> None:
    now = current_shop().clock()
    _ASKED.set(now)
    audience.fresh_enough(current_shop(), now)


@guarded_fragment(Permission.VIEW_CUSTOMERS, run_every=_LOOK_SECONDS)
def _wait(since: datetime | None) -> None:
    info = audience.snapshot_info(current_shop())
    if info is not None and (since is None or info.as_of >= since):
        st.rerun()
